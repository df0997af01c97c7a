//! Settings of the strategy agent.

use std::time::Duration;

use causeway_cloud::state::Answers;
use causeway_decisioning::intelligence::Limits;
use causeway_runtime::{Settings, Vars};

/// Which tables are analysed where a request gives no result of the intelligence agent, and how much of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Prefix that is analysed when a request names neither a result nor a source.
    pub prefix: Option<String>,
    /// Bounds of the analysis.
    pub limits: Limits,
    /// How long work for a flow counts as going on without a sign of life.
    pub answer_lease: Duration,
}

impl Settings for Config {
    const PREFIX: &'static str = "STRATEGY_";

    fn read(vars: &mut Vars) -> Self {
        let d = Limits::default();
        Self {
            prefix: vars.optional_text(
                "STRATEGY_PREFIX",
                "objects below this prefix are analysed when a request names neither a result nor a source",
            ),
            limits: Limits {
                max_objects: vars.number(
                    "STRATEGY_MAX_OBJECTS",
                    d.max_objects,
                    1..=100_000,
                    "objects that are analysed, in name order",
                ),
                max_bytes_per_object: vars.number(
                    "STRATEGY_MAX_BYTES_PER_OBJECT",
                    d.max_bytes_per_object,
                    1..=u64::MAX,
                    "bytes of an object that are read, after decompression",
                ),
                ..d
            },
            answer_lease: Duration::from_secs(vars.number(
                "AGENT_LEASE_SECONDS",
                Answers::LEASE.as_secs(),
                5..=900,
                "seconds until a flow's work is begun again whose process gives no sign of life, the same for all agents",
            )),
        }
    }
}

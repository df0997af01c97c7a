//! Settings of the strategy agent.

use causeway_decisioning::intelligence::Limits;
use causeway_runtime::{Settings, Vars};

/// Which tables are analysed where a request gives no result of the intelligence agent, and how much of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Prefix that is analysed when a request names neither a result nor a source.
    pub prefix: Option<String>,
    /// Bounds of the analysis.
    pub limits: Limits,
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
        }
    }
}

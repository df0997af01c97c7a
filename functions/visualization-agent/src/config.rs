//! Settings of the visualization agent.

use std::time::Duration;

use causeway_cloud::state::Answers;
use causeway_decisioning::visualization::Options;
use causeway_runtime::{Settings, Vars};

/// Where dashboards go, and what their SQL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Folder, address and schema.
    pub options: Options,
    /// How long work for a flow counts as going on without a sign of life.
    pub answer_lease: Duration,
}

impl Settings for Config {
    const PREFIX: &'static str = "VISUALIZATION_";

    fn read(vars: &mut Vars) -> Self {
        let d = Options::default();
        let base_url = vars.optional_text(
            "VISUALIZATION_BASE_URL",
            "address under which people reach the bucket's objects; the reply has no dashboard_url without it",
        );
        let options = Options {
            prefix: vars.text("VISUALIZATION_PREFIX", &d.prefix, "folder below which each run gets its own"),
            base_url: base_url.map(|url| url.trim_end_matches('/').to_owned()),
            schema: vars.text("VISUALIZATION_DATABASE_SCHEMA", &d.schema, "schema of the stored runs, for the SQL"),
        };
        for problem in options.problems() {
            vars.reject(format!("VISUALIZATION_{problem}"));
        }
        Self {
            options,
            answer_lease: Duration::from_secs(vars.number(
                "AGENT_LEASE_SECONDS",
                Answers::LEASE.as_secs(),
                5..=900,
                "seconds until a flow's work is begun again whose process gives no sign of life, the same for all agents",
            )),
        }
    }
}

//! Settings of the visualization agent.

use causeway_decisioning::visualization::Options;
use causeway_runtime::{Settings, Vars};

/// Where dashboards go, and what their SQL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Folder, address and schema.
    pub options: Options,
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
        Self { options }
    }
}

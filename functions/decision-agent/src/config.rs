//! Settings of the decision agent.

use causeway_decisioning::decision::request::HealthAs;
use causeway_runtime::{Settings, Vars};

/// The form of the executive summary.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// What `business_health` is when a request does not say.
    pub business_health_as: HealthAs,
}

impl Settings for Config {
    const PREFIX: &'static str = "DECISION_";

    fn read(vars: &mut Vars) -> Self {
        let form = vars.choice(
            "DECISION_BUSINESS_HEALTH_AS",
            &["label", "number"],
            "label",
            "what business_health is: a text with the label, or the number for queries that compare it",
        );
        Self { business_health_as: if form == "number" { HealthAs::Number } else { HealthAs::Label } }
    }
}

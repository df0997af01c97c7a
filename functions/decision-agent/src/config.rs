//! Settings of the decision agent.

use std::time::Duration;

use causeway_cloud::state::Answers;
use causeway_decisioning::decision::request::HealthAs;
use causeway_runtime::{Settings, Vars};

/// The form of the executive summary, and whether a language model phrases it.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// What `business_health` is when a request does not say.
    pub business_health_as: HealthAs,
    /// Whether a narrative is asked for.
    pub has_narrative: bool,
    /// How long work for a flow counts as going on without a sign of life.
    pub answer_lease: Duration,
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
        let narrative = vars.choice(
            "DECISION_NARRATIVE",
            &["off", "on"],
            "off",
            "on: CAUSEWAY_CHAT_MODEL phrases the figures; a text that says anything else is dropped",
        );
        Self {
            business_health_as: if form == "number" { HealthAs::Number } else { HealthAs::Label },
            has_narrative: narrative == "on",
            answer_lease: Duration::from_secs(vars.number(
                "AGENT_LEASE_SECONDS",
                Answers::LEASE.as_secs(),
                5..=900,
                "seconds until a flow's work is begun again whose process gives no sign of life, the same for all agents",
            )),
        }
    }
}

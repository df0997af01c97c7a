//! Entry point of the decision agent.

use std::process::ExitCode;

use causeway_adapters::{SETTINGS, connect};
use decision_agent::DecisionAgent;

fn main() -> ExitCode {
    causeway_runtime::run(SETTINGS, |config| DecisionAgent::connect(&config, &connect()?))
}

//! Entry point of the intelligence agent.

use std::process::ExitCode;

use causeway_adapters::{SETTINGS, connect};
use intelligence_agent::IntelligenceAgent;

fn main() -> ExitCode {
    causeway_runtime::run(SETTINGS, |config| IntelligenceAgent::connect(config, &connect()?))
}

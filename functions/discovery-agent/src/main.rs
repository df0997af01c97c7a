//! Entry point of the discovery agent.

use std::process::ExitCode;

use causeway_adapters::{SETTINGS, connect};
use discovery_agent::DiscoveryAgent;

fn main() -> ExitCode {
    causeway_runtime::run(SETTINGS, |config| DiscoveryAgent::connect(config, &connect()?))
}

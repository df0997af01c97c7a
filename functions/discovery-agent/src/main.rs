//! Entry point of the discovery agent.

use std::process::ExitCode;

use causeway_adapters::{Problem, SETTINGS, principal};
use discovery_agent::DiscoveryAgent;

fn main() -> ExitCode {
    causeway_runtime::run(SETTINGS, |config| Ok::<_, Problem>(DiscoveryAgent::connect(config, principal()?)?))
}

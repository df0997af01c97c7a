//! Entry point of the discovery agent.

use std::process::ExitCode;

use discovery_agent::DiscoveryAgent;

fn main() -> ExitCode {
    causeway_runtime::run(DiscoveryAgent::connect)
}

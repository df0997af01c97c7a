//! Entry point of the visualization agent.

use std::process::ExitCode;

use causeway_adapters::{SETTINGS, connect};
use visualization_agent::VisualizationAgent;

fn main() -> ExitCode {
    causeway_runtime::run(SETTINGS, |config| VisualizationAgent::connect(config, &connect()?))
}

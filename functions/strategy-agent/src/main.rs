//! Entry point of the strategy agent.

use std::process::ExitCode;

use causeway_adapters::{SETTINGS, connect};
use strategy_agent::StrategyAgent;

fn main() -> ExitCode {
    causeway_runtime::run(SETTINGS, |config| StrategyAgent::connect(config, &connect()?))
}

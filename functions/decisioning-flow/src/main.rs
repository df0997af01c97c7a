//! Entry point of the decisioning flow.

use std::process::ExitCode;
use std::sync::Arc;

use causeway_adapters::{SETTINGS, SystemClock, connect};
use decisioning_flow::DecisioningFlow;

fn main() -> ExitCode {
    causeway_runtime::run(SETTINGS, |config| DecisioningFlow::connect(config, &connect()?, Arc::new(SystemClock)))
}

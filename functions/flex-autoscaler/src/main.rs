//! Entry point of the autoscaler.

use std::process::ExitCode;
use std::sync::Arc;

use causeway_adapters::{SETTINGS, SystemClock, connect};
use flex_autoscaler::FlexAutoscaler;

fn main() -> ExitCode {
    causeway_runtime::run(SETTINGS, |config| FlexAutoscaler::connect(config, &connect()?, Arc::new(SystemClock)))
}

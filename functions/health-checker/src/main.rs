//! Entry point of the checker.

use std::process::ExitCode;
use std::sync::Arc;

use causeway_adapters::{SETTINGS, SystemClock, connect};
use health_checker::HealthChecker;

fn main() -> ExitCode {
    causeway_runtime::run(SETTINGS, |config| HealthChecker::connect(config, &connect()?, Arc::new(SystemClock)))
}

//! Entry point of the monitor.

use std::process::ExitCode;
use std::sync::Arc;

use causeway_adapters::{SETTINGS, SystemClock, connect};
use egress_monitor::EgressMonitor;

fn main() -> ExitCode {
    causeway_runtime::run(SETTINGS, |config| EgressMonitor::connect(config, &connect()?, Arc::new(SystemClock)))
}

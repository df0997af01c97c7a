//! Entry point of the vision tool.

use std::process::ExitCode;
use std::sync::Arc;

use causeway_adapters::{SETTINGS, SystemClock, connect};
use vision::Vision;

fn main() -> ExitCode {
    causeway_runtime::run(SETTINGS, |config| Vision::connect(config, &connect()?, Arc::new(SystemClock)))
}

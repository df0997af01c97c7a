//! Commands of the executable beside those of every function.

pub(crate) mod breaker;
mod decide;
mod escalate;
mod settings;
mod simulate;
mod status;

use std::io::Read;
use std::path::Path;

use causeway_runtime::Tool;
use causeway_runtime::tool::{EXIT_INPUT, EXIT_NO_INPUT, Failure};

/// All of them.
pub(crate) fn all() -> Vec<Tool> {
    vec![
        Tool { command: status::command, run: status::run },
        Tool { command: decide::command, run: decide::run },
        Tool { command: simulate::command, run: simulate::run },
        Tool { command: escalate::command, run: escalate::run },
        Tool { command: settings::command, run: settings::run },
    ]
}

/// The text of a file; `-` is standard input.
fn read(path: &Path, max_bytes: u64) -> Result<String, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure(EXIT_NO_INPUT, format!("{}: {error}", path.display()));
    let source: Box<dyn Read> = match path.as_os_str() == "-" {
        true => Box::new(std::io::stdin()),
        false => Box::new(std::fs::File::open(path).map_err(|error| wrong(&error))?),
    };
    let mut bytes = Vec::new();
    source.take(max_bytes + 1).read_to_end(&mut bytes).map_err(|error| wrong(&error))?;
    if bytes.len() as u64 > max_bytes {
        return Err(Failure(EXIT_INPUT, format!("{}: is longer than {max_bytes} bytes", path.display())));
    }
    String::from_utf8(bytes).map_err(|_| Failure(EXIT_INPUT, format!("{}: is not UTF-8", path.display())))
}

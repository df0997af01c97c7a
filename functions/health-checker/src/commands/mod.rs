//! Commands of the executable beside those of every function.

mod decide;
mod simulate;
mod status;

use std::io::{Read, Write};
use std::path::Path;

use causeway_runtime::Tool;

/// Exit status for input that is wrong (`EX_DATAERR`).
const EXIT_INPUT: u8 = 65;
/// Exit status for a file that cannot be read (`EX_NOINPUT`).
const EXIT_NO_INPUT: u8 = 66;
/// Exit status for output that cannot be written (`EX_IOERR`).
const EXIT_OUTPUT: u8 = 74;

/// All of them.
pub(crate) fn all() -> Vec<Tool> {
    vec![
        Tool { command: status::command, run: status::run },
        Tool { command: decide::command, run: decide::run },
        Tool { command: simulate::command, run: simulate::run },
    ]
}

/// Why nothing was printed.
#[derive(Debug)]
struct Failure(u8, String);

/// A reader that hung up (`| head`) is no error.
fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure(EXIT_OUTPUT, error.to_string())),
        _ => Ok(()),
    }
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

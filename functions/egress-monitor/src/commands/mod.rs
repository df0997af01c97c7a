//! Commands of the executable beside those that every function has.

pub mod decide;
pub mod forecast;
pub mod report;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use causeway_runtime::tool::{EXIT_INPUT, EXIT_NO_INPUT, Failure};
use causeway_runtime::{StartedTool, Tool};
use serde::de::DeserializeOwned;

use crate::EgressMonitor;

/// Largest document in bytes: an object of the history with a record of its inputs has a few MB at most.
const MAX_BYTES: u64 = 16 << 20;

/// Those that need no cloud.
pub(crate) fn all() -> Vec<Tool> {
    vec![Tool { command: decide::command, run: decide::run }, Tool { command: forecast::command, run: forecast::run }]
}

/// Those that may read the bucket.
pub(crate) fn started() -> Vec<StartedTool<EgressMonitor>> {
    vec![StartedTool { command: report::command, run: report::run }]
}

/// The bytes of a file; `-` is standard input.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| Failure(EXIT_NO_INPUT, format!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    let source: Box<dyn Read> =
        if path.as_os_str() == "-" { Box::new(std::io::stdin()) } else { Box::new(File::open(path).map_err(failed)?) };
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(failed(std::io::Error::other(format!("is longer than {MAX_BYTES} bytes"))));
    }
    Ok(bytes)
}

/// A document, or where it is wrong.
fn parsed<T: DeserializeOwned>(bytes: &[u8], name: &str) -> Result<T, Failure> {
    let failed = |why: String| Failure(EXIT_INPUT, format!("{name}: {why}"));
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| failed(format!("at {}: {}", error.path(), error.inner())))?;
    reader.end().map_err(|error| failed(error.to_string()))?;
    Ok(value)
}

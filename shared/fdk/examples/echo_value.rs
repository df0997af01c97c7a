//! Decodes JSON into a tree and encodes it again: the same work as the echoes of other function kits,
//! for comparison with them. `echo` checks the text and copies it.

use std::process::ExitCode;

use causeway_fdk::{BoxError, Context, json, run};
use serde_json::Value;

fn main() -> ExitCode {
    run(json(async |_: Context, value: Value| Ok::<_, BoxError>(value)))
}

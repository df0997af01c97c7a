//! Echo on fdk-rust 0.2: checks that the body is one JSON value and sends its text back.

use fdk::{Function, FunctionError, RuntimeContext};
use serde_json::value::RawValue;

#[tokio::main]
async fn main() -> Result<(), FunctionError> {
    Function::run(|_: &mut RuntimeContext, value: Box<RawValue>| Ok(value)).await
}

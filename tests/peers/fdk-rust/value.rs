//! Echo on fdk-rust 0.2: decodes any JSON value and encodes it again.

use fdk::{Function, FunctionError, RuntimeContext};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), FunctionError> {
    Function::run(|_: &mut RuntimeContext, value: Value| Ok(value)).await
}

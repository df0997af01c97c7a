//! Answers every call with its own body.
//!
//! JSON is checked and sent back to the letter, so malformed JSON fails; with a `Content-Type` that is not JSON the
//! bytes come back as they are, under the same type.

use std::process::ExitCode;

use causeway_fdk::{BoxError, Call, IntoResponse, Json, Response, run};
use serde_json::value::RawValue;

fn main() -> ExitCode {
    run(async |call: Call| echo(call))
}

fn echo(call: Call) -> Result<Response, BoxError> {
    let content_type = call.context.header("content-type").unwrap_or("application/json");
    if call.body.is_empty() || !content_type.contains("json") {
        let content_type = content_type.to_owned();
        return Ok(Response::new(call.body).header("Content-Type", &content_type)?);
    }
    let value: &RawValue = serde_json::from_slice(&call.body)?;
    Json(value).into_response()
}

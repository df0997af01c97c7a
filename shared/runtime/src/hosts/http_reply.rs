//! What an HTTP caller gets, whichever gateway stands between.

use crate::{Error, Reply};

/// Status, headers and body.
pub(crate) struct HttpReply {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    /// Seconds for `Retry-After`, when the service that we called named some.
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: String,
}

/// Errors become problem details; they are answers here, never failures of the call.
pub(crate) fn of(outcome: &Result<Reply, Error>, request_id: &str) -> HttpReply {
    match outcome {
        Ok(reply) => HttpReply {
            status: 200,
            content_type: "application/json",
            retry_after: None,
            body: reply.text().to_owned(),
        },
        Err(error) => HttpReply {
            status: error.http_status(),
            content_type: "application/problem+json",
            retry_after: error.retry_after_seconds(),
            body: error.to_problem(request_id).to_string(),
        },
    }
}

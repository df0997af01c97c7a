//! What an operator is told: failures whose detail must not go to the caller.

use std::error::Error;
use std::fmt;
use std::io::Write;

use crate::BoxError;

/// Something that went wrong around one call or connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum Report {
    /// The handler returned an error; the caller got 502, or 504 for [`crate::TimedOut`].
    Failed {
        /// `Fn-Call-Id`, when there was one.
        call_id: Option<String>,
        /// The handler's error.
        error: BoxError,
    },
    /// The handler panicked; the caller got 502.
    Panicked {
        /// `Fn-Call-Id`, when there was one.
        call_id: Option<String>,
        /// The panic's message, when it is text.
        message: String,
    },
    /// The handler did not finish before the deadline, or the deadline had passed on arrival: 504.
    DeadlineExceeded {
        /// `Fn-Call-Id`, when there was one.
        call_id: Option<String>,
    },
    /// The response was larger than [`crate::Config::max_response_bytes`]; the caller got 502.
    ResponseTooLarge {
        /// `Fn-Call-Id`, when there was one.
        call_id: Option<String>,
        /// Size of the body.
        bytes: usize,
        /// The limit.
        max_bytes: usize,
    },
    /// The request was larger than [`crate::Config::max_request_bytes`]; the caller got 413 through a
    /// gateway, else 502.
    RequestTooLarge {
        /// `Fn-Call-Id`, when there was one.
        call_id: Option<String>,
        /// The limit.
        max_bytes: usize,
    },
    /// Something other than `POST /call` was asked for; 502.
    WrongTarget {
        /// Method and path.
        target: String,
    },
    /// `Fn-Deadline` could not be read; the call runs without a deadline.
    InvalidDeadline {
        /// The header's text.
        text: String,
    },
    /// A connection ended with an error. The server goes on.
    Connection {
        /// What happened.
        error: BoxError,
    },
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { call_id, error } => {
                write!(f, "{}: the handler failed: {error}", id(call_id))?;
                sources(f, error.source())
            }
            Self::Panicked { call_id, message } => write!(f, "{}: the handler panicked: {message}", id(call_id)),
            Self::DeadlineExceeded { call_id } => write!(f, "{}: no answer before the deadline", id(call_id)),
            Self::ResponseTooLarge { call_id, bytes, max_bytes } => {
                write!(f, "{}: a response of {bytes} bytes is over the limit of {max_bytes}", id(call_id))
            }
            Self::RequestTooLarge { call_id, max_bytes } => {
                write!(f, "{}: the request is over the limit of {max_bytes} bytes", id(call_id))
            }
            Self::WrongTarget { target } => write!(f, "refused {target}: only POST /call is served"),
            Self::InvalidDeadline { text } => {
                write!(f, "Fn-Deadline {text:?} is not an RFC 3339 time; running without")
            }
            Self::Connection { error } => {
                write!(f, "connection: {error}")?;
                sources(f, error.source())
            }
        }
    }
}

fn id(call_id: &Option<String>) -> &str {
    call_id.as_deref().unwrap_or("call without id")
}

fn sources(f: &mut fmt::Formatter<'_>, mut source: Option<&(dyn Error + 'static)>) -> fmt::Result {
    while let Some(error) = source {
        write!(f, ": {error}")?;
        source = error.source();
    }
    Ok(())
}

/// One line on stderr. The collector makes a record of each line, so line breaks are escaped.
pub(crate) fn to_stderr(report: &Report) {
    let text = report.to_string().replace('\n', "\\n").replace('\r', "\\r");
    // Nobody can be told that stderr is gone.
    let _ = std::io::stderr().write_all(format!("fdk: {text}\n").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot load the order")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn the_whole_chain_is_told_once() {
        let error = Outer(std::io::Error::other("disk gone")).into();
        let report = Report::Failed { call_id: Some("01M".into()), error };
        assert_eq!(report.to_string(), "01M: the handler failed: cannot load the order: disk gone");
    }

    #[test]
    fn absent_ids_are_named_as_absent() {
        let report = Report::DeadlineExceeded { call_id: None };
        assert_eq!(report.to_string(), "call without id: no answer before the deadline");
    }
}

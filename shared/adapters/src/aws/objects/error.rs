//! From the SDK's errors to those of the port.

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use object_store::Error;
use object_store::path::Path;

use super::STORE;

/// By HTTP status: S3 gives several codes for one meaning.
#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
pub(super) fn failed<E>(location: &Path, error: SdkError<E, HttpResponse>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let status = error.raw_response().map(|response| response.status().as_u16());
    let source = Box::new(Refusal::of(&error));
    let path = location.to_string();
    match status {
        Some(404) => Error::NotFound { path, source },
        Some(304) => Error::NotModified { path, source },
        // 409 is the answer to a conditional write that met another one.
        Some(409 | 412) => Error::Precondition { path, source },
        Some(403) => Error::PermissionDenied { path, source },
        Some(401) => Error::Unauthenticated { path, source },
        _ => Error::Generic { store: STORE, source },
    }
}

pub(super) fn unsupported(what: &str) -> Error {
    Error::NotSupported { source: format!("{STORE} does not support {what}").into() }
}

pub(super) fn unexpected(what: &'static str) -> Error {
    Error::Generic { store: STORE, source: what.into() }
}

/// What S3 said, without the request.
#[derive(Debug)]
struct Refusal(String);

impl Refusal {
    fn of<E: std::error::Error + ProvideErrorMetadata + 'static>(error: &SdkError<E, HttpResponse>) -> Self {
        let status = error.raw_response().map(|response| response.status().as_u16());
        match (status, error.code()) {
            (Some(status), Some(code)) => {
                Self(format!("status {status} {code}: {}", error.message().unwrap_or_default()))
            }
            (Some(status), None) => Self(format!("status {status}")),
            (None, _) => Self(innermost(error)),
        }
    }
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

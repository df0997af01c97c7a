//! From the SDK's errors to those of the port.

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use causeway_resilience::ServiceFailure;
use causeway_resilience::service::Kind;
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
    let refused = status.and_then(|status| refusal(status, &error));
    let source = Box::new(Refusal::of(&error));
    let path = location.to_string();
    match status {
        Some(404) => Error::NotFound { path, source },
        Some(304) => Error::NotModified { path, source },
        // 409 is the answer to a conditional write that met another one.
        Some(409 | 412) => Error::Precondition { path, source },
        Some(403) => Error::PermissionDenied { path, source },
        Some(401) => Error::Unauthenticated { path, source },
        _ => Error::Generic {
            store: STORE,
            source: match refused {
                Some(refused) => Box::new(refused),
                None => source,
            },
        },
    }
}

/// What a 4xx says of who is to blame: most are of this call alone, and no sign that the store is ill.
fn refusal<E>(status: u16, error: &SdkError<E, HttpResponse>) -> Option<ServiceFailure>
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let kind = match (status, error.code()) {
        // S3 answers so when the body came too slowly, and for credentials that have expired.
        (400, Some("RequestTimeout")) => Kind::Timeout,
        (400, Some("ExpiredToken" | "TokenRefreshRequired")) => Kind::Unauthenticated,
        (400..=499, _) => Kind::of_status(status),
        _ => return None,
    };
    let failure = ServiceFailure::new(kind, STORE, "call", Refusal::of(error).to_string());
    Some(failure.with_answer(Some(status), error.code().map(str::to_owned)))
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

#[cfg(test)]
mod tests {
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    /// What a chain makes of an answer: a kind, or `None` where the error itself says it.
    fn kind(status: u16, code: &str) -> Option<Kind> {
        let body = SdkBody::empty();
        let response = HttpResponse::new(http::StatusCode::from_u16(status).unwrap_or_default().into(), body);
        let error = SdkError::service_error(ErrorMetadata::builder().code(code).build(), response);
        match failed(&Path::from("a"), error) {
            Error::Generic { source, .. } => source.downcast_ref::<ServiceFailure>().map(ServiceFailure::kind),
            _ => None,
        }
    }

    #[test]
    fn a_wrong_call_is_no_illness_of_the_store() {
        let check = |status: u16, code: &str, expected: Option<Kind>| {
            assert_eq!(kind(status, code), expected, "{status} {code}");
        };
        for (status, code) in [(400, "InvalidArgument"), (411, "MissingContentLength"), (413, "EntityTooLarge")] {
            check(status, code, Some(Kind::Invalid));
        }
        check(416, "InvalidRange", Some(Kind::Invalid));
        check(400, "RequestTimeout", Some(Kind::Timeout));
        check(400, "ExpiredToken", Some(Kind::Unauthenticated));
        check(429, "SlowDown", Some(Kind::Throttled));
        check(503, "SlowDown", None);
        check(404, "NoSuchKey", None);
        check(412, "PreconditionFailed", None);
    }
}

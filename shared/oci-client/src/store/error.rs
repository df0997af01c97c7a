//! From the client's errors to those of the port.

use object_store::Error;
use object_store::path::Path;

use super::STORE;
use crate::object_storage::Condition;

/// By HTTP status: the codes of the service are many and not all documented.
pub(super) fn failed(location: &Path, error: crate::Error) -> Error {
    let (path, status) = (location.to_string(), error.status());
    let source = Box::new(error);
    match status {
        Some(404) => Error::NotFound { path, source },
        Some(304) => Error::NotModified { path, source },
        Some(412) => Error::Precondition { path, source },
        Some(403) => Error::PermissionDenied { path, source },
        Some(401) => Error::Unauthenticated { path, source },
        _ => Error::Generic { store: STORE, source },
    }
}

/// Why a write under a condition did not happen. The service answers 412, or 409 when two of them met, or 404
/// `ObjectNotFound` when the object to replace is gone.
pub(super) fn refused(location: &Path, error: crate::Error, condition: &Condition) -> Error {
    let (path, status) = (location.to_string(), error.status());
    let gone = status == Some(404) && error.code() == Some("ObjectNotFound");
    match (condition, status) {
        (Condition::Absent, Some(409 | 412)) => Error::AlreadyExists { path, source: Box::new(error) },
        (Condition::Match(_), Some(409)) => Error::Precondition { path, source: Box::new(error) },
        (Condition::Match(_), Some(404)) if gone => Error::Precondition { path, source: Box::new(error) },
        _ => failed(location, error),
    }
}

pub(super) fn unsupported(what: &str) -> Error {
    Error::NotSupported { source: format!("{STORE} does not support {what}").into() }
}

pub(super) fn unexpected(what: &'static str) -> Error {
    Error::Generic { store: STORE, source: what.into() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

    use bytes::Bytes;
    use causeway_oci_auth::ServiceError;

    use super::*;
    use crate::Cause;

    fn error(status: u16, code: &str) -> crate::Error {
        let body = Bytes::from(format!("{{\"code\":\"{code}\",\"message\":\"m\"}}"));
        let answer = http::Response::builder().status(status).body(body).unwrap();
        let error = Box::new(ServiceError::read(&answer, None));
        crate::Error::new("object_storage", "PutObject", Cause::Refused { error, tries: 1, skew: None, renewal: None })
    }

    fn name(error: &Error) -> &'static str {
        match error {
            Error::NotFound { .. } => "not found",
            Error::NotModified { .. } => "not modified",
            Error::Precondition { .. } => "precondition",
            Error::AlreadyExists { .. } => "already exists",
            Error::PermissionDenied { .. } => "denied",
            Error::Unauthenticated { .. } => "unauthenticated",
            Error::Generic { .. } => "generic",
            _ => "other",
        }
    }

    #[test]
    fn statuses_have_meanings() {
        let at = Path::from("a/b");
        let matching = Condition::Match("e".to_owned());
        for (condition, status, code, expected) in [
            (&Condition::None, 404, "ObjectNotFound", "not found"),
            (&Condition::None, 304, "", "not modified"),
            (&Condition::None, 412, "IfMatchFailed", "precondition"),
            (&Condition::None, 403, "NotAllowed", "denied"),
            (&Condition::None, 401, "NotAuthenticated", "unauthenticated"),
            (&Condition::None, 409, "NotRestored", "generic"),
            (&Condition::None, 416, "InvalidRange", "generic"),
            (&Condition::Absent, 412, "IfNoneMatchFailed", "already exists"),
            (&Condition::Absent, 409, "ConcurrentObjectUpdate", "already exists"),
            (&Condition::Absent, 404, "BucketNotFound", "not found"),
            (&matching, 412, "IfMatchFailed", "precondition"),
            (&matching, 409, "ConcurrentObjectUpdate", "precondition"),
            (&matching, 404, "ObjectNotFound", "precondition"),
            (&matching, 404, "BucketNotFound", "not found"),
        ] {
            assert_eq!(name(&refused(&at, error(status, code), condition)), expected, "{condition:?} {status} {code}");
        }
    }
}

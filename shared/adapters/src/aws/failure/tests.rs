use aws_sdk_sns::operation::publish::PublishError;
use aws_smithy_runtime_api::http::{Response, StatusCode};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::ErrorMetadata;

use super::*;

const QUIET: Operation =
    Operation { service: "sns", name: "Publish", try_time: Duration::from_secs(1), has_content: true };
const OPEN: Operation = Operation { has_content: false, ..QUIET };

fn raw(status: u16) -> HttpResponse {
    let mut raw = Response::new(StatusCode::try_from(status).unwrap(), SdkBody::empty());
    raw.headers_mut().insert("x-amzn-requestid", "id-1");
    raw
}

fn refusal(status: u16, code: Option<&str>) -> SdkError<PublishError, HttpResponse> {
    let mut meta = ErrorMetadata::builder().message("the message\nof it");
    if let Some(code) = code {
        meta = meta.code(code);
    }
    SdkError::service_error(PublishError::generic(meta.build()), raw(status))
}

#[test]
fn kinds_of_refusals() {
    let check = |status, code: Option<&str>, kind, may_have_happened| {
        let failure = convert(&OPEN, &refusal(status, code));
        let found = (failure.kind(), failure.may_have_happened(), failure.status(), failure.request_id());
        assert_eq!(found, (kind, may_have_happened, Some(status), Some("id-1")), "{status} {code:?}");
    };
    check(400, Some("ThrottlingException"), Kind::Throttled, false);
    check(400, Some("Throttling"), Kind::Throttled, false);
    check(429, Some("TooManyRequestsException"), Kind::Throttled, false);
    check(400, Some("KMSThrottlingException"), Kind::Throttled, false);
    check(400, Some("AccessDeniedException"), Kind::Denied, false);
    check(403, Some("AuthorizationError"), Kind::Denied, false);
    check(403, None, Kind::Denied, false);
    check(400, Some("ExpiredTokenException"), Kind::Unauthenticated, false);
    check(403, Some("ExpiredToken"), Kind::Unauthenticated, false);
    check(400, Some("UnrecognizedClientException"), Kind::Unauthenticated, false);
    check(403, Some("SignatureDoesNotMatch"), Kind::Unauthenticated, false);
    check(400, Some("ResourceNotFoundException"), Kind::NotFound, false);
    check(404, Some("NotFound"), Kind::NotFound, false);
    check(400, Some("com.amazonaws.x#ResourceNotFoundException"), Kind::NotFound, false);
    check(400, Some("ConditionalCheckFailedException"), Kind::Conflict, false);
    check(400, Some("ValidationException"), Kind::Invalid, false);
    check(400, Some("InternalServiceError"), Kind::Unavailable, false);
    check(500, Some("InternalFailure"), Kind::Unavailable, true);
    check(503, None, Kind::Unavailable, true);
    check(408, None, Kind::Timeout, true);
}

#[test]
fn explanations_show_nothing_of_the_request() {
    let check = |operation: &Operation, status, code, expected: &str| {
        assert_eq!(convert(operation, &refusal(status, Some(code))).reason(), expected);
    };
    check(&OPEN, 403, "AccessDenied", "refused with 403 AccessDenied: the message of it");
    check(&OPEN, 400, "Wrong", "refused with 400 Wrong: the message of it");
    check(&QUIET, 400, "Wrong", "refused with 400 Wrong");
    // Its message has the canonical request, and that the session token.
    check(&OPEN, 403, "SignatureDoesNotMatch", "refused with 403 SignatureDoesNotMatch");
    let shown = format!("{:?}", convert(&QUIET, &refusal(400, Some("Wrong"))));
    assert!(!shown.contains("the message"), "{shown}");
}

#[test]
fn failures_without_an_answer() {
    let check = |error: SdkError<PublishError, HttpResponse>, kind, may_have_happened| {
        let failure = convert(&OPEN, &error);
        assert_eq!((failure.kind(), failure.may_have_happened()), (kind, may_have_happened), "{failure}");
    };
    let io = || std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    check(SdkError::timeout_error("slow"), Kind::Timeout, true);
    check(SdkError::construction_failure("wrong"), Kind::Invalid, false);
    check(SdkError::dispatch_failure(ConnectorError::io(io().into())), Kind::Unavailable, true);
    check(SdkError::dispatch_failure(ConnectorError::timeout(io().into())), Kind::Timeout, true);
    check(SdkError::dispatch_failure(ConnectorError::user("wrong".into())), Kind::Unavailable, false);
    check(SdkError::response_error("cut", raw(200)), Kind::BadAnswer, true);
    check(SdkError::response_error("html", raw(503)), Kind::Unavailable, true);
    check(SdkError::response_error("html", raw(403)), Kind::Denied, false);
    let none = CredentialsError::not_loaded("the file /home/x holds secret");
    let failure = convert::<PublishError>(&OPEN, &SdkError::dispatch_failure(ConnectorError::other(none.into(), None)));
    assert_eq!((failure.kind(), failure.reason()), (Kind::Unauthenticated, "no AWS credentials are configured"));
}

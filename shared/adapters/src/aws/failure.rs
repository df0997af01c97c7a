//! From the SDK's errors to failures in words that do not depend on the cloud.
//!
//! Nothing of a request is shown: a message about a wrong signature repeats the headers with the session token, and
//! one about a wrong parameter may repeat the body.

use std::error::Error as StdError;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, DispatchFailure, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use causeway_oci_auth::effects::innermost;
use causeway_resilience::ServiceFailure;
use causeway_resilience::service::Kind;

use super::call::Operation;

/// Longest explanation of a service that is kept, in bytes.
const MAX_MESSAGE: usize = 500;
/// Longest error code or request id that is kept, in bytes.
const MAX_WORD: usize = 128;

/// What the error means. Of an error without an answer only one is certain to have had no effect: that of a request
/// which never left.
pub(super) fn convert<E>(operation: &Operation, error: &SdkError<E, HttpResponse>) -> ServiceFailure
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    match error {
        SdkError::ConstructionFailure(_) => operation.fails(Kind::Invalid, "the request cannot be made"),
        SdkError::TimeoutError(_) => operation.fails(Kind::Timeout, "no answer in time").with_unknown_effect(true),
        SdkError::DispatchFailure(failure) => not_answered(operation, failure),
        SdkError::ResponseError(failure) => {
            let cut = error.source().and_then(find::<reqwest::Error>);
            answered(unreadable(operation, failure.raw(), cut), failure.raw(), None)
        }
        SdkError::ServiceError(refusal) => refused(operation, refusal.err(), refusal.raw()),
        _ => operation.fails(Kind::BadAnswer, "the SDK failed in a way that is not known").with_unknown_effect(true),
    }
}

/// Whether an answer with this status leaves open what was done. Refusals below 500 are certain; a success that
/// became an error cannot be read, but it was one.
pub(super) fn may_have_worked(status: u16) -> bool {
    !(300..500).contains(&status) || status == 408
}

/// Whether the request never left: it could not be made, or no connection came about.
pub(super) fn was_not_sent(error: &ConnectorError) -> bool {
    // The HTTP client marks nothing as `other`: those come from the SDK before it hands the request over.
    let unsent = |error: &reqwest::Error| error.is_connect() || error.is_builder();
    error.is_user() || error.is_other() || find::<reqwest::Error>(error).is_some_and(unsent)
}

fn refused<E: ProvideErrorMetadata>(operation: &Operation, error: &E, raw: &HttpResponse) -> ServiceFailure {
    let status = raw.status().as_u16();
    // Some protocols write `com.amazonaws.sns#NotFoundException`.
    let code = error.code().map(|code| cut(code.rsplit('#').next().unwrap_or(code), MAX_WORD));
    let kind = kind(status, code.as_deref());
    let mut reason = format!("refused with {status} {}", code.as_deref().unwrap_or("without a code"));
    let is_private = kind == Kind::Unauthenticated || (kind == Kind::Invalid && operation.has_content);
    if let Some(message) = error.message().filter(|message| !is_private && !message.is_empty()) {
        let line: String = message.chars().map(|each| if each.is_control() { ' ' } else { each }).collect();
        reason.push_str(": ");
        reason.push_str(&cut(&line, MAX_MESSAGE));
    }
    answered(operation.fails(kind, reason), raw, code)
}

/// Adds what the answer's head says.
fn answered(failure: ServiceFailure, raw: &HttpResponse, code: Option<String>) -> ServiceFailure {
    let header = |name: &str| raw.headers().get(name);
    let id = header("x-amzn-requestid").or_else(|| header("x-amz-request-id")).map(|id| cut(id, MAX_WORD));
    let retry_after = header("retry-after").and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs);
    let status = raw.status().as_u16();
    let failure = failure.with_answer(Some(status), code).with_request_id(id).with_retry_after(retry_after);
    failure.with_unknown_effect(may_have_worked(status))
}

fn not_answered(operation: &Operation, failure: &DispatchFailure) -> ServiceFailure {
    let Some(error) = failure.as_connector_error() else {
        return operation.fails(Kind::Unavailable, "not sent");
    };
    if let Some(cause) = find::<CredentialsError>(error) {
        return operation.fails(Kind::Unauthenticated, credentials(cause));
    }
    if was_not_sent(error) {
        return operation.fails(Kind::Unavailable, format!("not sent: {}", innermost(error)));
    }
    let (kind, what) = match error.is_timeout() {
        true => (Kind::Timeout, "no answer in time"),
        false => (Kind::Unavailable, "broken off"),
    };
    operation.fails(kind, format!("{what}: {}", innermost(error))).with_unknown_effect(true)
}

/// In words of our own: the causes are files and answers that hold the credentials.
fn credentials(error: &CredentialsError) -> &'static str {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => "no AWS credentials are configured",
        CredentialsError::ProviderTimedOut(_) => "the AWS credentials did not come in time",
        CredentialsError::InvalidConfiguration(_) => "the configuration of the AWS credentials is wrong",
        _ => "the AWS credentials could not be had",
    }
}

/// The answer began and did not end, or is in no form of the service.
fn unreadable(operation: &Operation, raw: &HttpResponse, cut: Option<&reqwest::Error>) -> ServiceFailure {
    let status = raw.status().as_u16();
    match cut {
        Some(cut) => operation.fails(Kind::Unavailable, format!("broken off: {}", innermost(cut))),
        None if status < 300 => {
            operation.fails(Kind::BadAnswer, format!("the answer with status {status} cannot be used"))
        }
        None => operation.fails(Kind::of_status(status), format!("refused with {status} in no form of the service")),
    }
}

/// By the code where it says more than the status: services of the older protocols answer 400 to nearly everything.
fn kind(status: u16, code: Option<&str>) -> Kind {
    let by_status = Kind::of_status(status);
    let Some(code) = code else { return by_status };
    // The names of exceptions end so in some services and not in others.
    let code = code.strip_suffix("Exception").unwrap_or(code);
    match code {
        _ if code.contains("Throttl") => Kind::Throttled,
        "TooManyRequests" | "RequestLimitExceeded" | "LimitExceeded" | "SlowDown" | "BandwidthLimitExceeded" => {
            Kind::Throttled
        }
        "AccessDenied"
        | "KMSAccessDenied"
        | "AuthorizationError"
        | "UnauthorizedOperation"
        | "NotAuthorized"
        | "OptInRequired" => Kind::Denied,
        "ExpiredToken"
        | "UnrecognizedClient"
        | "InvalidClientTokenId"
        | "InvalidSignature"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "InvalidAccessKeyId"
        | "InvalidToken"
        | "InvalidSecurity"
        | "AuthFailure"
        | "RequestExpired"
        | "RequestTimeTooSkewed"
        | "TokenRefreshRequired" => Kind::Unauthenticated,
        "ResourceNotFound" | "NotFound" => Kind::NotFound,
        "ConditionalCheckFailed" | "ResourceConflict" | "ResourceInUse" | "ConcurrentModification" => Kind::Conflict,
        "ServiceUnavailable"
        | "InternalFailure"
        | "InternalError"
        | "InternalServiceError"
        | "InternalServiceFault" => Kind::Unavailable,
        "RequestTimeout" => Kind::Timeout,
        _ => by_status,
    }
}

fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

fn cut(text: &str, max: usize) -> String {
    text[..text.floor_char_boundary(max)].to_owned()
}

#[cfg(test)]
mod tests;

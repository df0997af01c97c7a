//! Signed calls: each try with a signature and a date of its own, throttling and broken connections retried by a
//! policy, a 401 answered once with renewed credentials.

mod error;

#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use causeway_resilience::Deadline;
use causeway_resilience::retry::{Decision, Failure, Idempotency, Policy, Retry};
use http::header::{AUTHORIZATION, DATE};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use ring::digest::{SHA256, digest};

pub use error::{CallError, Skew};

use crate::effects::{Exchange, HttpError, Route};
use crate::principals::wire::now;
use crate::service_error::{self, ServiceError};
use crate::sign::{Body, Signer};
use crate::{Effects, Error, Provider, Snapshot};

const REQUEST_ID: HeaderName = HeaderName::from_static("opc-request-id");

/// Whether the signature covers the body, see [`Body`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BodyRule {
    /// It does. The rule unless an operation is an exception.
    #[default]
    Hashed,
    /// It does not: `PutObject`, `UploadPart`, and `PutMessages` of Streaming.
    Exempt,
}

/// How requests of one kind are made. Take [`Call::new`] and change what differs.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// Network, clock and random numbers.
    pub effects: &'a Effects,
    /// Whose signature.
    pub provider: &'a dyn Provider,
    /// Name of the service in messages.
    pub service: &'static str,
    /// What is retried, and how often.
    pub policy: Policy,
    /// When all must be over: the tries, the pauses between them, and the waits for credentials.
    pub deadline: Deadline,
    /// What happens when the request arrives twice; by default what its method says, or an `opc-retry-token`.
    pub idempotency: Option<Idempotency>,
    /// Whether the body is signed.
    pub body: BodyRule,
    /// Which headers are signed.
    pub signer: Signer,
    /// Largest answer, in bytes.
    pub max_bytes: usize,
}

impl<'a> Call<'a> {
    /// With the policy for calls out of a function, no deadline but its own, and answers of up to 8 MiB.
    #[must_use]
    pub fn new(effects: &'a Effects, provider: &'a dyn Provider, service: &'static str) -> Self {
        let (policy, deadline, signer) = (Policy::function(), Deadline::NONE, Signer::STANDARD);
        let (idempotency, body, max_bytes) = (None, BodyRule::Hashed, 8 << 20);
        Self { effects, provider, service, policy, deadline, idempotency, body, signer, max_bytes }
    }

    /// Signs and sends `request` until it is answered with a status of 200 to 299, refused for good, or out of time.
    ///
    /// All tries carry the same headers, so also the same `opc-retry-token` and `opc-request-id` (one is made when
    /// there is none), except for date and signature: those are made anew each time, and what the request brought
    /// in their place is dropped.
    ///
    /// A 401 renews the credentials and repeats the request once; a second one is final, and so is the first when
    /// the provider has nothing newer, or not in time.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn send(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, CallError> {
        let template = self.template(request);
        let body = self.rule(template.body());
        let idempotency = self.idempotency.unwrap_or_else(|| idempotency(&template));
        let mut tries = Tries {
            call: self,
            retry: Retry::new(self.policy.clone(), idempotency, now(), self.deadline),
            renewed: false,
        };
        let mut credentials = tries.in_time(self.provider.snapshot()).await?;
        loop {
            let outcome = self.once(&template, body, &credentials, tries.retry.try_time(now())).await;
            let failed = match outcome {
                Ok(answer) if answer.status().is_success() => return Ok(answer),
                Ok(answer) => Failed::Refused(answer),
                Err(Once::Lost(failure)) => Failed::Lost(failure),
                Err(Once::Unsigned(error)) => return Err(error.into()),
            };
            credentials = tries.again(failed, credentials, &template).await?;
        }
    }

    /// The request without what each try makes anew.
    fn template(&self, request: &Request<Bytes>) -> Request<Bytes> {
        let mut template = request.clone();
        let headers = template.headers_mut();
        for name in [DATE, AUTHORIZATION, HeaderName::from_static("x-date")] {
            headers.remove(name);
        }
        if !headers.contains_key(REQUEST_ID)
            && let Some(id) = self.request_id()
        {
            headers.insert(REQUEST_ID, id);
        }
        template
    }

    /// 32 hexadecimal digits, as Oracle's SDKs make them. A call does not fail for the lack of one.
    fn request_id(&self) -> Option<HeaderValue> {
        let mut bytes = [0; 16];
        self.effects.random.fill(&mut bytes).ok()?;
        let mut text = String::with_capacity(32);
        bytes.iter().try_for_each(|byte| write!(text, "{byte:02X}")).ok()?;
        HeaderValue::try_from(text).ok()
    }

    /// The body is hashed once for all tries.
    fn rule(&self, body: &Bytes) -> Body<'static> {
        let hash = || <[u8; 32]>::try_from(digest(&SHA256, body).as_ref()).ok();
        match self.body {
            BodyRule::Exempt => Body::Exempt,
            BodyRule::Hashed if body.is_empty() => Body::None,
            BodyRule::Hashed => {
                hash().map_or(Body::None, |sha256| Body::Precomputed { sha256, len: body.len() as u64 })
            }
        }
    }

    async fn once(
        &self,
        template: &Request<Bytes>,
        body: Body<'_>,
        credentials: &Snapshot,
        timeout: Duration,
    ) -> Result<Response<Bytes>, Once> {
        let mut request = template.clone();
        let signed = self.signer.sign(&mut request, body, credentials, self.effects.clock.now());
        signed.map_err(Once::Unsigned)?;
        let how = Exchange { timeout, max_bytes: self.max_bytes, route: Route::Service };
        self.effects.http.send(request, &how).await.map_err(Once::Lost)
    }
}

/// Why one try brought no answer.
enum Once {
    Lost(HttpError),
    Unsigned(Error),
}

/// How one try failed.
enum Failed {
    Refused(Response<Bytes>),
    Lost(HttpError),
}

/// The tries of one call so far.
struct Tries<'c, 'a> {
    call: &'c Call<'a>,
    retry: Retry,
    renewed: bool,
}

impl Tries<'_, '_> {
    /// The credentials for the next try, when it is time for it; or the failure that ends the call.
    async fn again(
        &mut self,
        failed: Failed,
        used: Arc<Snapshot>,
        template: &Request<Bytes>,
    ) -> Result<Arc<Snapshot>, CallError> {
        match failed {
            Failed::Refused(answer) if answer.status() == StatusCode::UNAUTHORIZED => {
                self.renewed(&answer, &used, template).await
            }
            Failed::Refused(answer) => {
                let error = ServiceError::read(&answer, sent_id(template));
                let error = error.with_retry_after(&answer, self.call.effects.clock.now());
                let ServiceError { status, ref code, retry_after, .. } = error;
                let failure = Failure::Status { status, code: code.clone(), retry_after };
                self.wait(&failure, self.refusal(error, None, None)).await
            }
            Failed::Lost(failure) => {
                let kind = failure.failure();
                let error = CallError::Transport { service: self.call.service, failure, tries: self.retry.attempt() };
                match kind {
                    Some(kind) => self.wait(&kind, error).await,
                    None => Err(error),
                }
            }
        }
    }

    /// One renewal per call: what the service still refuses then, newer credentials do not mend.
    async fn renewed(
        &mut self,
        answer: &Response<Bytes>,
        used: &Arc<Snapshot>,
        template: &Request<Bytes>,
    ) -> Result<Arc<Snapshot>, CallError> {
        let has_time = !self.retry.try_time(now()).is_zero();
        let newer =
            if self.renewed || !has_time { Ok(None) } else { self.in_time(self.call.provider.renew(used)).await };
        self.renewed = true;
        let renewal = match newer {
            // What came too late for a repeat does not hide the answer that there is.
            Ok(Some(newer)) if !self.retry.try_time(now()).is_zero() => return Ok(newer),
            Ok(_) => None,
            Err(error) => Some(error),
        };
        let skew = Skew::between(self.call.effects.clock.now(), answer.headers());
        Err(self.refusal(ServiceError::read(answer, sent_id(template)), skew, renewal))
    }

    /// What the provider says, unless the call is over before.
    async fn in_time<T>(&self, asked: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let Some(limit) = self.retry.deadline().remaining(now()) else { return asked.await };
        let provider = self.call.provider.name();
        tokio::time::timeout(limit, asked).await.unwrap_or(Err(Error::TooSlow { provider, limit }))
    }

    async fn wait(&mut self, failure: &Failure, error: CallError) -> Result<Arc<Snapshot>, CallError> {
        match self.retry.next(failure, now(), self.call.effects.chance()) {
            Decision::GiveUp { .. } => Err(error),
            Decision::Retry { after } => {
                let (service, after_ms) = (self.call.service, after.as_millis());
                tracing::debug!(service, after_ms, %error, "will be tried again");
                self.call.effects.clock.sleep(after).await;
                Ok(self.in_time(self.call.provider.snapshot()).await?)
            }
        }
    }

    fn refusal(&self, error: ServiceError, skew: Option<Skew>, renewal: Option<Error>) -> CallError {
        let (service, tries) = (self.call.service, self.retry.attempt());
        CallError::Refused { service, error: Box::new(error), tries, skew, renewal: renewal.map(Box::new) }
    }
}

fn sent_id(template: &Request<Bytes>) -> Option<&str> {
    service_error::text(template.headers(), REQUEST_ID.as_str())
}

/// RFC 9110, section 9.2.2, and OCI's retry tokens.
fn idempotency(request: &Request<Bytes>) -> Idempotency {
    match *request.method() {
        Method::GET | Method::HEAD | Method::PUT | Method::DELETE => Idempotency::Idempotent,
        _ if request.headers().contains_key("opc-retry-token") => Idempotency::WithRetryToken,
        _ => Idempotency::NotIdempotent,
    }
}

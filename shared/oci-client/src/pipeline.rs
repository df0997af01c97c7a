//! The last two of the five steps of a call: log and transport. The first three (request id, retry, sign) are those
//! of [`Call`](causeway_oci_auth::call::Call), which sees this as its network: so every try has a line of its own.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use causeway_oci_auth::effects::{Exchange, Http, HttpError};
use http::header::RETRY_AFTER;
use http::{HeaderMap, Request, Response};

use crate::error::is_uncertain;
use crate::transport::{BodyStream, Chunks, Transport, collect};

/// Most of a refusal's body that is read, in bytes.
const MAX_REFUSAL: usize = 256 << 10;

/// How the request of a call reaches the network.
pub(crate) enum Way {
    /// Body and answer in one piece each.
    Whole(Arc<dyn Http>),
    /// The body in pieces. The answer too when it is a success and `keep` is set: then it waits in `kept`.
    Pieces { transport: Arc<dyn Transport>, chunks: Chunks, keep: bool, kept: Mutex<Option<BodyStream>> },
}

/// One call on its way to the network.
pub(crate) struct Logged {
    service: &'static str,
    operation: &'static str,
    sent: AtomicU32,
    /// Whether a try may have had an effect without a success to show for it.
    uncertain: AtomicBool,
    way: Way,
}

impl Logged {
    pub(crate) fn new(service: &'static str, operation: &'static str, way: Way) -> Self {
        Self { service, operation, sent: AtomicU32::new(0), uncertain: AtomicBool::new(false), way }
    }

    /// Whether any of the tries that failed may have had an effect.
    pub(crate) fn is_uncertain(&self) -> bool {
        self.uncertain.load(Ordering::Relaxed)
    }

    fn note(&self, answer: &Result<Response<Bytes>, HttpError>) {
        let uncertain = match answer {
            Ok(answer) => is_uncertain(answer.status().as_u16(), answer.headers().contains_key(RETRY_AFTER)),
            Err(failure) => !matches!(failure, HttpError::NotSent(_)),
        };
        self.uncertain.fetch_or(uncertain, Ordering::Relaxed);
    }

    /// The body of the successful answer, once.
    pub(crate) fn kept(&self) -> Option<BodyStream> {
        match &self.way {
            Way::Whole(_) => None,
            Way::Pieces { kept, .. } => kept.lock().unwrap_or_else(PoisonError::into_inner).take(),
        }
    }

    /// One line per request that goes out. No URL: it may hold names of customers' things.
    fn log(&self, attempt: u32, took: Duration, answer: &Result<Response<Bytes>, HttpError>) {
        let (service, operation) = (self.service, self.operation);
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        match answer {
            Ok(answer) => {
                let status = answer.status().as_u16();
                let opc_request_id = request_id(answer.headers());
                tracing::info!(service, operation, status, ms, attempt, opc_request_id, "outbound call");
            }
            Err(failure) => {
                tracing::info!(service, operation, ms, attempt, %failure, "outbound call without an answer")
            }
        }
    }
}

/// The id in the answer, cut to a sane length.
fn request_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get("opc-request-id")?.to_str().ok()?;
    Some(&id[..id.floor_char_boundary(128)])
}

#[async_trait]
impl Http for Logged {
    async fn send(&self, request: Request<Bytes>, how: &Exchange) -> Result<Response<Bytes>, HttpError> {
        let attempt = self.sent.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let started = tokio::time::Instant::now();
        let answer = self.way.send(request, how).await;
        self.log(attempt, started.elapsed(), &answer);
        self.note(&answer);
        answer
    }
}

impl Way {
    async fn send(&self, request: Request<Bytes>, how: &Exchange) -> Result<Response<Bytes>, HttpError> {
        match self {
            Self::Whole(http) => http.send(request, how).await,
            Self::Pieces { transport, chunks, keep, kept } => {
                let answer = transport.open(request.map(|_| chunks.clone()), how.timeout).await?;
                let (head, body) = answer.into_parts();
                if *keep && head.status.is_success() {
                    *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
                    return Ok(Response::from_parts(head, Bytes::new()));
                }
                let whole = tokio::time::timeout(how.timeout, collect(body, how.max_bytes.min(MAX_REFUSAL))).await;
                let whole = match whole.unwrap_or(Err(HttpError::TimedOut(how.timeout))) {
                    Err(error) if head.status.is_success() => return Err(error),
                    // What the status says is known, whatever became of the explanation.
                    other => other.unwrap_or_default(),
                };
                Ok(Response::from_parts(head, whole))
            }
        }
    }
}

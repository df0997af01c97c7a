//! One exchange with a provider: bounded in time and bytes, one line in the log, and what its head says.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use causeway_oci_auth::Effects;
use causeway_oci_auth::effects::{Clock, Exchange, Http, HttpError, Route};
use causeway_resilience::retry::retry_after;
use http::header::RETRY_AFTER;
use http::{HeaderMap, Request, Response};
use tokio::time::Instant;

use super::MAX_ANSWER;
use super::refused::{Refused, Said, Where};

/// Names of the number to quote to support.
const REQUEST_IDS: [&str; 3] = ["opc-request-id", "x-amzn-requestid", "x-request-id"];
/// Longest such number that is kept, in bytes.
const MAX_ID: usize = 128;

/// A network that remembers when the last answer said to come back: the calls of OCI do not hand that on.
pub(crate) struct Watch {
    http: Arc<dyn Http>,
    clock: Arc<dyn Clock>,
    /// What is logged; nothing where the caller does.
    log: Option<Where>,
    retry_after: Mutex<Option<Duration>>,
}

impl Watch {
    /// For one call.
    pub(crate) fn new(effects: &Effects, log: Option<Where>) -> Self {
        let (http, clock) = (Arc::clone(&effects.http), Arc::clone(&effects.clock));
        Self { http, clock, log, retry_after: Mutex::default() }
    }

    /// When the last answer said to come back.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        *self.retry_after.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The successful answer to a request, within `time` and [`MAX_ANSWER`]. `code` reads the error code of a refusal.
    pub(crate) async fn ask(
        &self,
        request: Request<Bytes>,
        time: Duration,
        whose: Where,
        code: fn(&Response<Bytes>) -> Option<String>,
    ) -> Result<Response<Bytes>, Refused> {
        let how = Exchange { timeout: time, max_bytes: MAX_ANSWER, route: Route::Service };
        let answer = self.send(request, &how).await.map_err(|error| whose.lost(&error))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let message = String::from_utf8_lossy(answer.body());
        Err(whose.refused(Said {
            status: answer.status().as_u16(),
            code: code(&answer),
            message: &message,
            request_id: request_id(answer.headers()),
            retry_after: self.retry_after(),
        }))
    }

    fn tell(&self, took: Duration, answer: &Result<Response<Bytes>, HttpError>) {
        let Some(Where { service, operation }) = self.log else { return };
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        match answer {
            Ok(answer) => {
                let (status, id) = (answer.status().as_u16(), request_id(answer.headers()));
                tracing::info!(service, operation, status, ms, request_id = id, "outbound call");
            }
            Err(failure) => tracing::info!(service, operation, ms, %failure, "outbound call without an answer"),
        }
    }
}

#[async_trait]
impl Http for Watch {
    async fn send(&self, request: Request<Bytes>, how: &Exchange) -> Result<Response<Bytes>, HttpError> {
        let started = Instant::now();
        let answer = self.http.send(request, how).await;
        self.tell(started.elapsed(), &answer);
        let asked = answer.as_ref().ok().and_then(|answer| answer.headers().get(RETRY_AFTER)?.to_str().ok());
        let asked = asked.and_then(|text| retry_after(text, self.clock.now()));
        *self.retry_after.lock().unwrap_or_else(PoisonError::into_inner) = asked;
        answer
    }
}

/// The number to quote to support, cut to a sane length.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = REQUEST_IDS.iter().find_map(|name| headers.get(*name)?.to_str().ok().filter(|id| !id.is_empty()))?;
    Some(id[..id.floor_char_boundary(MAX_ID)].to_owned())
}

/// What the head of an answer says about the end of a model; for an operator.
pub(crate) fn notices(headers: &HeaderMap) -> Vec<String> {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty());
    ["model-retirement-info", "model-deprecation-info"]
        .iter()
        .filter_map(|name| said(name))
        .map(str::to_owned)
        .collect()
}

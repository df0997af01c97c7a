//! One request, put together step by step; what is wrong with it comes out when it is sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use causeway_oci_auth::Effects;
use causeway_oci_auth::call::{BodyRule, Call};
use causeway_oci_auth::encode::{Query, Slash, path};
use causeway_oci_auth::endpoint::Service;
use causeway_resilience::retry::{Idempotency, Policy};
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use serde::Serialize;

use crate::Client;
use crate::answer::Answer;
use crate::error::{Cause, Error};
use crate::pipeline::{Logged, Way};
use crate::site::Site;
use crate::transport::{BodyStream, Chunks};

/// Slowest network that an upload is given time for, in bytes per second.
const SLOWEST: u64 = 1 << 20;

/// A request under construction.
pub(crate) struct Ask {
    client: Client,
    site: Site,
    operation: &'static str,
    method: Method,
    target: String,
    headers: HeaderMap,
    body: Body,
    idempotency: Option<Idempotency>,
    max_bytes: usize,
    /// How long a try may have to last, when that is longer than the policy says.
    takes: Duration,
    /// The first thing that is wrong.
    fault: Option<String>,
}

enum Body {
    Whole(Bytes),
    /// Not covered by the signature.
    Pieces(Chunks),
}

impl Ask {
    pub(crate) fn new(client: Client, site: Site, operation: &'static str, method: Method) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let (body, target) = (Body::Whole(Bytes::new()), String::new());
        let (idempotency, max_bytes, takes, fault) = (None, 8 << 20, Duration::ZERO, None);
        Self { client, site, operation, method, target, headers, body, idempotency, max_bytes, takes, fault }
    }

    /// The path after the base; slashes in values are escaped.
    pub(crate) fn path(mut self, template: &str, parameters: &[(&str, &str)]) -> Self {
        match path(template, parameters, Slash::Escape) {
            Ok(path) => self.target = path,
            Err(error) => self.wrong(error.to_string()),
        }
        self
    }

    pub(crate) fn query(mut self, query: &Query) -> Self {
        self.target = query.append_to(&self.target);
        self
    }

    /// A header when there is a value.
    pub(crate) fn header(mut self, name: &str, value: Option<&str>) -> Self {
        let Some(value) = value else { return self };
        let pair = HeaderName::try_from(name).ok().zip(visible(value));
        match pair {
            Some((name, value)) => drop(self.headers.insert(name, value)),
            // Names may be those of metadata, so a caller's too; values are never shown.
            None => self.wrong(format!("header {name:?} cannot be sent: its name or value is not visible ASCII")),
        }
        self
    }

    pub(crate) fn json<T: Serialize>(mut self, body: &T) -> Self {
        match serde_json::to_vec(body) {
            Ok(text) => self.body = Body::Whole(text.into()),
            Err(_) => self.wrong("the body cannot be written as JSON".to_owned()),
        }
        self.headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
        self
    }

    /// A signed body of any kind.
    pub(crate) fn bytes(mut self, body: Bytes) -> Self {
        self.body = Body::Whole(body);
        self
    }

    /// A body in pieces that the signature does not cover: `PutObject` and `UploadPart`.
    pub(crate) fn pieces(mut self, chunks: Chunks) -> Self {
        self.headers.insert(CONTENT_LENGTH, chunks.len().into());
        self.body = Body::Pieces(chunks);
        self
    }

    pub(crate) fn idempotency(mut self, idempotency: Idempotency) -> Self {
        self.idempotency = Some(idempotency);
        self
    }

    /// A token by which the service recognises a repeated request. Without a source of random numbers there is none,
    /// and only what certainly had no effect is repeated.
    pub(crate) fn retry_token(self) -> Self {
        let token = self.client.random_text::<15>();
        self.header("opc-retry-token", token.as_deref())
    }

    /// A token that the caller has chosen, so that a call of another process is recognised too; else a random one.
    pub(crate) fn retry_token_of(self, chosen: Option<&str>) -> Self {
        match chosen {
            Some(token) => self.header("opc-retry-token", Some(token)),
            None => self.retry_token(),
        }
    }

    /// One id for all tries: 32 hexadecimal digits, as Oracle's SDKs make them. Object Storage has another name for it.
    fn request_id(self) -> Self {
        let id = self.client.random_text::<16>();
        let of_objects = matches!(self.site, Site::Namespace(_) | Site::Known(Service::ObjectStorage));
        let ask = self.header("opc-request-id", id.as_deref());
        if of_objects { ask.header("opc-client-request-id", id.as_deref()) } else { ask }
    }

    /// Largest answer in bytes.
    pub(crate) fn max_bytes(mut self, max: usize) -> Self {
        self.max_bytes = max;
        self
    }

    /// Gives each try at least this time, within the deadline.
    pub(crate) fn takes(mut self, time: Duration) -> Self {
        self.takes = time;
        self
    }

    /// Sends it and reads the whole answer.
    pub(crate) async fn send(mut self) -> Result<Answer, Error> {
        let http = match std::mem::replace(&mut self.body, Body::Whole(Bytes::new())) {
            Body::Whole(body) => {
                self.body = Body::Whole(body);
                Way::Whole(Arc::clone(&self.client.inner.effects.http))
            }
            Body::Pieces(chunks) => self.pieces_way(chunks, false),
        };
        let (answer, _) = self.through(http).await?;
        Ok(answer)
    }

    /// Sends it; the body of the answer comes as it arrives.
    pub(crate) async fn open(mut self) -> Result<(Answer, BodyStream), Error> {
        let chunks = match std::mem::replace(&mut self.body, Body::Whole(Bytes::new())) {
            Body::Pieces(chunks) => chunks,
            Body::Whole(body) => {
                self.body = Body::Whole(body.clone());
                Chunks::from([body])
            }
        };
        let way = self.pieces_way(chunks, true);
        let (answer, logged) = self.through(way).await?;
        let body = logged.kept().ok_or_else(|| answer.unusable("it has no body"))?;
        Ok((answer, body))
    }

    fn pieces_way(&self, chunks: Chunks, keep: bool) -> Way {
        Way::Pieces { transport: Arc::clone(&self.client.inner.transport), chunks, keep, kept: Mutex::default() }
    }

    async fn through(self, way: Way) -> Result<(Answer, Arc<Logged>), Error> {
        let (service, operation) = (self.site.name(), self.operation);
        let this = self.request_id();
        let request = this.request().await?;
        let exempt = request.headers().contains_key(CONTENT_LENGTH);
        let (client, idempotency, max_bytes) = (this.client, this.idempotency, this.max_bytes);
        let takes = this.takes.max(time_to_send(&request));
        let logged = Arc::new(Logged::new(service, operation, way));
        let effects = Effects { http: logged.clone(), ..client.inner.effects.clone() };
        let call = Call {
            policy: with_time(takes, client.policy().clone()),
            deadline: client.deadline(),
            idempotency,
            body: if exempt { BodyRule::Exempt } else { BodyRule::Hashed },
            max_bytes,
            ..Call::new(&effects, client.inner.provider.as_ref(), service)
        };
        let answer: Response<Bytes> = call
            .send(&request)
            .await
            .map_err(|error| Error::of_call(service, operation, error).after_uncertain(logged.is_uncertain()))?;
        Ok((Answer::new(service, operation, answer), logged))
    }

    async fn request(&self) -> Result<Request<Bytes>, Error> {
        let failed = |cause: Cause| Error::new(self.site.name(), self.operation, cause);
        if let Some(fault) = &self.fault {
            return Err(failed(Cause::Request(fault.clone())));
        }
        let base = self.client.base(&self.site).await.map_err(|error| failed(Cause::Credentials(error)))?;
        let body = match &self.body {
            Body::Whole(body) => body.clone(),
            Body::Pieces(_) => Bytes::new(),
        };
        let request = Request::builder().method(&self.method).uri(format!("{base}{}", self.target)).body(body);
        let mut request = request.map_err(|_| failed(Cause::Request("the URL is malformed".to_owned())))?;
        *request.headers_mut() = self.headers.clone();
        Ok(request)
    }

    pub(crate) fn wrong(&mut self, fault: String) {
        self.fault.get_or_insert(fault);
    }
}

/// An upload takes as long as its bytes need on a slow network.
fn time_to_send(request: &Request<Bytes>) -> Duration {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    Duration::from_secs(length.unwrap_or_default() / SLOWEST)
}

/// A slow operation has one long try rather than two short ones, and time for more of them.
fn with_time(takes: Duration, mut policy: Policy) -> Policy {
    if !takes.is_zero() {
        policy.per_try = policy.per_try.saturating_add(takes);
        policy.total = policy.total.saturating_add(takes.saturating_mul(2));
        policy.room_for = 1;
    }
    policy
}

/// The signature is over headers as text, and other bytes do not survive every proxy.
fn visible(value: &str) -> Option<HeaderValue> {
    let plain = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    HeaderValue::from_str(value).ok().filter(|_| plain)
}

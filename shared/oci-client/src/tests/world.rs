//! A network that records and replies, a clock that does not wait, and credentials that open nothing.

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use causeway_oci_auth::effects::{Clock, Exchange, Http, HttpError, Random};
use causeway_oci_auth::endpoint::Endpoints;
use causeway_oci_auth::key::PrivateKey;
use causeway_oci_auth::{Effects, Error, Provider, Secret, Snapshot};
use futures_util::StreamExt;
use futures_util::stream;
use http::{HeaderMap, Request, Response};
use serde_json::Value;

use crate::transport::{BodyStream, Chunks, Transport};
use crate::{Client, object_storage::ObjectStorage};

static KEY: LazyLock<Arc<PrivateKey>> = LazyLock::new(|| {
    let pem = include_bytes!("../../tests/data/throw-away-key.pem");
    Arc::new(PrivateKey::from_pem(pem, None).unwrap())
});

/// A reply: head, then pieces of the body or what breaks it.
pub(super) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    pieces: Vec<Result<Bytes, HttpError>>,
}

pub(super) fn reply(status: u16, body: impl Into<Bytes>) -> Reply {
    Reply { status, headers: Vec::new(), pieces: vec![Ok(body.into())] }
}

pub(super) fn json(body: &Value) -> Reply {
    reply(200, body.to_string()).header("content-type", "application/json")
}

pub(super) fn refusal(status: u16, code: &str) -> Reply {
    reply(status, serde_json::json!({ "code": code, "message": "canary-message" }).to_string())
        .header("opc-request-id", "a/b/c")
}

pub(super) fn broken() -> HttpError {
    HttpError::Broken("connection reset".to_owned())
}

impl Reply {
    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn pieces(mut self, pieces: impl IntoIterator<Item = Result<&'static str, HttpError>>) -> Self {
        self.pieces = pieces.into_iter().map(|piece| piece.map(Bytes::from)).collect();
        self
    }

    fn head<T>(&self, body: T) -> Response<T> {
        let head = self.headers.iter().fold(Response::builder().status(self.status), |head, (name, value)| {
            head.header(name.as_str(), value.as_str())
        });
        head.body(body).unwrap()
    }
}

impl From<Reply> for Result<Reply, HttpError> {
    fn from(reply: Reply) -> Self {
        Ok(reply)
    }
}

/// A request as it went out.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) line: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) in_pieces: bool,
    pub(super) timeout: Duration,
}

impl Sent {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

#[derive(Default)]
pub(super) struct World {
    replies: Mutex<VecDeque<Result<Reply, HttpError>>>,
    sent: Mutex<Vec<Sent>>,
    slept: Mutex<Vec<Duration>>,
    /// What renewals of credentials give.
    pub(super) renewals: Mutex<Vec<&'static str>>,
}

impl World {
    pub(super) fn new<R: Into<Result<Reply, HttpError>>>(replies: impl IntoIterator<Item = R>) -> Arc<Self> {
        Arc::new(Self { replies: Mutex::new(replies.into_iter().map(Into::into).collect()), ..Self::default() })
    }

    pub(super) fn client(self: &Arc<Self>) -> Client {
        let (http, clock, random) = (self.clone(), self.clone(), self.clone());
        let effects = Effects { http, clock, random, ..Effects::default() };
        let endpoints = Endpoints::new(effects.clone()).unwrap();
        Client::new(effects, Arc::new(Source(self.clone())), endpoints, self.clone()).in_region("us-ashburn-1")
    }

    pub(super) fn storage(self: &Arc<Self>) -> ObjectStorage {
        self.client().object_storage().in_namespace("ns")
    }

    pub(super) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.sent().into_iter().map(|sent| sent.line).collect()
    }

    pub(super) fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap().clone()
    }

    fn next(&self, sent: Sent) -> Result<Reply, HttpError> {
        self.sent.lock().unwrap().push(sent);
        self.replies.lock().unwrap().pop_front().expect("one request too many")
    }
}

fn line<T>(request: &Request<T>) -> String {
    let uri = request.uri();
    let host = uri.host().unwrap().split('.').next().unwrap();
    format!("{} {host} {}", request.method(), uri.path_and_query().unwrap())
}

#[async_trait]
impl Http for World {
    async fn send(&self, request: Request<Bytes>, how: &Exchange) -> Result<Response<Bytes>, HttpError> {
        let (line, headers, timeout) = (line(&request), request.headers().clone(), how.timeout);
        let reply = self.next(Sent { line, headers, body: request.into_body(), in_pieces: false, timeout })?;
        let mut whole = Vec::new();
        for piece in &reply.pieces {
            whole.extend_from_slice(piece.as_ref().map_err(Clone::clone)?);
        }
        if whole.len() > how.max_bytes {
            return Err(HttpError::TooLarge(how.max_bytes));
        }
        Ok(reply.head(whole.into()))
    }
}

#[async_trait]
impl Transport for World {
    async fn open(&self, request: Request<Chunks>, timeout: Duration) -> Result<Response<BodyStream>, HttpError> {
        let (line, headers) = (line(&request), request.headers().clone());
        let body: Vec<u8> = request.body().iter().flatten().copied().collect();
        let reply = self.next(Sent { line, headers, body: body.into(), in_pieces: true, timeout })?;
        let body = stream::iter(reply.pieces.clone()).boxed();
        Ok(reply.head(body))
    }
}

#[async_trait]
impl Clock for World {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_780_000_000)
    }

    async fn sleep(&self, time: Duration) {
        self.slept.lock().unwrap().push(time);
        tokio::time::sleep(time).await;
    }
}

#[async_trait]
impl Random for World {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), Error> {
        buffer.fill(0xA7);
        Ok(())
    }

    async fn session_key(&self) -> Result<PrivateKey, Error> {
        Err(Error::NoEffect("session keys"))
    }
}

struct Source(Arc<World>);

impl std::fmt::Debug for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Source")
    }
}

fn named(key_id: &str) -> Arc<Snapshot> {
    let (not_after, tenancy, compartment, region, delegation) = (None, None, None, None, None);
    let (key_id, key) = (Secret::from(key_id), Arc::clone(&KEY));
    Arc::new(Snapshot { key_id, key, not_after, tenancy, compartment, region, delegation })
}

#[async_trait]
impl Provider for Source {
    fn name(&self) -> &'static str {
        "test"
    }

    async fn snapshot(&self) -> Result<Arc<Snapshot>, Error> {
        Ok(named("ST$canary-token"))
    }

    async fn renew(&self, _: &Arc<Snapshot>) -> Result<Option<Arc<Snapshot>>, Error> {
        Ok(self.0.renewals.lock().unwrap().pop().map(named))
    }
}

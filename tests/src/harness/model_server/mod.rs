//! A server that plays language models on a port of its own: OpenAI's route, those of Generative AI, and Bedrock's.
//!
//! It answers by a script, in the form of the route that was asked, and keeps what it was asked.

mod form;
mod sigv4;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Largest request that is read, in bytes.
const MAX_REQUEST: usize = 32 << 20;

/// What the server does with one request.
#[derive(Debug, Clone)]
pub enum Says {
    /// An answer with this text.
    Text(String),
    /// An answer that ended for this reason, in the words of the route.
    Ended(String, &'static str),
    /// A status with a body and headers.
    Status(u16, String, Vec<(&'static str, String)>),
    /// A success whose body is exactly this.
    Raw(String),
    /// A success whose body never ends: this many bytes at a time, after this pause each.
    Drip(usize, Duration),
    /// The beginning of an answer, and then the connection breaks.
    Reset,
    /// Nothing at all.
    Silence,
}

impl Says {
    /// An answer with this text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// A refusal with a body that repeats the question, as some servers do; with an empty body in [`Says::Status`], too.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Status(status, String::new(), Vec::new())
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Such as `/v1/chat/completions`.
    pub path: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The body, `null` when it was no JSON.
    pub body: Value,
}

impl Asked {
    /// A header's text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

#[derive(Default)]
struct Inner {
    script: VecDeque<Says>,
    asked: Vec<Asked>,
    /// Forms of answers that are not understood.
    unknown_forms: BTreeSet<&'static str>,
    /// Models that there are; all when empty.
    models: BTreeSet<String>,
    bearer: Option<String>,
    /// Secret keys of AWS by their access key.
    aws: HashMap<String, String>,
    /// Headers of every success.
    heads: Vec<(&'static str, String)>,
}

/// The server; it ends with this value.
pub struct ModelServer {
    /// `http://127.0.0.1:port`.
    pub url: String,
    inner: Arc<Mutex<Inner>>,
    task: JoinHandle<()>,
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl ModelServer {
    /// A server that says this to every request.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn start(says: Says) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let inner = Arc::new(Mutex::new(Inner { script: VecDeque::from([says]), ..Inner::default() }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&inner));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
        Self { url, inner, task }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on it says these, one after the other; the last one stays.
    pub fn says(&self, script: impl IntoIterator<Item = Says>) {
        self.inner().script = script.into_iter().collect();
    }

    /// Does not understand these forms: `json_schema`, `json_object`.
    pub fn does_not_know(&self, forms: impl IntoIterator<Item = &'static str>) {
        self.inner().unknown_forms = forms.into_iter().collect();
    }

    /// Has these models and no others.
    pub fn has_models<'a>(&self, models: impl IntoIterator<Item = &'a str>) {
        self.inner().models = models.into_iter().map(str::to_owned).collect();
    }

    /// Wants this key with every request of OpenAI's form.
    pub fn wants_bearer(&self, key: &str) {
        self.inner().bearer = Some(key.to_owned());
    }

    /// Knows this key of AWS: requests to Bedrock must be signed with it.
    pub fn knows_aws(&self, access_key: &str, secret_key: &str) {
        self.inner().aws.insert(access_key.to_owned(), secret_key.to_owned());
    }

    /// Puts this header on every success.
    pub fn adds(&self, name: &'static str, value: &str) {
        self.inner().heads.push((name, value.to_owned()));
    }

    /// What it was asked so far; it forgets that.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.inner().asked)
    }
}

async fn answer(State(inner): State<Arc<Mutex<Inner>>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, MAX_REQUEST).await.unwrap_or_default();
    let path = parts.uri.path().to_owned();
    let asked = Asked { path, headers: parts.headers, body: serde_json::from_slice(&bytes).unwrap_or_default() };
    let (says, heads) = {
        let mut inner = inner.lock().unwrap_or_else(PoisonError::into_inner);
        let says = inner.judge(&asked, &bytes);
        inner.asked.push(asked.clone());
        (says, inner.heads.clone())
    };
    respond(says, &asked, &heads).await
}

impl Inner {
    /// What is wrong with a request comes before the script.
    fn judge(&mut self, asked: &Asked, bytes: &Bytes) -> Says {
        let Some(model) = form::model(asked) else { return Says::status(404) };
        if let Some(refusal) = self.stranger(asked, bytes) {
            return refusal;
        }
        if !self.models.is_empty() && !self.models.contains(&model) {
            return Says::Status(404, r#"{"error":{"message":"no such model"}}"#.to_owned(), Vec::new());
        }
        if form::of_answer(asked).is_some_and(|form| self.unknown_forms.contains(form)) {
            return Says::Status(400, form::unknown(asked).to_owned(), Vec::new());
        }
        match self.script.len() {
            0 => Says::status(500),
            1 => self.script[0].clone(),
            _ => self.script.pop_front().expect("there are several"),
        }
    }

    /// The refusal of a caller who has not the right key.
    fn stranger(&self, asked: &Asked, bytes: &Bytes) -> Option<Says> {
        let knows = match form::route(asked)? {
            form::Route::OpenAi => {
                self.bearer.as_ref().is_none_or(|key| asked.header("authorization") == Some(&format!("Bearer {key}")))
            }
            form::Route::Native => asked.header("authorization").is_some_and(|text| text.starts_with("Signature ")),
            form::Route::Bedrock if self.aws.is_empty() => true,
            form::Route::Bedrock => sigv4::is_signed(asked, bytes, &self.aws),
        };
        (!knows).then(|| Says::status(if form::route(asked) == Some(form::Route::Bedrock) { 403 } else { 401 }))
    }
}

async fn respond(says: Says, asked: &Asked, heads: &[(&'static str, String)]) -> Response<Body> {
    let success = |body: Body| {
        let mut response = Response::builder().status(200).header("content-type", "application/json");
        for (name, value) in heads {
            response = response.header(*name, value);
        }
        response.body(body).expect("a response")
    };
    match says {
        Says::Text(text) => success(form::whole(asked, &text, None).to_string().into()),
        Says::Ended(text, reason) => success(form::whole(asked, &text, Some(reason)).to_string().into()),
        Says::Raw(body) => success(body.into()),
        Says::Status(status, body, headers) => {
            // As a server that repeats what it was sent: nothing of it may show anywhere. The names of members are
            // left out, so that it is not taken for a refusal of one of them.
            let body = if body.is_empty() { form::said(asked) } else { body };
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(body.into()).expect("a response")
        }
        Says::Drip(bytes, pause) => {
            let drops = stream::repeat(Bytes::from(vec![b' '; bytes])).then(move |drop| async move {
                tokio::time::sleep(pause).await;
                Ok::<_, Infallible>(drop)
            });
            success(Body::from_stream(drops))
        }
        Says::Reset => {
            let half = Bytes::from_static(b"{\"choices\":[{");
            let pieces = [Ok(half), Err(std::io::Error::other("broken off"))];
            success(Body::from_stream(stream::iter(pieces)))
        }
        Says::Silence => std::future::pending().await,
    }
}

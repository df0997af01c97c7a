//! The admin routes of an emulator, in this process or behind `causeway up`.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use causeway_oci_emulator::Emulator;
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::time::timeout;

/// Bytes of an answer.
const MAX_ANSWER: usize = 64 * 1024 * 1024;
/// Until an answer is complete; large objects take their time.
const PATIENCE: Duration = Duration::from_secs(600);
/// Until a connection is there.
const CONNECT: Duration = Duration::from_secs(5);
/// Start of the routes that are OCI's own operations.
pub(crate) const OCI: &str = "/_causeway/oci";

/// Where requests go.
pub(crate) enum Target {
    /// Into this process.
    Here(Emulator),
    /// Over HTTP.
    There { base: Uri, client: Client<HttpConnector, Body> },
}

/// A complete answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Bytes,
}

/// No answer, or one that refuses.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// Nobody listens.
    #[error("nothing answers on {url}; start a server with `causeway up{}`", port_option(url))]
    Unreachable {
        /// Where.
        url: String,
    },
    /// Somebody else does.
    #[error("what answers there has no OCI: it runs with --no-oci, or it is no `causeway up`")]
    NoOci,
    /// It broke off.
    #[error("no answer: {0}")]
    Broken(String),
    /// A refusal, in OCI's form.
    #[error("{status} {code}: {message}")]
    Refused { status: StatusCode, code: String, message: String },
}

fn port_option(url: &str) -> String {
    let port = url.rsplit(':').next().filter(|port| port.parse::<u16>().is_ok());
    port.map(|port| format!(" --port {port}")).unwrap_or_default()
}

impl Answer {
    pub(crate) fn into_body(self) -> Bytes {
        self.body
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The answer, if it is no refusal.
    pub(crate) fn accepted(self) -> Result<Self, SendError> {
        if self.status.is_success() {
            return Ok(self);
        }
        let body = self.json();
        let text = |name: &str| body[name].as_str().unwrap_or("unknown").to_owned();
        Err(SendError::Refused { status: self.status, code: text("code"), message: text("message") })
    }
}

impl Target {
    /// A server's address, such as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// A sentence, when it is none.
    pub(crate) fn at(url: &str) -> Result<Self, String> {
        let base: Uri = url.parse().map_err(|error| format!("{url} is no address: {error}"))?;
        let plain = base.scheme() == Some(&Scheme::HTTP) && base.authority().is_some();
        if !plain || base.path() != "/" || base.query().is_some() {
            return Err(format!("{url} is not of the form http://HOST:PORT"));
        }
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT));
        connector.set_nodelay(true);
        Ok(Self::There { base, client: Client::builder(TokioExecutor::new()).build(connector) })
    }

    /// Sends a request to a path with its query.
    ///
    /// # Errors
    /// [`SendError`] when there is no answer; refusals are answers.
    pub(crate) async fn send(&self, mut request: Request<Body>) -> Result<Answer, SendError> {
        let broken = |error: &dyn std::fmt::Display| SendError::Broken(error.to_string());
        let response = match self {
            Self::Here(emulator) => emulator.handle(request).await,
            Self::There { base, client } => {
                let path = request.uri().path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
                let mut parts = base.clone().into_parts();
                parts.path_and_query = Some(path);
                *request.uri_mut() = Uri::from_parts(parts).map_err(|error| broken(&error))?;
                let answered = timeout(PATIENCE, client.request(request)).await.map_err(|error| broken(&error))?;
                answered.map_err(|error| self.explain(&error))?.map(Body::new)
            }
        };
        let (parts, body) = response.into_parts();
        let body = timeout(PATIENCE, Limited::new(body, MAX_ANSWER).collect()).await.map_err(|error| broken(&error))?;
        let body = body.map_err(|error| broken(&error))?.to_bytes();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    fn explain(&self, error: &hyper_util::client::legacy::Error) -> SendError {
        match self {
            Self::There { base, .. } if error.is_connect() => {
                SendError::Unreachable { url: base.to_string().trim_end_matches('/').to_owned() }
            }
            _ => {
                let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
                SendError::Broken(format!("{error}{cause}"))
            }
        }
    }

    /// A request with JSON.
    ///
    /// # Errors
    /// As [`Target::send`].
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, SendError> {
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let request = request.body(body).map_err(|error| SendError::Broken(error.to_string()))?;
        self.send(request).await
    }

    /// A value that is there, or `None` for 404.
    ///
    /// # Errors
    /// Other refusals too.
    pub(crate) async fn get(&self, path: &str) -> Result<Option<Value>, SendError> {
        let answer = self.ask(Method::GET, path, None).await?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(None),
            _ => Ok(Some(answer.accepted()?.json())),
        }
    }

    /// Who the emulator is: texts `region`, `tenancy`, `namespace`, `compartment`, `user`, and `functions` with their
    /// OCIDs.
    ///
    /// # Errors
    /// [`SendError::NoOci`] when it is none.
    pub(crate) async fn about(&self) -> Result<Value, SendError> {
        let about = self.get("/_causeway/about").await?.unwrap_or(Value::Null);
        let texts = ["region", "tenancy", "namespace", "compartment", "user"];
        let complete = texts.iter().all(|name| about[name].is_string()) && about["functions"].is_object();
        complete.then_some(about).ok_or(SendError::NoOci)
    }
}

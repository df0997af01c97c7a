//! Lambda's Runtime API (2018-06-01) for one process: it asks for an event, and posts the outcome.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// Largest response of a synchronous call: 6 MiB and a little for the envelope, as on Lambda.
const MAX_RESPONSE_BYTES: usize = 6_291_556;
/// Error objects beyond this are cut by nobody but refused.
const MAX_ERROR_BYTES: usize = 256 * 1024;

/// One event for the process.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) request_id: String,
    pub(crate) body: Bytes,
    pub(crate) arn: String,
    pub(crate) trace_id: String,
    /// JSON, already decoded.
    pub(crate) client_context: Option<String>,
}

/// What the process posted.
#[derive(Debug)]
pub(crate) enum Posted {
    Response(Bytes),
    Error(Bytes),
    TooLarge,
}

/// The server for one process.
pub(crate) struct RuntimeApi {
    pub(crate) address: SocketAddr,
    events: mpsc::Sender<(Event, Duration)>,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    events: tokio::sync::Mutex<mpsc::Receiver<(Event, Duration)>>,
    pending: Mutex<Option<(String, oneshot::Sender<Posted>)>>,
    /// How often the process has asked for an event.
    polls: watch::Sender<u64>,
    init_error: watch::Sender<Option<Bytes>>,
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl RuntimeApi {
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (events, receiver) = mpsc::channel(1);
        let shared = Arc::new(Shared {
            events: tokio::sync::Mutex::new(receiver),
            pending: Mutex::new(None),
            polls: watch::Sender::new(0),
            init_error: watch::Sender::new(None),
        });
        let routes = routes(Arc::clone(&shared));
        let server = tokio::spawn(async move { drop(axum::serve(listener, routes).await) });
        Ok(Self { address, events, shared, server })
    }

    /// Waits for the first request for an event; the error object when the process reports one instead.
    pub(crate) async fn ready(&self) -> Result<(), Bytes> {
        let (mut polls, mut init_error) = (self.shared.polls.subscribe(), self.shared.init_error.subscribe());
        tokio::select! {
            _ = polls.wait_for(|polls| *polls > 0) => Ok(()),
            error = init_error.wait_for(Option::is_some) => {
                Err(error.ok().and_then(|error| error.clone()).unwrap_or_default())
            }
        }
    }

    /// Hands out an event and waits for what becomes of it; the caller bounds the time. `None` when the
    /// process let go of it.
    pub(crate) async fn invoke(&self, event: Event, limit: Duration) -> Option<Posted> {
        let (sender, posted) = oneshot::channel();
        *self.shared.lock() = Some((event.request_id.clone(), sender));
        self.events.send((event, limit)).await.ok()?;
        posted.await.ok()
    }

    /// Waits until the process asks for the next event, which is when a call is over for the platform.
    pub(crate) async fn asks_again(&self, polls_before: u64) {
        let mut polls = self.shared.polls.subscribe();
        let _ = polls.wait_for(|polls| *polls > polls_before).await;
    }

    pub(crate) fn polls(&self) -> u64 {
        *self.shared.polls.borrow()
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(String, oneshot::Sender<Posted>)>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the call of this id, if it is the one under way.
    fn finish(&self, id: &str, posted: Posted) -> Response {
        let taken = self.lock().take_if(|(pending, _)| pending == id);
        match taken {
            Some((_, sender)) => {
                let _ = sender.send(posted);
                (StatusCode::ACCEPTED, json!({ "status": "OK" }).to_string()).into_response()
            }
            None => refuse(StatusCode::BAD_REQUEST, "InvalidRequestID", "no call of this id is under way"),
        }
    }
}

fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .with_state(shared)
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    shared.polls.send_modify(|polls| *polls += 1);
    match shared.events.lock().await.recv().await {
        Some((event, limit)) => event_response(event, limit),
        None => refuse(StatusCode::INTERNAL_SERVER_ERROR, "Stopping", "the local cloud is stopping"),
    }
}

fn event_response(event: Event, limit: Duration) -> Response {
    let deadline = SystemTime::now() + limit;
    let deadline_ms = deadline.duration_since(UNIX_EPOCH).map_or(0, |age| age.as_millis());
    let mut response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", event.request_id)
        .header("lambda-runtime-deadline-ms", deadline_ms.to_string())
        .header("lambda-runtime-invoked-function-arn", event.arn)
        .header("lambda-runtime-trace-id", event.trace_id);
    if let Some(context) = event.client_context {
        response = response.header("lambda-runtime-client-context", context);
    }
    match response.body(Body::from(event.body)) {
        Ok(response) => response,
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "BadEvent", &error.to_string()),
    }
}

async fn response(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Body) -> Response {
    match to_bytes(body, MAX_RESPONSE_BYTES).await {
        Ok(body) => shared.finish(&id, Posted::Response(body)),
        Err(_) => {
            drop(shared.finish(&id, Posted::TooLarge));
            refuse(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", "the response is too large")
        }
    }
}

async fn error(State(shared): State<Arc<Shared>>, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Response {
    let body = error_object(&headers, body).await;
    shared.finish(&id, Posted::Error(body))
}

async fn init_error(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Body) -> Response {
    let body = error_object(&headers, body).await;
    shared.init_error.send_replace(Some(body));
    (StatusCode::ACCEPTED, json!({ "status": "OK" }).to_string()).into_response()
}

/// The posted object, or one made of the header when the body is none.
async fn error_object(headers: &HeaderMap, body: Body) -> Bytes {
    let body = to_bytes(body, MAX_ERROR_BYTES).await.unwrap_or_default();
    if serde_json::from_slice::<Value>(&body).is_ok_and(|value| value.is_object()) {
        return body;
    }
    let kind = headers.get("lambda-runtime-function-error-type").and_then(|kind| kind.to_str().ok());
    json!({ "errorType": kind.unwrap_or("Runtime.Unknown"), "errorMessage": "" }).to_string().into()
}

fn refuse(status: StatusCode, kind: &str, message: &str) -> Response {
    (status, json!({ "errorType": kind, "errorMessage": message }).to_string()).into_response()
}

//! The HTTP side of `causeway up`: Fn's API, Lambda's and OCI's, side by side.

mod fn_api;
mod guard;
mod lambda_api;
mod lambda_name;
mod shown;
mod status;
mod trigger;

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use bytes::Bytes;
use causeway_oci_emulator::Emulator;
use futures_util::StreamExt;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::cloud::{Cloud, Deployment};
use crate::failure::Failure;
use crate::ids;

/// Region where none is configured.
pub(crate) const DEFAULT_REGION: &str = "us-east-1";
/// Name of the one application.
pub(crate) const APP: &str = "causeway";
/// The Fn server whose behaviour is imitated; Fn's command line asks for it.
const FN_VERSION: &str = "0.3.753";
/// Largest request body, in bytes, on either platform.
const MAX_REQUEST_BYTES: usize = 6 * 1024 * 1024;
/// A body over the limit is read up to here before it is refused; many clients do not look for an answer
/// while they are still sending.
const MAX_DRAINED_BYTES: usize = 64 * 1024 * 1024;

/// What the routes share.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) cloud: Arc<Cloud>,
    /// The address as clients see it, such as `http://127.0.0.1:8080`.
    pub(crate) base_url: Arc<str>,
    /// OCI at the same address, if there is one.
    pub(crate) oci: Option<Emulator>,
}

/// All routes of the functions, for a server that listens on this address.
pub fn router(cloud: Arc<Cloud>, address: SocketAddr, access_log: bool) -> Router {
    router_with(cloud, None, address, access_log)
}

/// The same, and OCI's services on all other paths. None of OCI's paths is one of ours.
pub fn router_with(cloud: Arc<Cloud>, oci: Option<Emulator>, address: SocketAddr, access_log: bool) -> Router {
    let api = Api { cloud, base_url: base_url(address).into(), oci: oci.clone() };
    let routes = Router::new()
        .route("/", get(index))
        .route("/version", get(async || Json(json!({ "version": FN_VERSION }))))
        .route("/logs/{function}", get(logs))
        .route("/status", get(status::page))
        .route("/v2/apps", get(fn_api::apps).fallback(fn_api::as_built))
        .route("/v2/apps/{id}", get(fn_api::app).fallback(fn_api::as_built))
        .route("/v2/fns", get(fn_api::functions).fallback(fn_api::as_built))
        .route("/v2/fns/{id}", get(fn_api::function).fallback(fn_api::as_built))
        .route("/v2/triggers", get(fn_api::triggers).fallback(fn_api::as_built))
        .route("/v2/triggers/{id}", get(fn_api::trigger).fallback(fn_api::as_built))
        .route("/invoke/{id}", post(fn_api::invoke))
        .route("/t/{*path}", any(trigger::call))
        .route("/2015-03-31/functions/{name}/invocations", post(lambda_api::invoke));
    let routes = match oci {
        Some(oci) => routes.fallback(async move |request: Request| oci.handle(request).await),
        None => routes.fallback(async || error(StatusCode::NOT_FOUND, "Path not found")),
    };
    let loopback = address.ip().is_loopback();
    routes
        .method_not_allowed_fallback(async || error(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed"))
        .layer(from_fn_with_state(loopback, guard::refuse_other_machines))
        .layer(from_fn(guard::refuse_other_sites))
        .layer(from_fn_with_state(loopback, guard::refuse_other_names))
        .layer(from_fn_with_state(access_log, log_access))
        .with_state(api)
}

/// Where clients reach a server that listens on this address; nobody can connect to "any address".
pub(crate) fn base_url(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}

/// Fn's form of an error.
fn error(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "message": message }))).into_response()
}

fn failed(failure: &Failure, call_id: &str) -> Response {
    let status = StatusCode::from_u16(failure.kind.status()).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = (status, Json(failure.to_body())).into_response();
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    };
    put("fn-call-id", call_id);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        put("retry-after", "15");
    }
    response
}

/// The whole body, or `None` when it is over the limit; an error when the client went away.
async fn read_body(body: Body) -> Result<Option<Bytes>, axum::Error> {
    let mut stream = body.into_data_stream();
    let (mut kept, mut length) = (Vec::new(), 0);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk?;
        length += chunk.len();
        match length {
            0..=MAX_REQUEST_BYTES => kept.extend_from_slice(&chunk),
            length if length > MAX_DRAINED_BYTES => return Ok(None),
            _ => kept = Vec::new(),
        }
    }
    Ok((length <= MAX_REQUEST_BYTES).then(|| kept.into()))
}

/// The body, or the response that refuses it in Fn's form.
async fn fn_body(body: Body) -> Result<Bytes, Response> {
    match read_body(body).await {
        Ok(Some(body)) => Ok(body),
        Ok(None) => Err(error(StatusCode::PAYLOAD_TOO_LARGE, "Request content too large")),
        Err(_) => Err(error(StatusCode::BAD_REQUEST, "the request body is incomplete")),
    }
}

async fn index(State(api): State<Api>) -> Json<Value> {
    let base = &api.base_url;
    let functions = api.cloud.deployments().map(|function| {
        let (name, id) = (&function.program.name, function.program.id());
        json!({
            "name": name,
            "about": function.program.about,
            "fn_id": id,
            "fn_invoke": format!("{base}/invoke/{id}"),
            "fn_trigger": format!("{base}/t/{APP}/{name}"),
            "lambda_invoke": format!("{base}/2015-03-31/functions/{name}/invocations"),
            "logs": format!("{base}/logs/{name}"),
        })
    });
    let routes = [
        "/v2/apps",
        "/v2/fns",
        "/v2/triggers",
        "/invoke/<fn id>",
        "/t/causeway/<function>",
        "/logs/<function>",
        "/status",
    ];
    Json(json!({ "functions": functions.collect::<Vec<_>>(), "routes": routes }))
}

async fn logs(State(api): State<Api>, Path(name): Path<String>) -> Response {
    match api.cloud.get(&name) {
        Some(function) => {
            let lines = function.log.all();
            lines.iter().map(|line| format!("{} {}\n", line.pid, line.text)).collect::<String>().into_response()
        }
        None => error(StatusCode::NOT_FOUND, "Fn not found"),
    }
}

impl Api {
    /// By id, or by name for people.
    fn function(&self, id: &str) -> Option<&Deployment> {
        self.cloud.get(id).or_else(|| self.cloud.deployments().find(|function| function.program.id() == id))
    }
}

fn app_id() -> String {
    ids::stable_id("app/causeway")
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

async fn log_access(State(enabled): State<bool>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), shown::path(request.uri().path()));
    let started = Instant::now();
    let response = next.run(request).await;
    if enabled {
        let (status, ms) = (response.status().as_u16(), started.elapsed().as_secs_f64() * 1000.0);
        // A terminal that has gone must not stop the server.
        let _ = writeln!(io::stderr(), "{method} {path} {status} {ms:.1} ms");
    }
    response
}

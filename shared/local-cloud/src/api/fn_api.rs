//! Fn's API, version 2, as far as its command line reads and calls functions.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{APP, Api, app_id, error, failed, fn_body, header};
use crate::cloud::{Cloud, Deployment};
use crate::ids;
use crate::supervisor::fn_wire::end_to_end;
use crate::supervisor::fn_worker::{FnReply, FnRequest};

/// There is no past to tell of: whatever is linked is deployed.
const CREATED: &str = "2026-01-01T00:00:00.000Z";

/// Filters of lists. The command line looks names up with them.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Filter {
    app_id: Option<String>,
    fn_id: Option<String>,
    name: Option<String>,
}

impl Filter {
    fn takes(&self, name: &str, fn_id: &str) -> bool {
        let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
        is(&self.name, name) && is(&self.app_id, &app_id()) && is(&self.fn_id, fn_id)
    }
}

fn list(items: impl Iterator<Item = Value>) -> Json<Value> {
    Json(json!({ "items": items.collect::<Vec<_>>(), "next_cursor": "" }))
}

fn app_object() -> Value {
    json!({ "id": app_id(), "name": APP, "created_at": CREATED, "updated_at": CREATED })
}

fn function_object(api: &Api, function: &Deployment) -> Value {
    let (id, limits) = (function.program.id(), &function.limits);
    json!({
        "id": id,
        "name": function.program.name,
        "app_id": app_id(),
        "image": format!("local/{}", function.program.name),
        "memory": limits.memory_mb,
        "timeout": limits.call_timeout.as_secs().max(1),
        "idle_timeout": limits.idle_timeout.as_secs().max(1),
        "annotations": { "fnproject.io/fn/invokeEndpoint": format!("{}/invoke/{id}", api.base_url) },
        "created_at": CREATED,
        "updated_at": CREATED,
    })
}

fn trigger_id(function: &Deployment) -> String {
    ids::stable_id(&format!("trigger/{}", function.program.name))
}

fn trigger_object(api: &Api, function: &Deployment) -> Value {
    let name = &function.program.name;
    json!({
        "id": trigger_id(function),
        "name": name,
        "app_id": app_id(),
        "fn_id": function.program.id(),
        "type": "http",
        "source": format!("/{name}"),
        "annotations": { "fnproject.io/trigger/httpEndpoint": format!("{}/t/{APP}/{name}", api.base_url) },
        "created_at": CREATED,
        "updated_at": CREATED,
    })
}

pub(super) async fn apps(Query(filter): Query<Filter>) -> Json<Value> {
    let wanted = filter.name.is_none_or(|name| name == APP);
    list(wanted.then(app_object).into_iter())
}

pub(super) async fn app(Path(id): Path<String>) -> Response {
    if id == app_id() { Json(app_object()).into_response() } else { error(StatusCode::NOT_FOUND, "App not found") }
}

pub(super) async fn functions(State(api): State<Api>, Query(filter): Query<Filter>) -> Json<Value> {
    let wanted = |function: &&Deployment| filter.takes(&function.program.name, &function.program.id());
    list(api.cloud.deployments().filter(wanted).map(|function| function_object(&api, function)))
}

pub(super) async fn function(State(api): State<Api>, Path(id): Path<String>) -> Response {
    match api.function(&id) {
        Some(function) => Json(function_object(&api, function)).into_response(),
        None => error(StatusCode::NOT_FOUND, "Fn not found"),
    }
}

pub(super) async fn triggers(State(api): State<Api>, Query(filter): Query<Filter>) -> Json<Value> {
    let wanted = |function: &&Deployment| filter.takes(&function.program.name, &function.program.id());
    list(api.cloud.deployments().filter(wanted).map(|function| trigger_object(&api, function)))
}

pub(super) async fn trigger(State(api): State<Api>, Path(id): Path<String>) -> Response {
    match api.cloud.deployments().find(|function| trigger_id(function) == id) {
        Some(function) => Json(trigger_object(&api, function)).into_response(),
        None => error(StatusCode::NOT_FOUND, "Trigger not found"),
    }
}

/// Changes: with 400, whose message is the only one that Fn's command line shows.
pub(super) async fn as_built() -> Response {
    let text = "causeway up runs the functions that it was built with, with the settings of its environment: \
                nothing is deployed or changed here";
    error(StatusCode::BAD_REQUEST, text)
}

/// `POST /invoke/<id>`: headers and body go to the function as they are.
pub(super) async fn invoke(State(api): State<Api>, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Response {
    let body = match fn_body(body).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let Some(function) = api.function(&id) else { return error(StatusCode::NOT_FOUND, "Fn not found") };
    let detached = header(&headers, "fn-invoke-type") == Some("detached");
    let request = FnRequest { call_id: ids::call_id(), headers: end_to_end(headers), body };
    if detached {
        let name = function.program.name.clone();
        return detach(&api.cloud, name, request).await;
    }
    let call_id = request.call_id.clone();
    match call(function, request).await {
        Ok(reply) => direct_response(reply, &call_id),
        Err(failure) => failed(&failure, &call_id),
    }
}

pub(super) async fn call(function: &Deployment, request: FnRequest) -> Result<FnReply, crate::Failure> {
    function.fn_process().await?.run(request).await
}

/// 202 as soon as a process is there for the call; what it answers is of no interest to anybody. Without
/// a process the caller gets the error at once: this is no queue.
async fn detach(cloud: &Arc<Cloud>, name: String, request: FnRequest) -> Response {
    let call_id = request.call_id.clone();
    let Some(function) = cloud.get(&name) else { return error(StatusCode::NOT_FOUND, "Fn not found") };
    match function.fn_process().await {
        Ok(process) => {
            tokio::spawn(async move { drop(process.run(request).await) });
            (StatusCode::ACCEPTED, [("fn-call-id", call_id)]).into_response()
        }
        Err(failure) => failed(&failure, &call_id),
    }
}

/// Every header of the function; a call id of its own does not replace ours but stands beside it.
fn direct_response(reply: FnReply, call_id: &str) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(call_id) {
        headers.insert(HeaderName::from_static("fn-call-id"), value);
    }
    for (name, value) in &reply.headers {
        headers.append(name.clone(), value.clone());
    }
    response
}

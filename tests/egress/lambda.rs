//! The same executable on AWS Lambda, at work on an OCI.

use std::process::Stdio;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde_json::{Value, json};
use tests::harness::published;

use crate::cloud::Cloud;
use crate::rows::until_yesterday;

/// Bound on waiting for what has to come; generous, since test machines are busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// A Runtime API with one event: what came of it is sent on.
#[derive(Clone)]
struct Api {
    event: Arc<Mutex<Option<Value>>>,
    done: Sender<(String, Value)>,
}

async fn next(State(api): State<Api>) -> Response {
    let Some(event) = api.event.lock().unwrap().take() else { return std::future::pending().await };
    let deadline = Timestamp::now().as_millisecond() + 240_000;
    let headers = [
        ("Lambda-Runtime-Aws-Request-Id", "request-1".to_owned()),
        ("Lambda-Runtime-Deadline-Ms", deadline.to_string()),
        ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:0:function:egress-monitor".to_owned()),
    ];
    (headers, event.to_string()).into_response()
}

async fn done(State(api): State<Api>, Path((_, what)): Path<(String, String)>, body: String) -> StatusCode {
    api.done.send((what, serde_json::from_str(&body).unwrap_or_default())).unwrap();
    StatusCode::ACCEPTED
}

#[test]
fn a_schedule_of_lambda_watches_an_oci() {
    let mut cloud = Cloud::start();
    cloud.begin_before(2);
    cloud.usage(&until_yesterday(&[8_400.0]));
    let event = json!({ "kind": "tick" });
    let (sender, receiver) = channel();
    let api = Api { event: Arc::new(Mutex::new(Some(event))), done: sender };
    let routes = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/{what}", post(done))
        .with_state(api);
    let listener = cloud.runtime().block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    cloud.runtime().spawn(async move { axum::serve(listener, routes).await });
    let mut command = cloud.command(&[]);
    command.env("AWS_LAMBDA_RUNTIME_API", address).env("AWS_REGION", "eu-central-1");
    let given = [("FUNCTION_NAME", "egress-monitor"), ("FUNCTION_MEMORY_SIZE", "256"), ("FUNCTION_VERSION", "1")];
    command.envs(given.map(|(name, value)| (format!("AWS_LAMBDA_{name}"), value)));
    let mut process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let answered = receiver.recv_timeout(PATIENCE);
    process.kill().unwrap();
    process.wait().unwrap();
    let (what, reply) = answered.expect("it answers");
    assert_eq!((what.as_str(), &reply["used_gb"]), ("response", &json!(8_400.0)), "{reply}");
    assert_eq!((published(&reply).len(), cloud.messages().len()), (1, 1));
}

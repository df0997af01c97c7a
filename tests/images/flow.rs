//! The image of the flow calls the images of the agents, as functions of one application do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use causeway_oci_emulator::{FunctionCall, FunctionInfo, FunctionReply, InvokeFailure, Invoker, Options};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::json;
use tests::harness::{AGENTS, FLOW};

use crate::cloud::Cloud;
use crate::container::{Spec, call};
use crate::engine::engine;
use crate::images::images;

/// What a run tells of, an agent each.
const STAGES: [&str; 5] = ["discovery", "intelligence", "strategy", "decision", "visualization"];

/// The sockets of running functions, by name.
#[derive(Clone, Default)]
struct Functions(Arc<OnceLock<BTreeMap<&'static str, PathBuf>>>);

impl Functions {
    fn socket(&self, name: &str) -> Option<PathBuf> {
        self.0.get()?.get(name).cloned()
    }
}

impl Invoker for Functions {
    fn functions(&self) -> Vec<FunctionInfo> {
        let info = |name: &&str| FunctionInfo {
            name: (*name).to_owned(),
            image: format!("local/{name}:latest"),
            memory_mb: 512,
            timeout_seconds: 300,
            config: BTreeMap::new(),
        };
        self.0.get().into_iter().flat_map(BTreeMap::keys).map(info).collect()
    }

    fn invoke(&self, asked: FunctionCall) -> BoxFuture<'_, Result<FunctionReply, InvokeFailure>> {
        let socket = self.socket(&asked.function);
        async move { answer(&socket.ok_or(InvokeFailure::Unavailable)?, asked).await }.boxed()
    }
}

async fn answer(socket: &Path, asked: FunctionCall) -> Result<FunctionReply, InvokeFailure> {
    let (socket, body) = (socket.to_owned(), asked.body);
    let called = tokio::task::spawn_blocking(move || call(&socket, &body)).await;
    let reply = called.map_err(|_| InvokeFailure::Unavailable)?.map_err(|_| InvokeFailure::NoResponse)?;
    if reply.status != 200 {
        return Err(InvokeFailure::ExecutionFailed);
    }
    let content_type = reply.value("content-type").map(str::to_owned);
    Ok(FunctionReply { body: reply.body.into(), content_type, status: None, call_id: None })
}

#[test]
fn the_image_of_the_flow_calls_those_of_the_agents() {
    let Some(engine) = engine("the flow in images") else { return };
    let functions = Functions::default();
    let options = Options { invoker: Some(Arc::new(functions.clone())), ..Options::default() };
    let cloud = Cloud::with(options, FLOW);
    let start = |function| cloud.run(&Spec { engine, function, image: &images(engine)[function] }).0;
    let agents = AGENTS.map(|name| (name, start(name)));
    let sockets = agents.iter().map(|(name, container)| (*name, container.socket())).collect();
    functions.0.set(sockets).expect("started once");
    let flow = start(FLOW);
    let reply = flow.call(&json!({ "data_sources": ["superstore.csv"], "as_of": "2018-01-01" }).to_string());
    assert_eq!(reply.status, 200, "{}", flow.log());
    let run = &reply.json()["workflow_run"];
    for stage in STAGES {
        let status = run["agents"][stage]["status"].as_str();
        assert!(matches!(status, Some("success" | "partial")), "{stage}: {run:#}: {}", flow.log());
    }
    assert_eq!(run["deferred"], json!([]), "{run:#}");
}

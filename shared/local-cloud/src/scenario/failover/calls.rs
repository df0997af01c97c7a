//! The calls of the drill.

use std::time::Duration;

use bytes::Bytes;
use causeway_cloud::side::OF_SECOND;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::ORDERS;
use crate::cloud::{Cloud, Deployment};
use crate::commands::invoke::{is_client_error, json_request};

const READS: &str = "discovery-agent";
const WRITES: &str = "decisioning-flow";
/// Pauses before a failed call is made again, in seconds of the drill: as for events of Lambda in `causeway up`.
const AGAIN: [f64; 2] = [1.0, 2.0];
/// What functions log when another link than the first served.
const FALLBACK: &str = "a fallback serves";

/// Who gave an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    First,
    Second,
    Cache,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    /// None when there was no answer at all.
    pub(super) by: Option<By>,
    /// How often it was made again.
    pub(super) again: u32,
    /// The run that was answered with.
    pub(super) run: Option<String>,
    /// Why it is lost.
    pub(super) problem: Option<String>,
}

/// Who calls.
pub(super) struct Caller<'a> {
    cloud: &'a Cloud,
    speed: f64,
}

impl<'a> Caller<'a> {
    pub(super) fn new(cloud: &'a Cloud, speed: f64) -> Self {
        Self { cloud, speed }
    }

    /// The call of this number: readers and writers in turn.
    pub(super) async fn call(&self, number: u64) -> Answer {
        let (function, request) = match number % 2 {
            0 => (READS, json!({ "data_sources": [ORDERS] })),
            _ => (WRITES, flow_request()),
        };
        let mut pauses = AGAIN.into_iter();
        let mut again = 0;
        loop {
            let problem = match self.once(function, &request).await {
                Ok((reply, by)) => return Answer { by: Some(by), again, run: run_of(&reply), problem: None },
                Err(problem) => problem,
            };
            let Some(pause) = pauses.next() else {
                return Answer { by: None, again, run: None, problem: Some(format!("{function}: {problem}")) };
            };
            again += 1;
            sleep(Duration::from_secs_f64(pause / self.speed)).await;
        }
    }

    /// Whether the result of a run is still there.
    pub(super) async fn finds(&self, run: &str) -> bool {
        let mut request = flow_request();
        request["run_id"] = json!(run);
        self.once(WRITES, &request).await.is_ok_and(|(reply, _)| run_of(&reply).as_deref() == Some(run))
    }

    async fn once(&self, function: &str, request: &Value) -> Result<(Value, By), String> {
        let function = self.cloud.get(function).ok_or_else(|| format!("there is no {function}"))?;
        let request = json_request(Bytes::from(request.to_string()));
        let (mark, id) = (function.log.mark(), request.call_id.clone());
        let process = function.fn_process().await.map_err(|failure| failure.to_string())?;
        let body = process.run(request).await.map_err(|failure| failure.to_string())?.body;
        let text = || String::from_utf8_lossy(&body).into_owned();
        if is_client_error(&body) {
            return Err(text());
        }
        let reply: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
        match reply["workflow_run"]["is_continued"].is_boolean() {
            true => Err("the run was cut".to_owned()),
            false => Ok((who(function, mark, &id, &reply), reply)).map(|(by, reply)| (reply, by)),
        }
    }
}

fn flow_request() -> Value {
    json!({ "analysis_type": "financial_health", "data_sources": [ORDERS] })
}

fn run_of(reply: &Value) -> Option<String> {
    reply["workflow_run"]["run_id"].as_str().map(str::to_owned)
}

/// By the name of the run, which says its side, and by what the function logged during the call.
fn who(function: &Deployment, mark: u64, id: &str, reply: &Value) -> By {
    let lines = function.log.all().into_iter().filter(|line| line.number >= mark);
    let lines = lines.filter_map(|line| serde_json::from_str::<Value>(&line.text).ok());
    let links: Vec<String> =
        lines.filter(|line| line["function_request_id"] == id).filter_map(|line| link(&line)).collect();
    if links.iter().any(|link| link == "Cached" || link == "Degraded") {
        By::Cache
    } else if links.iter().any(|link| link == "Secondary")
        || run_of(reply).is_some_and(|run| run.starts_with(OF_SECOND))
    {
        By::Second
    } else {
        By::First
    }
}

fn link(line: &Value) -> Option<String> {
    (line["message"] == FALLBACK).then(|| line["link"].as_str().map(str::to_owned)).flatten()
}

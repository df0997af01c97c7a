//! A function as a process of Lambda: it polls a Runtime API that is served for it alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::host::Host;
use super::pool::{Called, Worker};
use super::process::Process;
use super::runtime_api::{Event, Posted, RuntimeApi};
use crate::failure::{Failure, FailureKind};

/// What a call asks for.
#[derive(Debug)]
pub(crate) struct LambdaRequest {
    pub(crate) event: Event,
    /// Whether the log lines of the call are wanted.
    pub(crate) wants_log: bool,
}

/// What Lambda answers with 200, whether or not the function failed.
#[derive(Debug)]
pub(crate) struct LambdaReply {
    pub(crate) payload: Bytes,
    pub(crate) is_error: bool,
    pub(crate) log: Vec<String>,
}

pub(crate) struct LambdaWorker {
    host: Arc<Host>,
    api: RuntimeApi,
    process: Process,
    init: Option<Duration>,
    /// The error object of a process that failed to come up: it is the answer to the call that started it.
    stillborn: Option<Bytes>,
}

impl Worker for LambdaWorker {
    type Request = LambdaRequest;
    type Reply = LambdaReply;

    async fn start(host: Arc<Host>) -> Result<Self, Failure> {
        let not_started = |error: std::io::Error| FailureKind::NotStarted.because(error.to_string());
        let started = Instant::now();
        let api = RuntimeApi::start().await.map_err(not_started)?;
        let directory = host.process_directory().map_err(not_started)?;
        let process = Process::start(&host, &platform(&host, &api), directory)?;
        let outcome = timeout(host.limits.lambda_init_timeout, came_up(&api, &process)).await;
        let stillborn = match outcome {
            Ok(outcome) => outcome.err(),
            Err(_) => Some(failure("Sandbox.Timedout", "the function did not ask for an event in time")),
        };
        Ok(Self { host, api, process, init: Some(started.elapsed()), stillborn })
    }

    async fn prepare(&mut self) -> bool {
        !self.process.has_exited()
    }

    async fn call(&mut self, request: LambdaRequest) -> Called<LambdaReply> {
        let LambdaRequest { event, wants_log } = request;
        let request_id = event.request_id.clone();
        let (mark, started, polls) = (self.process.log_mark(), Instant::now(), self.api.polls());
        let mark = if self.init.is_some() { 0 } else { mark };
        let (payload, is_error, keep) = match self.stillborn.take() {
            Some(error) => (error, true, false),
            None => self.exchange(event).await,
        };
        let elapsed = started.elapsed();
        let init = self.init.take();
        let log = if wants_log {
            self.settle(keep, polls).await;
            self.report(&request_id, elapsed, init, mark)
        } else {
            Vec::new()
        };
        Called { outcome: Ok(LambdaReply { payload, is_error, log }), keep }
    }

    fn rest(&mut self, _idle: Duration) -> bool {
        !self.process.has_exited()
    }

    fn pid(&self) -> u32 {
        self.process.pid
    }
}

impl LambdaWorker {
    /// The payload, whether it is an error, and whether the process can go on.
    async fn exchange(&mut self, event: Event) -> (Bytes, bool, bool) {
        let (limit, id) = (self.host.limits.call_timeout, event.request_id.clone());
        let posted = tokio::select! {
            posted = timeout(limit, self.api.invoke(event, limit)) => posted,
            status = self.process.exited() => return (exit_error(&id, &status), true, false),
        };
        match posted {
            Ok(Some(Posted::Response(body))) => (body, false, true),
            Ok(Some(Posted::Error(body))) => (body, true, true),
            Ok(Some(Posted::TooLarge)) => {
                let text = "Response payload size exceeded maximum allowed payload size (6291556 bytes).";
                (failure("Function.ResponseSizeTooLarge", text), true, true)
            }
            Ok(None) => (exit_error(&id, &self.process.exited().await), true, false),
            Err(_) => {
                let text = format!("RequestId: {id} Error: Task timed out after {:.2} seconds", limit.as_secs_f64());
                (failure("Sandbox.Timedout", &text), true, false)
            }
        }
    }

    /// Lets the last log lines arrive: they are in the pipe when the process asks for the next event.
    async fn settle(&self, keep: bool, polls: u64) {
        if keep {
            let _ = timeout(Duration::from_millis(200), self.api.asks_again(polls)).await;
        }
        sleep(Duration::from_millis(5)).await;
    }

    fn report(&self, id: &str, elapsed: Duration, init: Option<Duration>, mark: u64) -> Vec<String> {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let init = init.map_or(String::new(), |init| format!("\tInit Duration: {:.2} ms", ms(init)));
        let memory = self.process.peak_memory_mb().map_or("unknown".to_owned(), |mb| format!("{mb} MB"));
        let (used, size) = (ms(elapsed), self.host.limits.memory_mb);
        let mut lines = vec![format!("START RequestId: {id} Version: $LATEST")];
        lines.extend(self.process.log_since(mark));
        lines.push(format!("END RequestId: {id}"));
        lines.push(format!(
            "REPORT RequestId: {id}\tDuration: {used:.2} ms\tBilled Duration: {} ms\tMemory Size: {size} MB\tMax Memory \
             Used: {memory}{init}",
            used.ceil()
        ));
        lines
    }
}

async fn came_up(api: &RuntimeApi, process: &Process) -> Result<(), Bytes> {
    tokio::select! {
        // An error that was posted is worth more than the exit status that follows it.
        biased;
        ready = api.ready() => ready,
        status = process.exited() => Err(exit_error("unknown", &status)),
    }
}

fn platform(host: &Host, api: &RuntimeApi) -> Vec<(&'static str, String)> {
    let given = |name: &str| host.program.environment.iter().any(|(given, _)| given == name);
    let name = &host.program.name;
    let mut variables = vec![
        ("AWS_LAMBDA_RUNTIME_API", api.address.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", host.limits.memory_mb.to_string()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "local".to_owned()),
        ("_HANDLER", "bootstrap".to_owned()),
    ];
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        if !given(name) {
            variables.push((name, crate::api::DEFAULT_REGION.to_owned()));
        }
    }
    variables
}

/// An error object in Lambda's words.
fn failure(kind: &str, message: &str) -> Bytes {
    json!({ "errorType": kind, "errorMessage": message }).to_string().into()
}

fn exit_error(id: &str, status: &str) -> Bytes {
    let status = status.lines().next().unwrap_or_default();
    failure("Runtime.ExitError", &format!("RequestId: {id} Error: Runtime exited with error: {status}"))
}

//! Functions behind the emulator's service: an executable each, and a process for each call at a time.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use causeway_oci_emulator::{FunctionCall, FunctionInfo, FunctionReply, InvokeFailure, Invoker};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{Connection, Function, Reply, Request, Spec, Verdict, WireError};

/// Time limit of every function.
const TIMEOUT: Duration = Duration::from_secs(290);
/// Bound on waiting for what has to come; generous, since test machines are busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a call of a function through the service came to.
#[derive(Debug, Clone)]
pub struct Called {
    /// The function.
    pub function: String,
    /// What it was asked.
    pub request: Value,
    /// What it answered; `None` when its process died.
    pub answer: Option<Bytes>,
}

#[derive(Default)]
struct State {
    idle: BTreeMap<String, Vec<Function>>,
    /// Processes at work, with their functions.
    busy: BTreeMap<u32, String>,
    calls: Vec<Called>,
    /// The function whose next call is stopped as soon as its process has it.
    stopping: Option<String>,
    /// The process that was stopped.
    stopped: Option<u32>,
}

#[derive(Default)]
struct Shared {
    specs: OnceLock<BTreeMap<String, Spec>>,
    state: Mutex<State>,
    changed: Condvar,
}

/// The functions. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Deployed(Arc<Shared>);

/// Sends a signal to a process.
///
/// # Panics
/// When there is none.
pub fn signal(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a process");
    kill_process(pid, signal).expect("a signal");
}

/// A direct call as the service makes it.
#[must_use]
pub fn direct(body: impl Into<Vec<u8>>) -> Request {
    let call = Request::call(body).header("Content-Type", "application/json");
    call.deadline_in(i64::try_from(TIMEOUT.as_secs()).unwrap_or(i64::MAX))
}

impl Deployed {
    /// Says which functions there are.
    pub(super) fn deploy(&self, specs: BTreeMap<String, Spec>) {
        assert!(self.0.specs.set(specs).is_ok(), "functions are deployed once");
    }

    pub(super) fn spec(&self, name: &str) -> &Spec {
        self.0.specs.get().and_then(|specs| specs.get(name)).unwrap_or_else(|| panic!("no function {name}"))
    }

    pub(super) fn calls(&self) -> Vec<Called> {
        self.lock().calls.clone()
    }

    pub(super) fn idle(&self, name: &str) -> Vec<u32> {
        self.lock().idle.get(name).into_iter().flatten().map(Function::pid).collect()
    }

    /// A process that waits for a call from now on.
    pub(super) fn keep(&self, name: &str, function: Function) {
        self.lock().idle.entry(name.to_owned()).or_default().push(function);
    }

    pub(super) fn stop_at(&self, name: &str) {
        let mut state = self.lock();
        (state.stopping, state.stopped) = (Some(name.to_owned()), None);
    }

    pub(super) fn wait_stopped(&self) -> u32 {
        self.wait(|state| state.stopped)
    }

    pub(super) fn wait_busy(&self, name: &str) -> u32 {
        self.wait(|state| state.busy.iter().find(|(_, function)| *function == name).map(|(pid, _)| *pid))
    }

    pub(super) fn wait_quiet(&self) {
        self.wait(|state| state.busy.is_empty().then_some(()));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<T>(&self, is_so: impl Fn(&State) -> Option<T>) -> T {
        let limit = Instant::now() + PATIENCE;
        let mut state = self.lock();
        loop {
            if let Some(found) = is_so(&state) {
                return found;
            }
            let left = limit.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the functions never come so far: {:?}", state.calls.last());
            state = self.0.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// One call in a process that has nothing else to do. It is carried out to its end, whatever becomes of its caller.
    fn call(&self, name: &str, body: &[u8]) -> Result<Reply, WireError> {
        let waiting = self.lock().idle.get_mut(name).and_then(Vec::pop);
        let function = waiting.unwrap_or_else(|| self.spec(name).start());
        // Before anybody can kill it.
        let connection = function.connect();
        self.begin(name, &function);
        let outcome = exchange(connection, body);
        let request = serde_json::from_slice(body).unwrap_or_default();
        let answer = outcome.as_ref().ok().map(|reply| Bytes::from(reply.body.clone()));
        let mut state = self.lock();
        state.busy.remove(&function.pid());
        state.calls.push(Called { function: name.to_owned(), request, answer });
        if outcome.as_ref().is_ok_and(|reply| Verdict::on(reply.status) != Verdict::Invalid) {
            state.idle.entry(name.to_owned()).or_default().push(function);
        }
        drop(state);
        self.0.changed.notify_all();
        outcome
    }

    fn begin(&self, name: &str, function: &Function) {
        let mut state = self.lock();
        state.busy.insert(function.pid(), name.to_owned());
        if state.stopping.as_deref() == Some(name) {
            function.freeze();
            (state.stopping, state.stopped) = (None, Some(function.pid()));
        }
        drop(state);
        self.0.changed.notify_all();
    }
}

fn exchange(mut connection: Connection, body: &[u8]) -> Result<Reply, WireError> {
    connection.set_patience(TIMEOUT);
    connection.try_send(&direct(body).bytes())?;
    connection.try_reply()
}

fn judge(outcome: Result<Reply, WireError>) -> Result<FunctionReply, InvokeFailure> {
    let reply = outcome.map_err(|error| match error {
        WireError::Silent => InvokeFailure::Timeout,
        _ => InvokeFailure::NoResponse,
    })?;
    match Verdict::on(reply.status) {
        Verdict::Failed => return Err(InvokeFailure::ExecutionFailed),
        Verdict::TimedOut => return Err(InvokeFailure::Timeout),
        Verdict::Invalid => return Err(InvokeFailure::InvalidResponse),
        Verdict::Pass => {}
    }
    let status = reply.value("fn-http-status").and_then(|status| status.parse().ok());
    let content_type = reply.value("content-type").map(str::to_owned);
    Ok(FunctionReply { body: reply.body.into(), content_type, status, call_id: None })
}

impl Invoker for Deployed {
    fn functions(&self) -> Vec<FunctionInfo> {
        let info = |name: &String| FunctionInfo {
            name: name.clone(),
            image: format!("local/{name}:latest"),
            memory_mb: 512,
            timeout_seconds: TIMEOUT.as_secs(),
            config: BTreeMap::new(),
        };
        self.0.specs.get().into_iter().flat_map(BTreeMap::keys).map(info).collect()
    }

    fn invoke(&self, call: FunctionCall) -> BoxFuture<'_, Result<FunctionReply, InvokeFailure>> {
        let (deployed, is_detached) = (self.clone(), call.detached);
        // A thread of its own: it goes on when the caller is gone.
        let done = tokio::task::spawn_blocking(move || deployed.call(&call.function, &call.body));
        async move {
            if is_detached {
                return Ok(FunctionReply { body: Bytes::new(), content_type: None, status: None, call_id: None });
            }
            judge(done.await.map_err(|_| InvokeFailure::Unavailable)?)
        }
        .boxed()
    }
}

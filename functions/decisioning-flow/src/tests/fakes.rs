//! Agents, a store and a clock that fail at a chosen step.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use causeway_cloud::invoker::{Call, Outcome};
use causeway_cloud::object_store::memory::InMemory;
use causeway_cloud::object_store::path::Path;
use causeway_cloud::object_store::{
    CopyOptions, Error as StoreError, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result as StoreResult,
};
use causeway_cloud::results::ObjectResults;
use causeway_cloud::state::{Clock, Documents};
use causeway_cloud::{Invoker, NoPrincipal};
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use serde_json::{Value, json};

use crate::{Config, DecisioningFlow, Parts};
use causeway_runtime::{Settings, Vars};

/// When every run of these tests begins: 2026-03-01T12:00:00Z.
pub(super) const START: u64 = 1_772_366_400_000;

/// tokio's clock, which tests pause; it stands at [`START`] when it is made.
pub(super) struct Paused(tokio::time::Instant);

impl Clock for Paused {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(START) + self.0.elapsed()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// What happens at a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fault {
    /// The process dies before the step has an effect.
    DieBefore,
    /// It dies when the step has had its effect, before the answer.
    DieAfter,
    /// The step fails without effect, and everything goes on.
    FailBefore,
    /// The step has its effect, its answer is lost, and everything goes on.
    FailAfter,
    /// A write arrives so late that everybody has stopped waiting for its answer.
    Late,
}

/// How long a late write takes.
const LATE: Duration = Duration::from_secs(40);

/// Everything that goes out of the process is a step. A dead process has no more effects.
#[derive(Debug, Default)]
pub(super) struct Fate {
    steps: AtomicUsize,
    planned: Mutex<Option<(usize, Fault)>>,
    is_dead: std::sync::atomic::AtomicBool,
}

/// Whether a step has its effect, and whether its answer arrives.
struct Step {
    happens: bool,
    answers: bool,
    is_late: bool,
}

impl Fate {
    pub(super) fn steps(&self) -> usize {
        self.steps.load(Ordering::SeqCst)
    }

    pub(super) fn plan(&self, step: usize, fault: Fault) {
        *self.planned.lock().unwrap() = Some((step, fault));
    }

    /// A new process without faults.
    pub(super) fn revive(&self) {
        *self.planned.lock().unwrap() = None;
        self.is_dead.store(false, Ordering::SeqCst);
    }

    fn step(&self) -> Step {
        if self.is_dead.load(Ordering::SeqCst) {
            return Step { happens: false, answers: false, is_late: false };
        }
        let step = self.steps.fetch_add(1, Ordering::SeqCst);
        let fault = self.planned.lock().unwrap().filter(|(at, _)| *at == step).map(|(_, fault)| fault);
        if matches!(fault, Some(Fault::DieBefore | Fault::DieAfter)) {
            self.is_dead.store(true, Ordering::SeqCst);
        }
        let happens = !matches!(fault, Some(Fault::DieBefore | Fault::FailBefore));
        let is_late = fault == Some(Fault::Late);
        Step { happens, answers: fault.is_none() || is_late, is_late }
    }
}

/// A store whose steps have a fate, and whose objects are as old as the tests' clock says.
struct Fated {
    inner: InMemory,
    fate: Arc<Fate>,
    clock: Arc<dyn Clock>,
    written: Arc<Mutex<BTreeMap<Path, u64>>>,
}

impl std::fmt::Debug for Fated {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("fated")
    }
}

impl std::fmt::Display for Fated {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("fated")
    }
}

fn broken() -> StoreError {
    StoreError::Generic { store: "fated", source: "connection reset".into() }
}

#[async_trait]
impl ObjectStore for Fated {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> StoreResult<PutResult> {
        let step = self.fate.step();
        if !step.happens {
            return Err(broken());
        }
        if step.is_late {
            tokio::time::sleep(LATE).await;
        }
        let put = self.inner.put_opts(at, payload, options).await;
        if put.is_ok() {
            self.written.lock().unwrap().insert(at.clone(), self.clock.unix_millis());
        }
        if step.answers { put } else { Err(broken()) }
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> StoreResult<Box<dyn MultipartUpload>> {
        Err(StoreError::NotImplemented { operation: "multipart".into(), implementer: "fated".into() })
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> StoreResult<GetResult> {
        let step = self.fate.step();
        if step.answers { self.inner.get_opts(at, options).await } else { Err(broken()) }
    }

    fn delete_stream(&self, at: BoxStream<'static, StoreResult<Path>>) -> BoxStream<'static, StoreResult<Path>> {
        let fate = Arc::clone(&self.fate);
        let happens = move |at| if fate.step().happens { at } else { Err(broken()) };
        self.inner.delete_stream(at.map(happens).boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, StoreResult<ObjectMeta>> {
        let written = Arc::clone(&self.written);
        let dated = move |mut object: ObjectMeta| {
            let real = Duration::from_millis(object.last_modified.timestamp_millis().unsigned_abs());
            let ours = Duration::from_millis(written.lock().unwrap()[&object.location]);
            object.last_modified = object.last_modified - real + ours;
            object
        };
        self.inner.list(prefix).map_ok(dated).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> StoreResult<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> StoreResult<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// How an agent behaves.
#[derive(Debug, Clone)]
pub(super) enum Behaviour {
    /// It answers with this.
    Answers(Value),
    /// It takes so long, then answers.
    Takes(Duration, Value),
    /// It fails so often, then answers.
    Fails(usize, Value),
    /// It says so often that an earlier call is still being carried out, then answers.
    IsAtWork(usize, Value),
    /// The platform has no such function.
    Missing,
}

/// The agents. Like real ones they work at every call.
pub(super) struct Agents {
    fate: Arc<Fate>,
    kept: InMemory,
    behaviours: Mutex<BTreeMap<String, Behaviour>>,
    /// Requests by function, in order.
    pub(super) calls: Mutex<Vec<(String, Value)>>,
    /// How often the work of a function for a run's stage was done.
    pub(super) work: Mutex<BTreeMap<(String, String, String), usize>>,
    /// Functions that were called although their result was kept.
    pub(super) in_vain: Mutex<Vec<String>>,
}

impl Agents {
    pub(super) fn set(&self, agent: &str, behaviour: Behaviour) {
        self.behaviours.lock().unwrap().insert(format!("{agent}-agent"), behaviour);
    }

    pub(super) fn called(&self) -> Vec<String> {
        self.calls.lock().unwrap().iter().map(|(name, _)| name.clone()).collect()
    }

    fn calls_so_far(&self, name: &str) -> usize {
        self.calls.lock().unwrap().iter().filter(|(called, _)| called == name).count()
    }

    fn work(&self, name: &str, request: &Value) {
        let text = |member: &str| request[member].as_str().unwrap_or_default().to_owned();
        let key = (name.to_owned(), text("run_id"), text("stage"));
        *self.work.lock().unwrap().entry(key).or_default() += 1;
    }

    async fn note(&self, name: &str, request: &Value) {
        let text = |member: &str| request[member].as_str().unwrap_or_default().to_owned();
        let (run, stage, agent) = (text("run_id"), text("stage"), name.trim_end_matches("-agent"));
        let result = format!("causeway-state/decisioning-flow-runs/{run}/stages/{stage}/{agent}.json");
        if self.kept.head(&Path::from(result)).await.is_ok() {
            self.in_vain.lock().unwrap().push(name.to_owned());
        }
        self.calls.lock().unwrap().push((name.to_owned(), request.clone()));
    }
}

fn unavailable() -> ServiceFailure {
    ServiceFailure::new(Kind::Unavailable, "functions", "InvokeFunction", "connection reset").with_unknown_effect(true)
}

#[async_trait]
impl Invoker for Agents {
    async fn invoke(&self, name: &str, call: &Call, _: Deadline) -> Result<Outcome, ServiceFailure> {
        let step = self.fate.step();
        if !step.happens {
            return Err(unavailable());
        }
        let request: Value = serde_json::from_slice(&call.payload).unwrap();
        self.note(name, &request).await;
        if call.is_detached {
            return if step.answers { Ok(Outcome::Accepted { call_id: None }) } else { Err(unavailable()) };
        }
        assert!(call.is_idempotent, "an agent may be asked twice");
        let behaviour = self.behaviours.lock().unwrap().get(name).cloned();
        let answer = match behaviour {
            Some(Behaviour::Missing) | None => {
                return Err(ServiceFailure::new(Kind::NotFound, "functions", "ListFunctions", "no such function"));
            }
            Some(Behaviour::Fails(times, _)) if self.calls_so_far(name) <= times => {
                let message = "out of memory".to_owned();
                return Ok(Outcome::Failed { code: "http_502".to_owned(), message, call_id: None });
            }
            Some(Behaviour::IsAtWork(times, _)) if self.calls_so_far(name) <= times => {
                let error = json!({"kind": "client", "code": "in_progress", "message": "wait", "retryable": true});
                let body = Bytes::from(json!({ "error": error }).to_string());
                return Ok(Outcome::Answered { body, call_id: None });
            }
            Some(Behaviour::Takes(time, answer)) => {
                tokio::time::sleep(time).await;
                answer
            }
            Some(Behaviour::Answers(answer) | Behaviour::Fails(_, answer) | Behaviour::IsAtWork(_, answer)) => answer,
        };
        self.work(name, &request);
        if !step.answers {
            return Err(unavailable());
        }
        Ok(Outcome::Answered { body: Bytes::from(answer.to_string()), call_id: None })
    }
}

/// A deployment.
pub(super) struct World {
    pub(super) flow: DecisioningFlow,
    pub(super) agents: Arc<Agents>,
    pub(super) fate: Arc<Fate>,
    pub(super) objects: causeway_cloud::Objects,
}

pub(super) fn config(variables: &[(&str, &str)]) -> Config {
    Config::read(&mut Vars::new(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))))
}

/// A deployment whose five agents answer at once. Its clock starts now.
pub(super) fn world(variables: &[(&str, &str)]) -> World {
    let fate = Arc::new(Fate::default());
    let clock: Arc<dyn Clock> = Arc::new(Paused(tokio::time::Instant::now()));
    let (inner, written) = (InMemory::new(), Arc::default());
    let kept = inner.clone();
    let fated = Fated { inner, fate: Arc::clone(&fate), clock: Arc::clone(&clock), written };
    let objects: causeway_cloud::Objects = Arc::new(fated);
    let agents = Arc::new(Agents {
        fate: Arc::clone(&fate),
        kept,
        behaviours: Mutex::default(),
        calls: Mutex::default(),
        work: Mutex::default(),
        in_vain: Mutex::default(),
    });
    for agent in ["discovery", "intelligence", "strategy", "decision", "visualization"] {
        agents.set(agent, Behaviour::Answers(envelope(agent)));
    }
    let parts = Parts {
        objects: Arc::clone(&objects),
        documents: Documents::new(Arc::clone(&objects), "state", Arc::clone(&clock)),
        invoker: Arc::clone(&agents) as Arc<dyn Invoker>,
        results: Arc::new(ObjectResults::new(Arc::clone(&objects), "results", Arc::clone(&clock), None)),
        principal: Arc::new(NoPrincipal),
        clock,
        random: || 0.5,
    };
    World { flow: DecisioningFlow::new(parts, config(variables)), agents, fate, objects }
}

/// A result as the agent gives it, shortened.
pub(super) fn envelope(agent: &str) -> Value {
    let recorded: Value = serde_json::from_str(include_str!("recorded.json")).unwrap();
    recorded[agent].clone()
}

/// The result with another value at a place.
pub(super) fn changed(agent: &str, pointer: &str, value: Value) -> Value {
    let mut envelope = envelope(agent);
    *envelope.pointer_mut(pointer).unwrap() = value;
    envelope
}

/// The result as partial, the usual one of data that lack columns.
pub(super) fn partial(agent: &str) -> Value {
    changed(agent, "/status", json!("partial"))
}

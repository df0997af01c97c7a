//! Agents, a store and a clock that fail at a chosen step.

mod agents;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use causeway_cloud::object_store::memory::InMemory;
use causeway_cloud::object_store::path::Path;
use causeway_cloud::object_store::{
    CopyOptions, Error as StoreError, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result as StoreResult,
};
use causeway_cloud::results::{Mode, ObjectResults, Results, RunResult, Step as ResultsStep};
use causeway_cloud::state::{Clock, Documents};
use causeway_cloud::{Invoker, NoPrincipal};
use causeway_resilience::fallback::ServedBy;
use causeway_resilience::{Deadline, ServiceFailure};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use serde_json::{Value, json};

pub(super) use agents::{Agents, Behaviour};

use crate::{Config, DecisioningFlow, Parts};
use causeway_runtime::{Settings, Vars};

/// When every run of these tests begins: 2026-03-01T12:00:00Z.
pub(super) const START: u64 = 1_772_366_400_000;

/// tokio's clock, which tests pause; it stands at [`START`] when it is made. Its wall clock can be set by so many seconds.
pub(super) struct Paused {
    start: tokio::time::Instant,
    pub(super) set_by: AtomicI64,
}

impl Clock for Paused {
    fn now(&self) -> SystemTime {
        let set_by = self.set_by.load(Ordering::SeqCst);
        let start = SystemTime::UNIX_EPOCH + Duration::from_millis(START);
        let start = if set_by < 0 { start - Duration::from_secs(set_by.unsigned_abs()) } else { start };
        start + Duration::from_secs(set_by.max(0).unsigned_abs()) + self.start.elapsed()
    }

    fn instant(&self) -> Instant {
        tokio::time::Instant::now().into_std()
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
    /// Who reads are answered by, where the storage says so: a copy, or memory when no side of it answers.
    pub(super) served_by: Mutex<Option<ServedBy>>,
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
        if !step.answers {
            return Err(broken());
        }
        let mut found = self.inner.get_opts(at, options).await?;
        if let Some(served_by) = self.fate.served_by.lock().unwrap().clone() {
            found.extensions.insert(served_by);
        }
        Ok(found)
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

/// A deployment.
pub(super) struct World {
    pub(super) flow: DecisioningFlow,
    pub(super) agents: Arc<Agents>,
    pub(super) fate: Arc<Fate>,
    pub(super) objects: causeway_cloud::Objects,
    pub(super) clock: Arc<Paused>,
    /// How long it takes to store a result.
    pub(super) storing: Arc<Mutex<Duration>>,
    /// How often the place of results was asked to remove old ones.
    pub(super) removals: Arc<AtomicUsize>,
}

/// Results in objects, which take their time.
struct Slow {
    inner: ObjectResults,
    takes: Arc<Mutex<Duration>>,
    removals: Arc<AtomicUsize>,
}

#[async_trait]
impl Results for Slow {
    async fn store(&self, result: &RunResult, deadline: Deadline) -> Result<(), ServiceFailure> {
        let takes = *self.takes.lock().unwrap();
        tokio::time::sleep(takes).await;
        self.inner.store(result, deadline).await
    }

    async fn prepare(&self, days: u32, mode: Mode, deadline: Deadline) -> Result<Vec<ResultsStep>, ServiceFailure> {
        self.inner.prepare(days, mode, deadline).await
    }

    async fn remove_old(&self, _: Deadline) -> Result<(), ServiceFailure> {
        self.removals.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

pub(super) fn config(variables: &[(&str, &str)]) -> Config {
    Config::read(&mut Vars::new(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))))
}

/// A deployment whose five agents answer at once. Its clock starts now.
pub(super) fn world(variables: &[(&str, &str)]) -> World {
    let fate = Arc::new(Fate::default());
    let paused = Arc::new(Paused { start: tokio::time::Instant::now(), set_by: AtomicI64::new(0) });
    let clock: Arc<dyn Clock> = Arc::clone(&paused) as Arc<dyn Clock>;
    let (inner, written) = (InMemory::new(), Arc::default());
    let kept = inner.clone();
    let fated = Fated { inner, fate: Arc::clone(&fate), clock: Arc::clone(&clock), written };
    let objects: causeway_cloud::Objects = Arc::new(fated);
    let agents = Arc::new(Agents::new(Arc::clone(&fate), kept));
    for agent in ["discovery", "intelligence", "strategy", "decision", "visualization"] {
        agents.set(agent, Behaviour::Answers(envelope(agent)));
    }
    let (storing, removals) = (Arc::<Mutex<Duration>>::default(), Arc::<AtomicUsize>::default());
    let inner = ObjectResults::new(Arc::clone(&objects), "results", Arc::clone(&clock), None);
    let parts = Parts {
        objects: Arc::clone(&objects),
        documents: Documents::new(Arc::clone(&objects), "state", Arc::clone(&clock)),
        invoker: Arc::clone(&agents) as Arc<dyn Invoker>,
        results: Arc::new(Slow { inner, takes: Arc::clone(&storing), removals: Arc::clone(&removals) }),
        principal: Arc::new(NoPrincipal),
        clock,
        random: || 0.5,
        has_second_side: false,
    };
    let flow = DecisioningFlow::new(parts, config(variables));
    World { flow, agents, fate, objects, clock: paused, storing, removals }
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

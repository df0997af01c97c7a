//! A cloud whose calls all take the same time, on a clock that only calls move.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use async_trait::async_trait;
use causeway_cloud::NoPrincipal;
use causeway_cloud::Objects;
use causeway_cloud::fleet::{Accepted, Machine, MachineState, Resize, Selector, Shape, Work as FleetWork, WorkState};
use causeway_cloud::metrics::{Measurement, MetricQuery, Point, Published, Series};
use causeway_cloud::object_store::memory::InMemory;
use causeway_cloud::object_store::throttle::{ThrottleConfig, ThrottledStore};
use causeway_cloud::state::Documents;
use causeway_resilience::service::Kind;
use causeway_runtime::{Settings, Vars};
use futures_util::TryStreamExt;
use futures_util::stream::{self, BoxStream, StreamExt};
use serde_json::json;

use super::*;
use crate::handler::{Parts, Services};
use crate::{Config, Scope};

const SHAPE: &str = "VM.Standard.E5.Flex";
/// The moment at which every test begins, in seconds since 1970.
const BEGIN: u64 = 1_790_000_000;

/// Machines and their measurements.
pub(super) struct World {
    machines: Mutex<BTreeMap<String, Machine>>,
    load: BTreeMap<String, f64>,
    latency: Duration,
    /// Of so many calls of Compute and Monitoring one is refused with 429.
    refused_of: Option<usize>,
    asked: AtomicUsize,
    /// Machines that somebody has stopped since they were listed.
    pub(super) stopped: Mutex<BTreeSet<String>>,
    /// Machines that nobody may look at.
    pub(super) broken: Mutex<BTreeSet<String>>,
    /// Compartments whose measurements nobody may have.
    pub(super) silent: Mutex<BTreeSet<String>>,
    pub(super) shows: Mutex<Shows>,
    pub(super) updates: AtomicUsize,
    /// Questions for measurements.
    pub(super) questions: AtomicUsize,
}

/// What is to be seen of a change that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shows {
    /// Nothing: the machine runs with its old size.
    Nothing,
    /// That something goes on.
    Work,
    /// The new size.
    Size,
}

/// The clock of tokio's tests: it stands still while somebody works.
struct Virtual(tokio::time::Instant);

impl Clock for Virtual {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(BEGIN) + self.0.elapsed()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(time).boxed()
    }
}

impl World {
    /// Machines of 16 OCPUs, all calm but the first `hot` ones.
    pub(super) fn new(machines: usize, hot: usize, latency: Duration, refused_of: Option<usize>) -> Arc<Self> {
        Arc::new(Self::with_load(machines, hot, 78.0, latency, refused_of))
    }

    /// The same with one machine among the calm ones that is an emergency.
    pub(super) fn on_fire(machines: usize) -> Arc<Self> {
        Arc::new(Self::with_load(machines, 1, 95.0, Duration::ZERO, None))
    }

    fn with_load(machines: usize, hot: usize, percent: f64, latency: Duration, refused_of: Option<usize>) -> Self {
        let machine = |number: usize| {
            let id = id(number);
            let record = json!({
                "id": id, "compartment": "c", "state": "RUNNING", "shape": SHAPE, "availability_domain": "ad",
                "size": { "ocpus": 16.0, "memory_gb": 256.0 }, "created": "2026-03-11T12:00:00Z", "tags": {},
                "defined_tags": {}, "baseline": "BASELINE_1_1", "on_dedicated_host": false, "preemptible": false,
            });
            (id, serde_json::from_value(record).unwrap())
        };
        let load = (0..machines).map(|number| (id(number), if number < hot { percent } else { 50.0 }));
        Self {
            machines: Mutex::new((0..machines).map(machine).collect()),
            load: load.collect(),
            latency,
            refused_of,
            asked: AtomicUsize::new(0),
            stopped: Mutex::new(BTreeSet::new()),
            broken: Mutex::new(BTreeSet::new()),
            silent: Mutex::new(BTreeSet::new()),
            shows: Mutex::new(Shows::Size),
            updates: AtomicUsize::new(0),
            questions: AtomicUsize::new(0),
        }
    }

    /// Puts a machine into another compartment.
    pub(super) fn move_to(&self, id: &str, compartment: &str) {
        compartment.clone_into(&mut self.machines.lock().unwrap().get_mut(id).unwrap().compartment);
    }

    /// An autoscaler of these machines that resizes.
    pub(super) fn autoscaler(self: &Arc<Self>) -> FlexAutoscaler {
        let slow = ThrottleConfig {
            wait_get_per_call: self.latency,
            wait_put_per_call: self.latency,
            wait_delete_per_call: self.latency,
            ..ThrottleConfig::default()
        };
        let objects: Objects = Arc::new(ThrottledStore::new(InMemory::new(), slow));
        let clock: Arc<dyn Clock> = Arc::new(Virtual(tokio::time::Instant::now()));
        let documents = |prefix: &str| Documents::new(Arc::clone(&objects), prefix.to_owned(), Arc::clone(&clock));
        let (fleet, metrics) = (Arc::clone(self) as Arc<dyn Fleet>, Arc::clone(self) as Arc<dyn Metrics>);
        let parts = Parts {
            services: Ok(Services { fleet, metrics }),
            documents: documents("state"),
            objects: Arc::clone(&objects),
            notifier: None,
            told: documents("told"),
            principal: Arc::new(NoPrincipal),
            clock: Arc::clone(&clock),
            random: || 0.5,
        };
        FlexAutoscaler::new(parts, Config::read(&mut Vars::new(Vec::<(String, String)>::new())))
    }

    /// One call, or its refusal.
    async fn call(&self, operation: &'static str) -> Result<(), ServiceFailure> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(self.latency).await;
        match self.refused_of {
            Some(of) if number % of == of - 1 => {
                Err(ServiceFailure::new(Kind::Throttled, "compute", operation, "429").with_unknown_effect(false))
            }
            _ => Ok(()),
        }
    }

    /// Ends a machine; it is listed for a while.
    pub(super) fn end(&self, id: &str) {
        self.machines.lock().unwrap().get_mut(id).unwrap().state = MachineState::Terminated;
    }

    /// Makes it as if it had not ended.
    pub(super) fn begin(&self, id: &str) {
        self.machines.lock().unwrap().get_mut(id).unwrap().state = MachineState::Running;
    }

    /// Calls of Compute and Monitoring so far.
    pub(super) fn calls(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// A machine.
pub(super) fn id(number: usize) -> String {
    format!("ocid1.instance.oc1.iad.{number:04}")
}

/// Everything that an autoscaler has left.
pub(super) async fn names(owner: &FlexAutoscaler) -> Vec<object_store::path::Path> {
    owner.objects.list(None).map_ok(|found| found.location).try_collect().await.unwrap()
}

/// A tick about some machines.
pub(super) async fn named(owner: &FlexAutoscaler, ids: impl IntoIterator<Item = String>) -> Result<Reply, Error> {
    let target = Target::Ids(ids.into_iter().collect());
    Tick { target, ..of_mode(owner, Mode::Enforce) }.leased("named").await
}

/// A whole tick, with its reply and the time that it took.
pub(super) async fn tick(owner: &FlexAutoscaler) -> (Reply, Duration) {
    let began = tokio::time::Instant::now();
    let reply = of_mode(owner, Mode::Enforce).leased("test").await.unwrap();
    (reply, began.elapsed())
}

/// A tick that changes nothing.
pub(super) async fn dry(owner: &FlexAutoscaler) -> Reply {
    of_mode(owner, Mode::DryRun).dry().await.unwrap()
}

fn of_mode(owner: &FlexAutoscaler, mode: Mode) -> Tick<'_> {
    let services = owner.services().unwrap();
    let patience = Patience { clock: owner.clock.as_ref(), random: owner.random, deadline: Deadline::NONE };
    Tick {
        owner,
        fleet: services.fleet.as_ref(),
        metrics: services.metrics.as_ref(),
        policy: Policy { mode, ..Policy::default() },
        target: Target::Scope(Scope::default()),
        patience,
        began: Instant::now(),
        end: Deadline::NONE,
    }
}

#[async_trait]
impl Fleet for World {
    fn machines(&self, _: &Selector, _: Deadline) -> BoxStream<'static, Result<Machine, ServiceFailure>> {
        let listed: Vec<_> = self.machines.lock().unwrap().values().cloned().map(Ok).collect();
        let latency = self.latency;
        stream::once(tokio::time::sleep(latency)).flat_map(move |()| stream::iter(listed.clone())).boxed()
    }

    async fn machine(&self, id: &str, _: Deadline) -> Result<Machine, ServiceFailure> {
        self.call("GetInstance").await?;
        if self.broken.lock().unwrap().contains(id) {
            return Err(ServiceFailure::new(Kind::Denied, "compute", "GetInstance", "403"));
        }
        let mut machine = self.machines.lock().unwrap()[id].clone();
        if self.stopped.lock().unwrap().contains(id) {
            machine.state = MachineState::Stopped;
        }
        Ok(Machine { etag: Some("etag".to_owned()), ..machine })
    }

    fn shapes(&self, _: Option<&str>, _: Deadline) -> BoxStream<'static, Result<Shape, ServiceFailure>> {
        let shape = Shape { name: SHAPE.to_owned(), is_flexible: Some(true), ..Shape::default() };
        stream::once(tokio::time::sleep(self.latency)).map(move |()| Ok(shape.clone())).boxed()
    }

    async fn resize(&self, resize: &Resize, _: Deadline) -> Result<Accepted, ServiceFailure> {
        self.call("UpdateInstance").await?;
        self.updates.fetch_add(1, Ordering::SeqCst);
        let mut machines = self.machines.lock().unwrap();
        let machine = machines.get_mut(&resize.id).unwrap();
        match *self.shows.lock().unwrap() {
            Shows::Nothing => {}
            Shows::Work => machine.state = MachineState::Other("UPDATING".to_owned()),
            Shows::Size => machine.size = Some(resize.size),
        }
        Ok(Accepted { machine: machine.clone(), work: Some(format!("work/{}", resize.id)) })
    }

    async fn work(&self, _: &str, _: Deadline) -> Result<FleetWork, ServiceFailure> {
        self.call("GetWorkRequest").await?;
        Ok(FleetWork { state: WorkState::Succeeded, finished: None })
    }
}

#[async_trait]
impl Metrics for World {
    async fn query(&self, query: &MetricQuery, _: Deadline) -> Result<Vec<Series>, ServiceFailure> {
        self.call("SummarizeMetricsData").await?;
        self.questions.fetch_add(1, Ordering::SeqCst);
        if query.compartment.as_ref().is_some_and(|compartment| self.silent.lock().unwrap().contains(compartment)) {
            return Err(ServiceFailure::new(Kind::Denied, "monitoring", "SummarizeMetricsData", "403"));
        }
        let minutes = (query.to.as_second() - query.from.as_second()) / 60;
        let at = |minute: i64| Timestamp::from_second(query.from.as_second() + 60 * minute).unwrap();
        let series = |(id, load): (&String, &f64)| {
            let value = if query.metric == "CpuUtilization" { *load } else { 50.0 };
            let points = (0..minutes).map(|minute| Point { at: at(minute), value }).collect();
            Series { dimensions: BTreeMap::from([("resourceId".to_owned(), id.clone())]), unit: None, points }
        };
        let machines = self.machines.lock().unwrap();
        let is_there = |id: &str| query.compartment.as_ref().is_none_or(|there| machines[id].compartment == *there);
        Ok(self.load.iter().filter(|(id, _)| is_there(id)).map(series).collect())
    }

    async fn publish(&self, _: &[Measurement], _: Deadline) -> Result<Published, ServiceFailure> {
        Ok(Published::default())
    }
}

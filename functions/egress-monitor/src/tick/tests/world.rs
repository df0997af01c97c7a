//! A cloud of one tenancy: usage in pages, network interfaces, a topic, and a directory for objects.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use causeway_cloud::metrics::{Measurement, MetricQuery, Point, Published, Series};
use causeway_cloud::notifier::Message;
use causeway_cloud::state::{Clock, Documents};
use causeway_cloud::usage::UsageRow;
use causeway_cloud::{Metrics, NoPrincipal, Notifier, Objects, Usage as UsagePort, local};
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use causeway_runtime::{Budget, Context, Error, Kind as CallKind, Settings as _, Vars};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use crate::Config;
use crate::handler::{EgressMonitor, Parts};
use crate::period::{midnight, plus_days};
use crate::reply::Reply;
use crate::request::Request;
use disk::Disk;
use record::Record;

pub(super) mod disk;
mod record;

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// GB of days from `first` on.
pub(super) fn days(first: &str, gb: &[f64]) -> Vec<UsageRow> {
    let first = first.parse().unwrap();
    gb.iter().enumerate().map(|(offset, gb)| row(plus_days(first, offset as i64), "B88327", *gb)).collect()
}

pub(super) fn row(day: jiff::civil::Date, sku: &str, gb: f64) -> UsageRow {
    let from = midnight(day);
    UsageRow {
        from,
        to: from + SignedDuration::from_hours(24),
        service: Some("Networking".to_owned()),
        sku: Some(sku.to_owned()),
        sku_name: Some("Outbound Data Transfer Zone 1".to_owned()),
        unit: Some("GB Months".to_owned()),
        quantity: Some(gb),
        amount: None,
        currency: None,
        region: Some("us-ashburn-1".to_owned()),
        compartment: Some("ocid1.compartment.oc1..a".to_owned()),
        compartment_name: Some("shop".to_owned()),
        resource: None,
        is_estimated: None,
    }
}

/// A clock whose hands the test turns; nobody sleeps, and how often somebody would is counted.
pub(super) struct Hands {
    seconds: AtomicI64,
    pub(super) sleeps: AtomicUsize,
}

impl Clock for Hands {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.seconds.load(Ordering::SeqCst).try_into().unwrap())
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        self.sleeps.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().boxed()
    }
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fate {
    Works,
    /// Refused with this kind; nothing happened.
    Fails(Kind),
    /// It happens, and the answer is lost.
    AnswerLost,
    Hangs,
}

impl Fate {
    async fn meet(self, service: &'static str, reached: &Notify) -> Result<(), ServiceFailure> {
        let failure = |kind| ServiceFailure::new(kind, service, "call", "scripted");
        match self {
            Self::Works => Ok(()),
            Self::Fails(kind) => Err(failure(kind)),
            Self::AnswerLost => Err(failure(Kind::Unavailable).with_unknown_effect(true)),
            Self::Hangs => {
                reached.notify_one();
                std::future::pending().await
            }
        }
    }
}

pub(super) async fn wait(latency: Duration) {
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
}

/// Network interfaces that all send the same, and what was published.
pub(super) struct Interfaces {
    /// Bytes of an hour of one interface; nothing was measured when absent.
    pub(super) bytes: Mutex<Option<f64>>,
    pub(super) count: AtomicUsize,
    /// Until when there were how many more.
    pub(super) gone: Mutex<Option<(Timestamp, usize)>>,
    /// Whether answers that are too long are cut in place of refused.
    pub(super) cuts: AtomicBool,
    /// From when on they send how much.
    pub(super) jump: Mutex<Option<(Timestamp, f64)>>,
    pub(super) fate: Mutex<Fate>,
    pub(super) calls: AtomicUsize,
    pub(super) figures: Mutex<Vec<Measurement>>,
    latency: Duration,
}

impl Interfaces {
    pub(super) fn published(&self) -> usize {
        self.figures.lock().unwrap().len()
    }
}

#[async_trait]
impl Metrics for Interfaces {
    async fn query(&self, query: &MetricQuery, _: Deadline) -> Result<Vec<Series>, ServiceFailure> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        wait(self.latency).await;
        let fate = *self.fate.lock().unwrap();
        fate.meet("monitoring", &Notify::new()).await?;
        let Some(value) = *self.bytes.lock().unwrap() else { return Ok(Vec::new()) };
        let hours = (query.to.as_second() - query.from.as_second()) / 3600;
        let jump = *self.jump.lock().unwrap();
        let point = |hour: i64| {
            let at = query.from + SignedDuration::from_hours(hour);
            Point { at, value: jump.filter(|(from, _)| at >= *from).map_or(value, |(_, value)| value) }
        };
        let points: Vec<Point> = (0..hours).map(point).collect();
        let gone = self.gone.lock().unwrap().filter(|(until, _)| query.to <= *until);
        let mut count = self.count.load(Ordering::SeqCst) + gone.map_or(0, |(_, count)| count);
        if self.cuts.load(Ordering::SeqCst) {
            count = count.min(2_000).min(100_000 / points.len());
        }
        if count * points.len() > 100_000 {
            return Err(ServiceFailure::new(Kind::Invalid, "monitoring", "SummarizeMetricsData", "too many points"));
        }
        let series = |number: usize| Series {
            dimensions: BTreeMap::from([("resourceId".to_owned(), number.to_string())]),
            unit: None,
            points: points.clone(),
        };
        Ok((0..count).map(series).collect())
    }

    async fn publish(&self, measurements: &[Measurement], _: Deadline) -> Result<Published, ServiceFailure> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        wait(self.latency).await;
        let fate = *self.fate.lock().unwrap();
        fate.meet("monitoring", &Notify::new()).await?;
        self.figures.lock().unwrap().extend_from_slice(measurements);
        Ok(Published { accepted: measurements.len(), rejected: Vec::new() })
    }
}

/// A topic; fates are met one after the other, the last one for ever.
pub(super) struct Topic {
    pub(super) fates: Mutex<Vec<Fate>>,
    pub(super) out: Mutex<Vec<Message>>,
    pub(super) calls: AtomicUsize,
    pub(super) reached: Notify,
    latency: Duration,
}

#[async_trait]
impl Notifier for Topic {
    async fn publish(&self, message: &Message, _: Deadline) -> Result<String, ServiceFailure> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        wait(self.latency).await;
        let fate = {
            let mut fates = self.fates.lock().unwrap();
            if fates.len() > 1 { fates.remove(0) } else { fates[0] }
        };
        if fate == Fate::AnswerLost {
            self.out.lock().unwrap().push(message.clone());
        }
        fate.meet("notifications", &self.reached).await?;
        tokio::task::yield_now().await;
        let mut out = self.out.lock().unwrap();
        out.push(message.clone());
        Ok(out.len().to_string())
    }
}

/// Everything; clones share it.
#[derive(Clone)]
pub(super) struct World {
    pub(super) usage: Arc<Record>,
    pub(super) beside: Option<Arc<Record>>,
    pub(super) metrics: Arc<Interfaces>,
    pub(super) topic: Arc<Topic>,
    pub(super) disk: Arc<Disk>,
    pub(super) clock: Arc<Hands>,
    pub(super) variables: Vec<(&'static str, &'static str)>,
    folder: Arc<tempfile::TempDir>,
}

impl World {
    pub(super) fn new(rows: Vec<UsageRow>, now: &str) -> Self {
        Self::with_latency(rows, now, Duration::ZERO)
    }

    /// As far away as that.
    pub(super) fn with_latency(rows: Vec<UsageRow>, now: &str, latency: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = local::Store::open(folder.path()).unwrap();
        let metrics = Interfaces {
            bytes: Mutex::new(None),
            count: AtomicUsize::new(1),
            gone: Mutex::default(),
            cuts: AtomicBool::new(false),
            jump: Mutex::default(),
            fate: Mutex::new(Fate::Works),
            calls: AtomicUsize::new(0),
            figures: Mutex::default(),
            latency,
        };
        let topic = Topic {
            fates: Mutex::new(vec![Fate::Works]),
            out: Mutex::default(),
            calls: AtomicUsize::new(0),
            reached: Notify::new(),
            latency,
        };
        Self {
            usage: Arc::new(Record::new(rows, latency)),
            beside: None,
            metrics: Arc::new(metrics),
            topic: Arc::new(topic),
            disk: Arc::new(Disk::new(store, latency)),
            clock: Arc::new(Hands { seconds: AtomicI64::new(at(now).as_second()), sleeps: AtomicUsize::new(0) }),
            variables: vec![("EGRESS_MONITOR_PUBLISH_NAMESPACE", "causeway")],
            folder: Arc::new(folder),
        }
    }

    pub(super) fn with_aws(mut self, rows: Vec<UsageRow>) -> Self {
        self.beside = Some(Arc::new(Record::new(rows, Duration::ZERO)));
        self.variables.push(("EGRESS_MONITOR_AWS", "true"));
        self
    }

    /// The monitor, as a process of its own would have it.
    pub(super) fn monitor(&self) -> EgressMonitor {
        let objects: Objects = Arc::clone(&self.disk) as Objects;
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let documents = |prefix: &str| Documents::new(Arc::clone(&objects), prefix.to_owned(), Arc::clone(&clock));
        let mut vars = Vars::new(self.variables.iter().copied());
        let config = Config::read(&mut vars);
        assert!(vars.problems().is_empty(), "{:?}", vars.problems());
        let parts = Parts {
            usage: Ok(Arc::clone(&self.usage) as Arc<dyn UsagePort>),
            beside: match &self.beside {
                Some(beside) => Ok(Arc::clone(beside) as Arc<dyn UsagePort>),
                None => Err("no credentials".to_owned()),
            },
            metrics: Ok(Arc::clone(&self.metrics) as Arc<dyn Metrics>),
            documents: documents("state/egress-monitor"),
            objects: Arc::clone(&objects),
            notifier: Some(Arc::clone(&self.topic) as Arc<dyn Notifier>),
            told: documents("state/egress-monitor-alerts"),
            principal: Arc::new(NoPrincipal),
            clock,
            random: rand::random::<f64>,
        };
        EgressMonitor::new(parts, config)
    }

    pub(super) async fn ask_within(&self, request: &Request, budget: Budget) -> Result<Reply, Error> {
        self.monitor().tick(request, &Context::new(CallKind::Tick, "test", budget)).await
    }

    pub(super) async fn ask(&self, request: &Request) -> Result<Reply, Error> {
        self.ask_within(request, Budget::unlimited(Instant::now())).await
    }

    /// A run of now that works.
    pub(super) async fn run(&self) -> Reply {
        self.ask(&Request::default()).await.unwrap()
    }

    pub(super) fn turn_to(&self, now: &str) {
        self.clock.seconds.store(at(now).as_second(), Ordering::SeqCst);
    }

    pub(super) fn later(&self, seconds: i64) {
        self.clock.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(super) fn messages(&self) -> Vec<Message> {
        self.topic.out.lock().unwrap().clone()
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    /// Objects of the history, in the order of time.
    pub(super) fn history(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.file("egress-monitor/history")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { found.push(path) }
            }
        }
        found.sort();
        found
    }

    /// Calls of every service so far.
    pub(super) fn calls(&self) -> usize {
        let counters = [&*self.usage.pages, &self.metrics.calls, &self.topic.calls];
        counters.iter().map(|counter| counter.load(Ordering::SeqCst)).sum::<usize>() + self.disk.calls()
    }
}

//! A bucket in memory, a topic, and a clock whose hands the test turns.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use causeway_cloud::breaker::{Breakers, Dependency, Sharing};
use causeway_cloud::metrics::{Measurement, MetricQuery, Point, Published, Series};
use causeway_cloud::notifier::Message;
use causeway_cloud::object_store::ObjectStoreExt;
use causeway_cloud::object_store::memory::InMemory;
use causeway_cloud::secrets::SecretBytes;
use causeway_cloud::state::{Clock, Documents};
use causeway_cloud::vantage::{MonitorQuery, Sighting};
use causeway_cloud::{Metrics, NoPrincipal, Notifier, Objects, Secrets, Vantage, object_path};
use causeway_resilience::breaker::{Config as BreakerConfig, Outcome};
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use causeway_runtime::{Settings as _, Vars};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};

use crate::decide::State;
use crate::handler::{HealthChecker, Parts};
use crate::reply::Reply;
use crate::settings::BREAKER_ROOTS;
use crate::sided::Sided;
use crate::{Config, SettingsFrom};

/// 2026-03-11T12:00:00Z.
const NOON: u64 = 1_773_230_400;

struct Hands(AtomicU64);

impl Clock for Hands {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::SeqCst))
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        tokio::task::yield_now().boxed()
    }
}

#[derive(Default)]
pub(super) struct Topic {
    fails: Mutex<Option<Kind>>,
    titles: Mutex<Vec<String>>,
}

impl Topic {
    pub(super) fn fail(&self, kind: Option<Kind>) {
        *self.fails.lock().unwrap() = kind;
    }
}

#[async_trait]
impl Notifier for Topic {
    async fn publish(&self, message: &Message, _: Deadline) -> Result<String, ServiceFailure> {
        if let Some(kind) = *self.fails.lock().unwrap() {
            return Err(ServiceFailure::new(kind, "topic", "publish", "scripted"));
        }
        self.titles.lock().unwrap().push(message.title.clone());
        Ok("id".to_owned())
    }
}

/// Series by the name of their metric: the newest value, and how many minutes old it is.
#[derive(Default)]
pub(super) struct Measured {
    pub(super) series: Mutex<BTreeMap<String, Vec<(i64, f64)>>>,
    pub(super) asked: Mutex<Vec<MetricQuery>>,
}

#[async_trait]
impl Metrics for Measured {
    async fn query(&self, query: &MetricQuery, _: Deadline) -> Result<Vec<Series>, ServiceFailure> {
        self.asked.lock().unwrap().push(query.clone());
        let series = self.series.lock().unwrap();
        let Some(points) = series.get(&query.metric) else { return Ok(Vec::new()) };
        let minutes = i64::try_from(query.interval.as_secs() / 60).unwrap();
        let point = |(back, value): &(i64, f64)| Point {
            at: query.to - SignedDuration::from_mins(back * minutes),
            value: *value,
        };
        Ok(vec![Series { dimensions: BTreeMap::new(), unit: None, points: points.iter().map(point).collect() }])
    }

    async fn publish(&self, _: &[Measurement], _: Deadline) -> Result<Published, ServiceFailure> {
        Err(ServiceFailure::not_configured("metrics", "scripted"))
    }
}

/// A vault with one key, thrown away after the test.
pub(super) struct Vault;

pub(super) const KEY: &str = "a throw-away key of a test, 32 bytes and more";

#[async_trait]
impl Secrets for Vault {
    async fn secret(&self, reference: &str, _: Deadline) -> Result<SecretBytes, ServiceFailure> {
        match reference {
            "key" => Ok(SecretBytes::new(KEY.as_bytes().to_vec())),
            _ => Err(ServiceFailure::new(Kind::NotFound, "vault", "secret", "scripted")),
        }
    }
}

/// Monitors with what a test says, or that fail.
#[derive(Default)]
pub(super) struct Monitors(pub(super) Mutex<Option<Vec<Sighting>>>);

#[async_trait]
impl Vantage for Monitors {
    async fn results(&self, _: &MonitorQuery, _: Deadline) -> Result<Vec<Sighting>, ServiceFailure> {
        let sightings = self.0.lock().unwrap().clone();
        sightings.ok_or_else(|| ServiceFailure::new(Kind::Unavailable, "healthchecks", "results", "scripted"))
    }
}

fn here(settings: &str) -> SettingsFrom {
    let read = crate::settings::read(settings).unwrap_or_else(|problems| panic!("{problems:?}"));
    SettingsFrom::Here(Box::new(read))
}

pub(super) struct World {
    pub(super) checker: HealthChecker,
    pub(super) topic: Arc<Topic>,
    pub(super) metrics: Arc<Measured>,
    pub(super) monitors: Arc<Monitors>,
    hands: Arc<Hands>,
    objects: Objects,
}

impl World {
    pub(super) fn new(settings: &str) -> Self {
        Self::with(here(settings), Arc::new(InMemory::new()), false)
    }

    /// With a storage of two sides, or one that has not got its second yet.
    pub(super) fn on(settings: &str, storage: &Sided, has_second: bool) -> Self {
        Self::with(here(settings), Arc::new(storage.clone()), has_second)
    }

    pub(super) fn from_object(name: &str) -> Self {
        Self::with(SettingsFrom::Object(name.to_owned()), Arc::new(InMemory::new()), false)
    }

    fn with(settings: SettingsFrom, objects: Objects, has_second: bool) -> Self {
        let (hands, topic) = (Arc::new(Hands(AtomicU64::new(NOON))), Arc::new(Topic::default()));
        let (metrics, monitors) = (Arc::<Measured>::default(), Arc::<Monitors>::default());
        let documents =
            |prefix: &str| Documents::new(objects.clone(), format!("state/{prefix}"), hands.clone() as Arc<dyn Clock>);
        let sided = |name: &str| if has_second { format!("side2.{name}") } else { name.to_owned() };
        let parts = Parts {
            documents: documents(&sided("health-checker")),
            first_side: has_second.then(|| documents("health-checker")),
            objects: objects.clone(),
            metrics: Ok(Arc::clone(&metrics) as Arc<dyn Metrics>),
            secrets: Ok(Arc::new(Vault)),
            vantage: Ok(Arc::clone(&monitors) as Arc<dyn Vantage>),
            breakers: BREAKER_ROOTS.into_iter().map(|root| (root, documents(root))).collect(),
            notifier: Some(topic.clone()),
            told: documents(&sided("alerts")),
            principal: Arc::new(NoPrincipal),
            clock: hands.clone(),
        };
        let defaults = Config::read(&mut Vars::new(std::iter::empty::<(String, String)>()));
        let mut checker = HealthChecker::new(parts, Config { settings, ..defaults }).unwrap();
        checker.breakers.asks_store_for_time = false;
        Self { checker, topic, metrics, monitors, hands, objects }
    }

    /// Documents below another prefix; one that can name none fails.
    pub(super) fn documents(&self, prefix: &str) -> Documents {
        Documents::new(self.objects.clone(), prefix, self.hands.clone() as Arc<dyn Clock>)
    }

    pub(super) async fn tick(&self) -> Reply {
        self.checker.tick(false, Deadline::NONE).await.unwrap()
    }

    /// Breakers of another function of the same deployment.
    pub(super) fn breakers(&self) -> Breakers {
        self.breakers_in("breakers")
    }

    fn breakers_in(&self, folder: &str) -> Breakers {
        let clock = self.hands.clone() as Arc<dyn Clock>;
        let documents = Documents::new(self.objects.clone(), format!("state/{folder}"), clock);
        let sharing = Sharing { asks_store_for_time: false, ..Sharing::default() };
        Breakers::shared(documents, BreakerConfig::shared(), sharing).unwrap()
    }

    /// An open breaker that nobody has called since it could try again.
    pub(super) async fn left_open(&self, dependency: &Dependency) {
        self.left_open_in("breakers", dependency).await;
    }

    /// The same in another folder.
    pub(super) async fn left_open_in(&self, folder: &str, dependency: &Dependency) {
        let breaker = self.breakers_in(folder).of(dependency);
        // Its document is new, and only counts in its first minute.
        breaker.enter(Deadline::NONE).await.unwrap().report(Outcome::Passed, Deadline::NONE).await;
        breaker.flush(Deadline::NONE).await;
        self.pass(61);
        for _ in 0..5 {
            breaker.enter(Deadline::NONE).await.unwrap().report(Outcome::Failed, Deadline::NONE).await;
        }
        assert!(breaker.enter(Deadline::NONE).await.is_err());
    }

    pub(super) fn now(&self) -> Timestamp {
        self.checker.now()
    }

    pub(super) fn pass(&self, seconds: u64) {
        self.hands.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(super) fn back(&self, seconds: u64) {
        self.hands.0.fetch_sub(seconds, Ordering::SeqCst);
    }

    pub(super) async fn remove(&self, name: &str) {
        self.objects.delete(&object_path(name).unwrap()).await.unwrap();
    }

    pub(super) fn titles(&self) -> Vec<String> {
        self.topic.titles.lock().unwrap().clone()
    }

    pub(super) async fn put(&self, name: &str, text: &str) {
        self.objects.put(&object_path(name).unwrap(), text.to_owned().into()).await.unwrap();
    }

    pub(super) async fn text(&self, name: &str) -> Option<String> {
        let found = self.objects.get(&object_path(name).unwrap()).await.ok()?;
        String::from_utf8(found.bytes().await.unwrap().to_vec()).ok()
    }

    pub(super) async fn names(&self) -> Vec<String> {
        let listed = self.objects.list(None).map_ok(|meta| meta.location.to_string());
        listed.try_collect().await.unwrap()
    }

    pub(super) async fn state(&self) -> State {
        self.checker.documents.get("state").await.unwrap().unwrap().value
    }
}

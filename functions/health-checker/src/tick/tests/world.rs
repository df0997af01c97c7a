//! A bucket in memory, a topic, and a clock whose hands the test turns.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use causeway_cloud::notifier::Message;
use causeway_cloud::object_store::ObjectStoreExt;
use causeway_cloud::object_store::memory::InMemory;
use causeway_cloud::state::{Clock, Documents};
use causeway_cloud::{NoPrincipal, Notifier, Objects, object_path};
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use causeway_runtime::{Settings as _, Vars};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryStreamExt};

use crate::decide::State;
use crate::handler::{HealthChecker, Parts};
use crate::reply::Reply;
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

pub(super) struct World {
    pub(super) checker: HealthChecker,
    pub(super) topic: Arc<Topic>,
    hands: Arc<Hands>,
    objects: Objects,
}

impl World {
    pub(super) fn new(settings: &str) -> Self {
        let read = crate::settings::read(settings).unwrap_or_else(|problems| panic!("{problems:?}"));
        Self::with(SettingsFrom::Here(Box::new(read)))
    }

    pub(super) fn from_object(name: &str) -> Self {
        Self::with(SettingsFrom::Object(name.to_owned()))
    }

    fn with(settings: SettingsFrom) -> Self {
        let objects: Objects = Arc::new(InMemory::new());
        let (hands, topic) = (Arc::new(Hands(AtomicU64::new(NOON))), Arc::new(Topic::default()));
        let documents =
            |prefix: &str| Documents::new(objects.clone(), format!("state/{prefix}"), hands.clone() as Arc<dyn Clock>);
        let parts = Parts {
            documents: documents("health-checker"),
            objects: objects.clone(),
            metrics: Err("no metrics are configured".to_owned()),
            secrets: Err("no vault is configured".to_owned()),
            notifier: Some(topic.clone()),
            told: documents("alerts"),
            principal: Arc::new(NoPrincipal),
            clock: hands.clone(),
        };
        let defaults = Config::read(&mut Vars::new(std::iter::empty::<(String, String)>()));
        let checker = HealthChecker::new(parts, Config { settings, ..defaults }).unwrap();
        Self { checker, topic, hands, objects }
    }

    pub(super) async fn tick(&self) -> Reply {
        self.checker.tick(false, Deadline::NONE).await.unwrap()
    }

    pub(super) fn pass(&self, seconds: u64) {
        self.hands.0.fetch_add(seconds, Ordering::SeqCst);
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

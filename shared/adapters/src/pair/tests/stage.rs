//! Two sides that can be out, hang and lose answers, and processes on them.

use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use causeway_cloud::Objects;
use causeway_cloud::breaker::Breakers;
use causeway_cloud::state::Clock;
use causeway_resilience::breaker::Config;
use causeway_resilience::fallback::{Link, ServedBy};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::super::{Chains, Holds, Pair, Rules};

const FASTER: u32 = 200;

/// How a side is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    Well,
    /// It refuses.
    Out,
    /// It never answers.
    Hangs,
    /// It does what it is asked to write, and never answers.
    Mute,
}

const HEALTHS: [Health; 4] = [Health::Well, Health::Out, Health::Hangs, Health::Mute];

/// A side.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) inner: InMemory,
    health: Arc<AtomicU8>,
    /// Seconds by which its clock is ahead.
    ahead: Arc<AtomicI64>,
    pub(super) calls: Arc<AtomicU64>,
}

impl Place {
    fn new() -> Self {
        Self { inner: InMemory::new(), health: Arc::default(), ahead: Arc::default(), calls: Arc::default() }
    }

    pub(super) fn is(&self, health: Health) {
        self.health.store(HEALTHS.iter().position(|one| *one == health).unwrap() as u8, Ordering::SeqCst);
    }

    pub(super) fn is_ahead(&self, seconds: i64) {
        self.ahead.store(seconds, Ordering::SeqCst);
    }

    pub(super) fn is_well(&self) -> bool {
        self.health() == Health::Well
    }

    pub(super) fn is_mute(&self) -> bool {
        self.health() == Health::Mute
    }

    /// As stores date objects: in whole seconds, by a clock of their own.
    fn dated(&self, meta: ObjectMeta) -> ObjectMeta {
        let seconds = meta.last_modified.timestamp() + self.ahead.load(Ordering::SeqCst);
        ObjectMeta { last_modified: chrono::DateTime::from_timestamp(seconds, 0).unwrap(), ..meta }
    }

    /// What comes of an effect that would have this outcome.
    async fn answer<T>(&self, effect: impl Future<Output = Result<T>>) -> Result<T> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        // Others come in between.
        tokio::task::yield_now().await;
        match self.health() {
            Health::Well | Health::Mute => effect.await,
            Health::Out => Err(Error::Generic { store: "place", source: "it is out".into() }),
            Health::Hangs => std::future::pending().await,
        }
    }

    fn health(&self) -> Health {
        HEALTHS[usize::from(self.health.load(Ordering::SeqCst))]
    }

    /// All names.
    pub(super) async fn names(&self) -> Vec<String> {
        self.inner.list(None).map_ok(|meta| meta.location.to_string()).try_collect().await.unwrap()
    }

    pub(super) async fn text(&self, name: &str) -> Option<String> {
        let found = self.inner.get(&Path::from(name)).await.ok()?;
        Some(String::from_utf8(found.bytes().await.unwrap().to_vec()).unwrap())
    }

    pub(super) async fn has(&self, name: &str, text: &str) {
        self.inner.put(&Path::from(name), text.to_owned().into()).await.unwrap();
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("place")
    }
}

#[async_trait]
impl ObjectStore for Place {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let put = self.answer(self.inner.put_opts(at, payload, options)).await;
        if self.health() == Health::Mute { std::future::pending().await } else { put }
    }

    async fn put_multipart_opts(&self, at: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.answer(self.inner.put_multipart_opts(at, options)).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        let found = self.answer(self.inner.get_opts(at, options)).await?;
        Ok(GetResult { meta: self.dated(found.meta.clone()), ..found })
    }

    fn delete_stream(&self, at: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let place = self.clone();
        at.then(move |at| {
            let place = place.clone();
            async move {
                let at = at?;
                place.answer(place.inner.delete(&at)).await.map(|()| at)
            }
        })
        .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (place, dating, listed) = (self.clone(), self.clone(), self.inner.list(prefix));
        let listed = listed.map_ok(move |meta| dating.dated(meta));
        stream::once(async move { place.answer(async { Ok(listed) }).await }).try_flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.answer(self.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.answer(self.inner.copy_opts(from, to, options)).await
    }
}

/// A time that tests set, and waits that are as many times shorter as [`FASTER`] says: whoever waits for a side that hangs
/// would do so for ever.
#[derive(Default)]
pub(super) struct Hands(Mutex<Duration>);

impl Clock for Hands {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600) + *self.0.lock().unwrap()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time / FASTER))
    }
}

/// Both sides of a bucket.
pub(super) struct Stage {
    pub(super) first: Place,
    pub(super) second: Place,
    pub(super) clock: Arc<Hands>,
    pub(super) has_copy: bool,
}

impl Stage {
    pub(super) fn new() -> Self {
        Self { first: Place::new(), second: Place::new(), clock: Arc::default(), has_copy: true }
    }

    pub(super) fn sides(&self, first: Health, second: Health) {
        self.first.is(first);
        self.second.is(second);
    }

    pub(super) fn pass(&self, seconds: u64) {
        *self.clock.0.lock().unwrap() += Duration::from_secs(seconds);
    }

    pub(super) fn chains(&self) -> Arc<Chains> {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let breakers = Breakers::in_process(Config::shared(), Arc::clone(&clock)).unwrap();
        let rules = Rules {
            names: ["first".to_owned(), "second".to_owned()],
            try_time: Duration::from_secs(5),
            cache: Duration::from_secs(60),
            has_copy: self.has_copy,
        };
        Arc::new(Chains::new(rules, &breakers, clock).unwrap())
    }

    /// A process that knows nothing.
    pub(super) fn process(&self, holds: Holds) -> Pair {
        let [first, second] = [&self.first, &self.second].map(|place| Arc::new(place.clone()) as Objects);
        Pair::new(first, &second, self.chains(), holds)
    }

    pub(super) fn data(&self) -> Pair {
        self.process(Holds::Data)
    }
}

pub(super) async fn put(pair: &Pair, name: &str, text: &str, mode: PutMode) -> Result<PutResult> {
    let options = PutOptions { mode, ..PutOptions::default() };
    pair.put_opts(&Path::from(name), text.to_owned().into(), options).await
}

pub(super) async fn write(pair: &Pair, name: &str, text: &str) -> Result<PutResult> {
    put(pair, name, text, PutMode::Overwrite).await
}

/// What is read, and by which link.
pub(super) async fn read(pair: &Pair, name: &str) -> Result<(String, Option<Link>)> {
    let found = pair.get(&Path::from(name), GetOptions::default()).await?;
    let link = found.extensions.get::<ServedBy>().map(|served| served.link);
    Ok((String::from_utf8(found.bytes().await?.to_vec()).unwrap(), link))
}

pub(super) async fn text(pair: &Pair, name: &str) -> Result<String> {
    read(pair, name).await.map(|(text, _)| text)
}

pub(super) async fn listed(pair: &Pair, prefix: Option<&str>) -> Result<Vec<String>> {
    let prefix = prefix.map(Path::from);
    pair.list(prefix.as_ref()).map_ok(|meta| meta.location.to_string()).try_collect().await
}

//! A store in memory that can be told to fail, and the clocks of its users.

use std::collections::VecDeque;
use std::fmt;
use std::future::{pending, poll_fn};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use serde_json::Value;

use crate::state::Clock;

/// When the tests begin.
const START_MS: u64 = 1_800_000_000_000;
/// Waits that are shorter are pauses between tries, and longer ones are limits.
const PAUSE: Duration = Duration::from_millis(200);

/// What becomes of the next write of a breaker's document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fault {
    /// It is lost.
    Lost,
    /// It arrives; the answer and the look afterwards are lost.
    AnswerLost,
    /// It arrives later, when nobody waits for it any more.
    Late,
    /// It is refused although nobody wrote.
    Refused,
}

pub(super) struct Stage {
    inner: InMemory,
    truth_ms: AtomicU64,
    is_down: AtomicBool,
    hangs: AtomicBool,
    faults: Mutex<VecDeque<Fault>>,
    deaf: AtomicU64,
    on_the_way: Mutex<VecDeque<(Path, PutPayload, PutOptions)>>,
    history: Mutex<Vec<Value>>,
    writes: AtomicU64,
    reads: AtomicU64,
}

impl Stage {
    pub(super) fn new() -> Self {
        Self {
            inner: InMemory::new(),
            truth_ms: AtomicU64::new(START_MS),
            is_down: AtomicBool::default(),
            hangs: AtomicBool::default(),
            faults: Mutex::default(),
            deaf: AtomicU64::default(),
            on_the_way: Mutex::default(),
            history: Mutex::default(),
            writes: AtomicU64::default(),
            reads: AtomicU64::default(),
        }
    }

    pub(super) fn pass(&self, ms: u64) {
        self.truth_ms.fetch_add(ms, Ordering::SeqCst);
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.truth_ms.load(Ordering::SeqCst)
    }

    pub(super) fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    /// No answer ever comes; long waits end at once.
    pub(super) fn set_hanging(&self, hangs: bool) {
        self.hangs.store(hangs, Ordering::SeqCst);
    }

    pub(super) fn fault(&self, fault: Fault) {
        self.faults.lock().unwrap().push_back(fault);
    }

    pub(super) fn heal(&self) {
        self.faults.lock().unwrap().clear();
        self.deaf.store(0, Ordering::SeqCst);
    }

    /// A write that nobody waits for arrives, if what it was conditional on still holds.
    pub(super) async fn arrive(&self) {
        let Some((at, payload, options)) = self.on_the_way.lock().unwrap().pop_front() else { return };
        if self.inner.put_opts(&at, payload.clone(), options).await.is_ok() {
            self.note(&at, &payload);
        }
    }

    /// The documents of breakers that were written, in order.
    pub(super) fn history(&self) -> Vec<Value> {
        self.history.lock().unwrap().clone()
    }

    /// The last of them.
    pub(super) fn newest(&self) -> Value {
        self.history.lock().unwrap().last().unwrap().clone()
    }

    pub(super) fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    pub(super) fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }

    pub(super) async fn overwrite(&self, at: &str, content: &'static str) {
        self.inner.put(&Path::from(at), content.into()).await.unwrap();
    }

    pub(super) async fn names(&self, below: &str) -> Vec<String> {
        let found: Vec<ObjectMeta> =
            futures_util::TryStreamExt::try_collect(self.inner.list(Some(&Path::from(below)))).await.unwrap();
        found.into_iter().map(|object| object.location.to_string()).collect()
    }

    fn note(&self, at: &Path, payload: &PutPayload) {
        if is_state(at) {
            let bytes: Vec<u8> = payload.iter().flat_map(|part| part.to_vec()).collect();
            self.history.lock().unwrap().push(serde_json::from_slice::<Value>(&bytes).unwrap()["value"].clone());
        }
    }

    /// Every operation lets the others go first, and fails where the store is away.
    async fn operation(&self) -> Result<()> {
        turn().await;
        if self.hangs.load(Ordering::SeqCst) {
            pending::<()>().await;
        }
        if self.is_down.load(Ordering::SeqCst) { Err(broken()) } else { Ok(()) }
    }
}

fn is_state(at: &Path) -> bool {
    at.as_ref().contains("/state/")
}

fn broken() -> Error {
    Error::Generic { store: "stage", source: "503 Service Unavailable".into() }
}

/// Ready at the second look.
pub(super) async fn turn() {
    let mut was_here = false;
    poll_fn(|context| {
        if std::mem::replace(&mut was_here, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("stage")
    }
}

impl fmt::Debug for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("stage")
    }
}

#[async_trait]
impl ObjectStore for Stage {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.operation().await?;
        self.writes.fetch_add(1, Ordering::SeqCst);
        let fault = if is_state(at) { self.faults.lock().unwrap().pop_front() } else { None };
        match fault {
            Some(Fault::Lost) => return Err(broken()),
            Some(Fault::Refused) => {
                return Err(Error::Precondition { path: at.to_string(), source: "told to".into() });
            }
            Some(Fault::Late) => {
                self.on_the_way.lock().unwrap().push_back((at.clone(), payload, options));
                return Err(broken());
            }
            Some(Fault::AnswerLost) | None => {}
        }
        let put = self.inner.put_opts(at, payload.clone(), options).await?;
        self.note(at, &payload);
        if fault == Some(Fault::AnswerLost) {
            self.deaf.store(1, Ordering::SeqCst);
            return Err(broken());
        }
        Ok(put)
    }

    async fn put_multipart_opts(&self, at: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        self.operation().await?;
        self.reads.fetch_add(1, Ordering::SeqCst);
        if is_state(at) && self.deaf.swap(0, Ordering::SeqCst) > 0 {
            return Err(broken());
        }
        let mut found = self.inner.get_opts(at, options).await?;
        found.meta.last_modified = (UNIX_EPOCH + Duration::from_millis(self.now_ms())).into();
        Ok(found)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// The clock of one process: the true time, or ahead of it, or behind.
pub(super) struct Watch {
    stage: Arc<Stage>,
    ahead_ms: AtomicI64,
}

impl Watch {
    pub(super) fn new(stage: &Arc<Stage>) -> Self {
        Self { stage: Arc::clone(stage), ahead_ms: AtomicI64::new(0) }
    }

    pub(super) fn set_ahead(&self, ms: i64) {
        self.ahead_ms.store(ms, Ordering::SeqCst);
    }
}

impl Clock for Watch {
    fn now(&self) -> SystemTime {
        let ms = self.stage.now_ms().saturating_add_signed(self.ahead_ms.load(Ordering::SeqCst));
        UNIX_EPOCH + Duration::from_millis(ms)
    }

    /// A pause lets the others go first; a limit is never reached unless the store hangs.
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        let hangs = self.stage.hangs.load(Ordering::SeqCst);
        Box::pin(async move {
            if time >= PAUSE && !hangs {
                pending::<()>().await;
            }
            turn().await;
        })
    }
}

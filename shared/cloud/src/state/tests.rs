//! Shared state over memory and over a directory, with stores that fail at the worst moment.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::lease::{Acquired, Lease, acquire};
use super::once::{Begun, Once};
use super::*;
use crate::Objects;
use crate::local::Store;

mod answers;
mod late;

/// A clock whose hands the test turns; its sleep is tokio's.
pub(crate) struct Hands(AtomicU64);

impl Clock for Hands {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}

impl Hands {
    pub(crate) fn advance(&self, time: Duration) {
        self.0.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

fn documents_on(objects: Objects) -> (Documents, Arc<Hands>) {
    let clock = Arc::new(Hands(AtomicU64::new(1_000_000)));
    (Documents::new(objects, "state/demo", clock.clone()), clock)
}

pub(crate) fn documents() -> (Documents, Arc<Hands>) {
    documents_on(Arc::new(InMemory::new()))
}

/// What happens to the next writes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// The write is lost.
    Lost,
    /// It arrives and the answer is lost.
    AnswerLost,
    /// It arrives, the answer is lost, and the client's repetition is refused.
    Repeated,
}

#[derive(Debug)]
struct Faulty {
    inner: InMemory,
    faults: Mutex<Vec<Fault>>,
}

impl std::fmt::Display for Faulty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("faulty")
    }
}

fn broken() -> Error {
    Error::Generic { store: "faulty", source: "connection reset".into() }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let fault = self.faults.lock().unwrap().pop();
        match fault {
            None => self.inner.put_opts(location, payload, opts).await,
            Some(Fault::Lost) => Err(broken()),
            Some(Fault::AnswerLost) => self.inner.put_opts(location, payload, opts).await.and(Err(broken())),
            Some(Fault::Repeated) => {
                self.inner.put_opts(location, payload.clone(), opts.clone()).await?;
                self.inner.put_opts(location, payload, opts).await
            }
        }
    }

    async fn put_multipart_opts(&self, at: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
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

#[tokio::test]
async fn a_document_is_created_once_and_replaced_by_who_read_it_last() {
    let (documents, _) = documents();
    assert_eq!(documents.get::<u32>("a").await.unwrap(), None);
    let first = documents.create("a", &1).await.unwrap();
    assert!(matches!(documents.create("a", &2).await, Err(StateError::Conflict(_))));
    let second = documents.replace("a", &2, &first).await.unwrap();
    assert!(matches!(documents.replace("a", &3, &first).await, Err(StateError::Conflict(_))));
    assert_eq!(documents.get::<u32>("a").await.unwrap().unwrap(), Versioned { value: 2, version: second.clone() });
    documents.remove("a").await.unwrap();
    documents.remove("a").await.unwrap();
    assert!(matches!(documents.replace("a", &3, &second).await, Err(StateError::Conflict(_))), "it is gone");
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_recognised() {
    for fault in [Fault::AnswerLost, Fault::Repeated] {
        let store = Arc::new(Faulty { inner: InMemory::new(), faults: Mutex::new(vec![fault]) });
        let (documents, _) = documents_on(store.clone());
        let version = documents.create("a", &1).await.unwrap();
        store.faults.lock().unwrap().push(fault);
        documents.replace("a", &2, &version).await.unwrap();
        assert_eq!(documents.get::<u32>("a").await.unwrap().unwrap().value, 2, "{fault:?}");
    }
}

#[tokio::test]
async fn a_write_that_was_lost_is_an_error_and_not_a_conflict() {
    let store = Arc::new(Faulty { inner: InMemory::new(), faults: Mutex::new(vec![Fault::Lost]) });
    let (documents, _) = documents_on(store);
    assert!(matches!(documents.create("a", &1).await, Err(StateError::Store(_))));
    assert_eq!(documents.get::<u32>("a").await.unwrap(), None);
}

#[tokio::test]
async fn what_is_no_document_is_told_without_its_content() {
    let objects = Arc::new(InMemory::new());
    let (documents, _) = documents_on(objects.clone());
    for (content, expected) in [
        ("secret", "Syntax at line 1 column 1"),
        ("{\"write_id\":\"x\",\"value\":\"secret\"}", "Data at line 1 column"),
        ("{\"write_id\":\"x\"", "Eof at line 1 column"),
    ] {
        let at = Path::from("state/demo/a.json");
        object_store::ObjectStoreExt::put(objects.as_ref(), &at, content.into()).await.unwrap();
        let text = documents.get::<u32>("a").await.unwrap_err().to_string();
        assert!(text.contains(expected) && !text.contains("secret"), "{text}");
    }
    let large = "x".repeat(5 << 20);
    assert!(matches!(documents.create("b", &large).await, Err(StateError::TooLarge { .. })));
    for key in ["../a", "a//b", "/a", "a/", ""] {
        let outcome = documents.get::<u32>(key).await;
        assert!(matches!(outcome, Err(StateError::BadKey(_))), "{key}: {outcome:?}");
    }
}

/// Adds one as often as asked; every addition must be there in the end.
async fn count_up(documents: Documents, times: u64) {
    for _ in 0..times {
        let added = documents.update("counter", |old: Option<u64>| Ok::<_, StateError>(old.unwrap_or(0) + 1)).await;
        added.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_update_is_lost_among_many_writers() {
    let folder = tempfile::tempdir().unwrap();
    let local: Objects = Arc::new(Store::open(folder.path()).unwrap());
    for (objects, writers, times) in [(Arc::new(InMemory::new()) as Objects, 64, 10), (local, 16, 10)] {
        let (documents, _) = documents_on(objects);
        let tasks: Vec<_> = (0..writers).map(|_| tokio::spawn(count_up(documents.clone(), times))).collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(documents.get::<u64>("counter").await.unwrap().unwrap().value, writers * times);
    }
}

async fn held(documents: &Documents, owner: &str) -> Lease {
    match acquire(documents, "lease", owner, TTL).await.unwrap() {
        Acquired::Held(lease) => lease,
        busy => panic!("{busy:?}"),
    }
}

const TTL: Duration = Duration::from_secs(330);

#[tokio::test]
async fn a_lease_excludes_until_it_runs_out_or_is_given_back() {
    let (documents, clock) = documents();
    let mut first = held(&documents, "one").await;
    let busy = Acquired::Busy { owner: "one".to_owned(), expires_unix_ms: 1_330_000 };
    assert_eq!(acquire(&documents, "lease", "two", TTL).await.unwrap(), busy);
    clock.advance(Duration::from_secs(100));
    first.renew(&documents, TTL).await.unwrap();
    clock.advance(Duration::from_secs(329));
    assert!(matches!(acquire(&documents, "lease", "two", TTL).await.unwrap(), Acquired::Busy { .. }));
    clock.advance(Duration::from_secs(1));
    let second = held(&documents, "two").await;
    assert_eq!((first.epoch(), second.epoch()), (1, 2));
    assert!(matches!(first.renew(&documents, TTL).await, Err(StateError::Conflict(_))));
    first.release(&documents).await.unwrap();
    assert!(matches!(acquire(&documents, "lease", "three", TTL).await.unwrap(), Acquired::Busy { .. }));
    second.release(&documents).await.unwrap();
    assert_eq!(held(&documents, "three").await.epoch(), 3);
}

#[tokio::test]
async fn a_holder_that_slept_cannot_write_over_its_successor() {
    let (documents, clock) = documents();
    let first = held(&documents, "one").await;
    let version = documents.write_fenced("work", &"start", None, first.epoch()).await.unwrap();
    clock.advance(TTL);
    let second = held(&documents, "two").await;
    let found = documents.get::<String>("work").await.unwrap().unwrap();
    documents.write_fenced("work", &"second", Some(&found.version), second.epoch()).await.unwrap();

    let late = documents.write_fenced("work", &"late", Some(&version), first.epoch()).await.unwrap_err();
    assert!(matches!(late, StateError::Fenced { ours: 1, theirs: 2, .. }), "{late}");
    let read_again = documents.get::<String>("work").await.unwrap().unwrap();
    let late = documents.write_fenced("work", &"late", Some(&read_again.version), first.epoch()).await.unwrap_err();
    assert!(matches!(late, StateError::Fenced { ours: 1, theirs: 2, .. }), "{late}");
    assert_eq!(documents.get::<String>("work").await.unwrap().unwrap().value, "second");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_come_at_once_one_gets_the_lease() {
    let (documents, _) = documents();
    let tasks: Vec<_> = (0..32)
        .map(|n| {
            let documents = documents.clone();
            tokio::spawn(async move { acquire(&documents, "lease", &format!("owner {n}"), TTL).await.unwrap() })
        })
        .collect();
    let mut holders = 0;
    for task in tasks {
        holders += usize::from(matches!(task.await.unwrap(), Acquired::Held(_)));
    }
    assert_eq!(holders, 1);
}

const LEFT: Duration = Duration::from_secs(60);

fn once() -> (Once, Arc<Hands>) {
    let (documents, clock) = documents();
    (Once::new(documents, Duration::from_secs(86_400)), clock)
}

#[tokio::test]
async fn a_repetition_gets_the_stored_reply() {
    let (once, clock) = once();
    let payload = "{}";
    let Begun::Work(claim) = once.begin("k", payload, LEFT).await.unwrap() else { panic!("first") };
    assert!(matches!(once.begin("k", payload, LEFT).await.unwrap(), Begun::InProgress { until_unix_ms: 1_060_000 }));
    claim.complete(&once, "{ }").await.unwrap();
    assert!(matches!(once.begin("k", payload, LEFT).await.unwrap(), Begun::Done(reply) if reply == "{ }"));
    assert!(matches!(once.begin("k", "other", LEFT).await.unwrap(), Begun::OtherPayload));
    assert!(matches!(once.begin("other", payload, LEFT).await.unwrap(), Begun::Work(_)));
    clock.advance(Duration::from_secs(86_400));
    assert!(matches!(once.begin("k", payload, LEFT).await.unwrap(), Begun::Work(_)), "no longer kept");
}

#[tokio::test]
async fn a_claim_ends_with_its_holder_and_a_late_holder_is_told() {
    let (once, clock) = once();
    let Begun::Work(dead) = once.begin("k", "1", LEFT).await.unwrap() else { panic!("first") };
    clock.advance(LEFT);
    let Begun::Work(second) = once.begin("k", "1", LEFT).await.unwrap() else { panic!("second") };
    assert!(matches!(dead.complete(&once, "late").await, Err(StateError::Conflict(_))));
    second.complete(&once, "second").await.unwrap();
    assert!(matches!(once.begin("k", "1", LEFT).await.unwrap(), Begun::Done(reply) if reply == "second"));
}

#[tokio::test]
async fn work_that_failed_may_be_tried_again_at_once() {
    let (once, _) = once();
    let Begun::Work(claim) = once.begin("k", "1", LEFT).await.unwrap() else { panic!("first") };
    claim.abandon(&once).await.unwrap();
    assert!(matches!(once.begin("k", "1", LEFT).await.unwrap(), Begun::Work(_)));
}

#[tokio::test]
async fn a_look_says_what_a_call_would_be_told_and_claims_nothing() {
    let objects = Arc::new(InMemory::new());
    let (documents, clock) = documents_on(objects.clone());
    let once = Once::new(documents, Duration::from_secs(86_400));
    assert!(once.look("k", "1").await.unwrap().is_none());
    assert_eq!(StreamExt::count(objects.list(None)).await, 0, "nothing is written");
    let Begun::Work(claim) = once.begin("k", "1", LEFT).await.unwrap() else { panic!("first") };
    assert!(matches!(once.look("k", "1").await.unwrap(), Some(Begun::InProgress { until_unix_ms: 1_060_000 })));
    assert!(matches!(once.look("k", "2").await.unwrap(), Some(Begun::OtherPayload)));
    claim.complete(&once, "done").await.unwrap();
    assert!(matches!(once.look("k", "1").await.unwrap(), Some(Begun::Done(reply)) if reply == "done"));
    clock.advance(Duration::from_secs(86_400));
    assert!(once.look("k", "1").await.unwrap().is_none(), "no longer kept");
    let Begun::Work(dead) = once.begin("k", "1", LEFT).await.unwrap() else { panic!("free") };
    clock.advance(LEFT);
    assert!(once.look("k", "1").await.unwrap().is_none(), "who claimed it is dead");
    dead.complete(&once, "late").await.unwrap();
    assert!(once.look("k", "1").await.unwrap().is_some(), "a look has not taken it away");
}

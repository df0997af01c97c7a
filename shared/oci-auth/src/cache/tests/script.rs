//! A source that says what the test wrote down, and a clock that stands where it is put.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::task::JoinHandle;

use super::super::*;
use crate::Secret;
use crate::effects::Clock;
use crate::key::PrivateKey;
use crate::test_keys;

/// A clock that stands where it is put.
pub(super) struct Hand(AtomicU64);

#[async_trait]
impl Clock for Hand {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::SeqCst))
    }

    async fn sleep(&self, _: Duration) {}
}

/// Gives out what the script says, one entry a load; the last entry stays.
pub(super) struct Script {
    mints: bool,
    loads: AtomicUsize,
    at_once: AtomicUsize,
    pub(super) most_at_once: AtomicUsize,
    takes: Duration,
    pub(super) answers: Mutex<VecDeque<Result<(&'static str, u64), Error>>>,
    key: Arc<PrivateKey>,
}

#[async_trait]
impl Source for Arc<Script> {
    fn rules(&self) -> Rules {
        Rules { mints: self.mints, ..Rules::of("script") }
    }

    async fn load(&self, _: &Effects, _: Option<&Arc<Snapshot>>) -> Result<Snapshot, Error> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        let at_once = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(at_once, Ordering::SeqCst);
        let leave = Leave(&self.at_once);
        tokio::time::sleep(self.takes).await;
        drop(leave);
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(!answers.is_empty(), "the test's source panics");
        let answer = if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() };
        answer.map(|(key_id, expiry)| self.snapshot(key_id, expiry))
    }
}

/// Counts a load out also when it is cancelled.
struct Leave<'a>(&'a AtomicUsize);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Script {
    fn snapshot(&self, key_id: &str, expiry: u64) -> Snapshot {
        Snapshot {
            key_id: Secret::from(key_id),
            key: Arc::clone(&self.key),
            not_after: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(expiry)),
            tenancy: None,
            compartment: None,
            region: None,
            delegation: None,
        }
    }
}

pub(super) type Answers<'a> = &'a [Result<(&'static str, u64), Error>];

/// A cache, and the script that its source follows.
pub(super) struct Scripted {
    cache: Cache,
    script: Arc<Script>,
}

impl std::ops::Deref for Scripted {
    type Target = Cache;

    fn deref(&self) -> &Cache {
        &self.cache
    }
}

/// Of a source that has what somebody else made, such as a file.
pub(super) fn cache(answers: Answers, takes: Duration) -> (Arc<Scripted>, Arc<Hand>) {
    cache_of(false, answers, takes)
}

/// Of a source that makes new credentials at each load.
pub(super) fn minting(answers: Answers, takes: Duration) -> (Arc<Scripted>, Arc<Hand>) {
    cache_of(true, answers, takes)
}

fn cache_of(mints: bool, answers: Answers, takes: Duration) -> (Arc<Scripted>, Arc<Hand>) {
    let clock = Arc::new(Hand(AtomicU64::new(1_000_000)));
    let script = Arc::new(Script {
        mints,
        loads: AtomicUsize::default(),
        at_once: AtomicUsize::default(),
        most_at_once: AtomicUsize::default(),
        takes,
        answers: Mutex::new(answers.iter().cloned().collect()),
        key: test_keys::session(),
    });
    let effects = Effects { clock: clock.clone(), ..Effects::default() };
    let cache = Cache::new(Arc::clone(&script), effects);
    (Arc::new(Scripted { cache, script }), clock)
}

pub(super) fn failure() -> Error {
    Error::NoEffect("the test's source")
}

pub(super) async fn id(cache: &Cache) -> Result<String, Error> {
    cache.snapshot().await.map(|snapshot| snapshot.key_id.expose().to_owned())
}

/// Many callers at once.
pub(super) fn crowd(cache: &Arc<Scripted>, size: usize) -> Vec<JoinHandle<Result<String, Error>>> {
    let one = || {
        let cache = Arc::clone(cache);
        tokio::spawn(async move { id(&cache).await })
    };
    (0..size).map(|_| one()).collect()
}

/// Many callers at once that a service refused `used`.
pub(super) fn renewals(
    cache: &Arc<Scripted>,
    used: &Arc<Snapshot>,
    size: usize,
) -> Vec<JoinHandle<Result<Option<Arc<Snapshot>>, Error>>> {
    let one = || {
        let (cache, used) = (Arc::clone(cache), Arc::clone(used));
        tokio::spawn(async move { cache.renew(&used).await })
    };
    (0..size).map(|_| one()).collect()
}

impl Hand {
    pub(super) fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::SeqCst);
    }
}

impl Scripted {
    pub(super) fn source(&self) -> &Script {
        &self.script
    }

    pub(super) fn loads(&self) -> usize {
        self.source().loads.load(Ordering::SeqCst)
    }
}

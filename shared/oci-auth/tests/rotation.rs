//! Rotation under load: token and key files are replaced every 50 ms, in every unkind way, while eight tasks sign
//! 100,000 requests. No call fails, and every signature is by the key that its own token names. Tokens that name no key
//! are never paired with the key of another one either.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken set-up should stop the test that hit it")]

mod stub;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use causeway_oci_auth::effects::{Clock, Exchange, Route, SystemFiles};
use causeway_oci_auth::key::PrivateKey;
use causeway_oci_auth::principals::resource;
use causeway_oci_auth::sign::{Body, sign};
use causeway_oci_auth::{Effects, Provider, Snapshot};
use http::Request;

use serde_json::json;
use stub::{BEGIN, FIRST, LEAF, SECOND, Seen, key, rpst, token};

const TASKS: usize = 8;
/// Rotation of tokens that name their key.
const NAMED: Kind =
    Kind { names_key: true, every: Duration::from_millis(50), requests: 100_000, apart: Duration::ZERO };
/// Rotation of tokens that do not, slow enough for files to come to rest in between.
const PLAIN: Kind =
    Kind { names_key: false, every: Duration::from_millis(150), requests: 5_000, apart: Duration::from_millis(5) };
/// A gap between the two files that lasts longer than this may pass for rest: the machine held the writer up.
const HELD_UP: Duration = Duration::from_millis(25);
/// One rotation at a time: the second one's gaps are short in real time.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
/// How much faster than real the clock goes: the pause of a second between vain reads is 50 ms then.
const HASTE: u32 = 20;
/// Seconds that a token lives: less than the margin, so that every call finds it due; and long enough in real time
/// (14 s) for a busy machine.
const LIFE: u64 = 290;
const KEYS: [&str; 3] = [FIRST, SECOND, LEAF];

#[derive(Clone, Copy)]
struct Kind {
    /// Whether tokens have the claim `jwk`.
    names_key: bool,
    every: Duration,
    requests: usize,
    /// Pause between the requests of a task.
    apart: Duration,
}

struct Fast(Instant);

impl Fast {
    fn seconds(&self) -> u64 {
        BEGIN + (self.0.elapsed() * HASTE).as_secs()
    }
}

#[async_trait]
impl Clock for Fast {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(BEGIN) + self.0.elapsed() * HASTE
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// The platform's side: it replaces the two files until it is told to stop.
struct Platform {
    token: PathBuf,
    key: PathBuf,
    clock: Arc<Fast>,
    kind: Kind,
    /// Pairs whose files were too far apart in time.
    held_up: Arc<Mutex<HashSet<usize>>>,
}

impl Platform {
    /// Pair number `generation`.
    fn pair(&self, generation: usize) -> (String, &'static str) {
        let pem = KEYS[generation % KEYS.len()];
        let (name, expiry) = (format!("generation-{generation}"), self.clock.seconds() + LIFE);
        let plain = || token(&json!({"sub": name, "exp": expiry}));
        (if self.kind.names_key { rpst(&name, pem, expiry) } else { plain() }, pem)
    }

    /// One file after the other, whole: nothing but the order tells that they are two pairs meanwhile.
    fn replace_in_turn(&self, generation: usize) {
        let (token, pem) = self.pair(generation);
        let mut order = [(&self.key, pem), (&self.token, token.as_str())];
        if generation.is_multiple_of(2) {
            order.reverse();
        }
        let begun = Instant::now();
        swap(order[0].0, order[0].1);
        std::thread::sleep(Duration::from_millis(5));
        swap(order[1].0, order[1].1);
        if begun.elapsed() > HELD_UP {
            self.held_up.lock().unwrap().insert(generation);
        }
    }

    fn replace(&self, generation: usize) {
        if !self.kind.names_key {
            return self.replace_in_turn(generation);
        }
        let (token, pem) = self.pair(generation);
        let rest = || std::thread::sleep(Duration::from_millis(12));
        let half = |text: &str| text[..text.len() / 2].to_owned();
        match generation % 8 {
            0 => {
                swap(&self.key, pem);
                swap(&self.token, &token);
            }
            1 => {
                swap(&self.key, pem);
                rest();
                swap(&self.token, &token);
            }
            2 => {
                swap(&self.token, &token);
                rest();
                swap(&self.key, pem);
            }
            3 => {
                fs::write(&self.token, "<html>not yet</html>").unwrap();
                fs::write(&self.key, [0_u8, 159, 146, 150]).unwrap();
                rest();
                fs::write(&self.key, pem).unwrap();
                fs::write(&self.token, &token).unwrap();
            }
            4 => {
                fs::write(&self.key, half(pem)).unwrap();
                fs::write(&self.token, half(&token)).unwrap();
                rest();
                fs::write(&self.token, &token).unwrap();
                rest();
                fs::write(&self.key, pem).unwrap();
            }
            5 => {
                fs::remove_file(&self.token).unwrap();
                fs::remove_file(&self.key).unwrap();
                rest();
                fs::write(&self.token, format!("{token}\r\n")).unwrap();
                fs::write(&self.key, pem).unwrap();
            }
            6 => {
                fs::write(&self.token, "").unwrap();
                fs::write(&self.key, "").unwrap();
                rest();
                swap(&self.key, pem);
                swap(&self.token, &token);
            }
            // A pair that was never one.
            _ => {
                swap(&self.key, KEYS[(generation + 1) % KEYS.len()]);
                swap(&self.token, &token);
                rest();
                swap(&self.key, pem);
            }
        }
    }
}

/// Replaces a file at once.
fn swap(path: &Path, content: &str) {
    let new = path.with_extension("new");
    fs::write(&new, content).unwrap();
    fs::rename(new, path).unwrap();
}

/// Rotates in a thread of its own until it is dropped, also when the test fails.
struct Rotation {
    stop: Arc<AtomicBool>,
    generations: Arc<AtomicUsize>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Rotation {
    fn start(platform: Platform) -> Self {
        let (stop, generations) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        platform.replace(0);
        let thread = std::thread::spawn({
            let (stop, generations) = (Arc::clone(&stop), Arc::clone(&generations));
            move || {
                let mut spent = Duration::ZERO;
                while !stop.load(Ordering::SeqCst) {
                    std::thread::sleep(platform.kind.every.saturating_sub(spent));
                    let begun = Instant::now();
                    platform.replace(generations.fetch_add(1, Ordering::SeqCst) + 1);
                    spent = begun.elapsed();
                }
            }
        });
        Self { stop, generations, thread: Some(thread) }
    }
}

impl Drop for Rotation {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = self.thread.take().map(std::thread::JoinHandle::join);
    }
}

/// Checks that token and key are one pair; each pair once.
struct Pairs {
    keys: Vec<Arc<PrivateKey>>,
    seen: HashSet<String>,
    /// Numbers of tokens that came with another pair's key.
    mixed: HashSet<usize>,
}

impl Pairs {
    fn new() -> Self {
        Self { keys: KEYS.map(key).into(), seen: HashSet::new(), mixed: HashSet::new() }
    }

    fn check(&mut self, snapshot: &Snapshot) {
        let key_id = snapshot.key_id.expose();
        if self.seen.contains(key_id) {
            return;
        }
        let token = causeway_oci_auth::token::Token::parse(key_id).unwrap();
        assert_ne!(token.names(&snapshot.key), Some(false), "a torn pair");
        let name = token.claim("sub").unwrap();
        let generation: usize = name.strip_prefix("generation-").unwrap().parse().unwrap();
        if snapshot.key.modulus() != self.keys[generation % KEYS.len()].modulus() {
            self.mixed.insert(generation);
        }
        self.seen.insert(key_id.to_owned());
    }
}

fn request(number: usize, snapshot: &Snapshot, now: SystemTime) -> Seen {
    let uri = format!("https://objectstorage.us-phoenix-1.oraclecloud.com/n/ns/b/bucket/o/object-{number}");
    let (method, body) =
        if number.is_multiple_of(4) { ("POST", Bytes::from("{\"a\": 1}")) } else { ("GET", Bytes::new()) };
    let mut request = Request::builder().method(method).uri(&uri).body(body.clone()).unwrap();
    let content = if body.is_empty() { Body::None } else { Body::Hashed(&body) };
    sign(&mut request, content, snapshot, now).unwrap();
    let how = Exchange { timeout: Duration::ZERO, max_bytes: 0, route: Route::Service };
    Seen { method: method.to_owned(), uri, headers: request.headers().clone(), body, how }
}

/// Signs its share and gives the pairs it used.
async fn sign_many(provider: Arc<dyn Provider>, clock: Arc<Fast>, kind: Kind, task: usize) -> Pairs {
    let mut pairs = Pairs::new();
    for number in 0..kind.requests / TASKS {
        let snapshot = provider.snapshot().await.expect("valid credentials at any time");
        pairs.check(&snapshot);
        let (key_id, _) = request(number, &snapshot, clock.now()).signed_by(&snapshot.key);
        assert_eq!(key_id, snapshot.key_id.expose());
        if number % 50 == task {
            // As after a 401. It may find nothing newer, or the files torn; a wrong pair it must not find.
            if let Ok(Some(newer)) = provider.renew(&snapshot).await {
                pairs.check(&newer);
            }
        }
        if !kind.apart.is_zero() {
            tokio::time::sleep(kind.apart).await;
        }
    }
    pairs
}

/// Rotates and signs; at least so many pairs must have been there and have been used.
async fn rotate(kind: Kind, enough: usize) {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let (token, key) = (folder.path().join("rpst"), folder.path().join("private.pem"));
    let clock = Arc::new(Fast(Instant::now()));
    let variable = |short: &str, value: &str| (format!("OCI_RESOURCE_PRINCIPAL_{short}"), value.to_owned());
    let variables = HashMap::from([
        variable("VERSION", "2.2"),
        variable("RPST", token.to_str().unwrap()),
        variable("PRIVATE_PEM", key.to_str().unwrap()),
    ]);
    let held_up = Arc::<Mutex<HashSet<usize>>>::default();
    let platform = Platform { token, key, clock: Arc::clone(&clock), kind, held_up: Arc::clone(&held_up) };
    let rotation = Rotation::start(platform);
    let effects = Effects {
        environment: Arc::new(variables),
        files: Arc::new(SystemFiles),
        clock: clock.clone(),
        ..Effects::default()
    };
    let provider = resource::from_environment(&effects).unwrap();
    let task = |number| tokio::spawn(sign_many(Arc::clone(&provider), Arc::clone(&clock), kind, number));
    let tasks: Vec<_> = (0..TASKS).map(task).collect();
    let (mut used, mut mixed) = (HashSet::new(), HashSet::new());
    for task in tasks {
        let pairs = task.await.unwrap();
        used.extend(pairs.seen);
        mixed.extend(pairs.mixed);
    }
    let held_up = held_up.lock().unwrap().clone();
    mixed.retain(|token| !held_up.contains(token) && !held_up.contains(&(token + 1)));
    assert!(mixed.is_empty(), "tokens {mixed:?} came with another pair's key");
    let generations = rotation.generations.load(Ordering::SeqCst);
    assert!(generations >= enough, "only {generations} rotations: the test was no test");
    assert!(used.len() >= enough, "only {} of {generations} pairs were picked up", used.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_signature_is_by_the_key_that_its_token_names() {
    rotate(NAMED, 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_token_that_names_no_key_keeps_its_own() {
    rotate(PLAIN, 4).await;
}

//! A made-up world for tests: variables, files, a clock, session keys and a web, all of which the test holds.

#![allow(dead_code, unused_imports, reason = "each test program uses its part of it")]
#![allow(unreachable_pub, reason = "a module of several test programs")]

mod cloud;
mod credentials;
mod web;

use std::collections::{HashMap, VecDeque};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use causeway_oci_auth::effects::{Clock, Environment, Files, Random};
use causeway_oci_auth::key::PrivateKey;
use causeway_oci_auth::{Effects, Error};

pub use cloud::*;
pub use credentials::*;
pub use web::*;

/// Seconds since 1970 at which every world begins.
pub const BEGIN: u64 = 1_780_000_000;

/// The world and handles to change it.
#[derive(Clone)]
pub struct World {
    pub variables: Arc<Variables>,
    pub drive: Arc<Drive>,
    pub clock: Arc<Watch>,
    pub keys: Arc<Keys>,
    pub web: Arc<Web>,
}

impl World {
    /// With these variables; session keys are those of `SECOND`.
    pub fn new(variables: &[(&str, &str)]) -> Self {
        let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self {
            variables: Arc::new(Variables(Mutex::new(pairs.collect()))),
            drive: Arc::default(),
            clock: Arc::new(Watch { start: tokio::time::Instant::now(), offset: AtomicI64::new(0) }),
            keys: Arc::new(Keys {
                pems: Mutex::new([SECOND].into()),
                made: AtomicUsize::new(0),
                byte: AtomicU8::new(0),
            }),
            web: Arc::default(),
        }
    }

    /// Seconds since 1970 by this world's clock.
    pub fn clock_seconds(&self) -> u64 {
        self.clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
    }

    pub fn effects(&self) -> Effects {
        Effects {
            environment: self.variables.clone(),
            files: self.drive.clone(),
            http: self.web.clone(),
            clock: self.clock.clone(),
            random: self.keys.clone(),
        }
    }
}

pub struct Variables(Mutex<HashMap<String, String>>);

impl Environment for Variables {
    fn var(&self, name: &str) -> Option<OsString> {
        self.0.lock().unwrap().get(name).map(OsString::from)
    }
}

/// Files in memory. `script` holds contents that are found once each, before what is in `files`.
#[derive(Default)]
pub struct Drive {
    files: Mutex<HashMap<PathBuf, Vec<u8>>>,
    script: Mutex<HashMap<PathBuf, VecDeque<Vec<u8>>>>,
    pub reads: AtomicUsize,
}

impl Drive {
    pub fn put(&self, path: &str, content: &str) {
        self.files.lock().unwrap().insert(path.into(), content.into());
    }

    pub fn remove(&self, path: &str) {
        self.files.lock().unwrap().remove(Path::new(path));
    }

    /// The next reads of `path` find these.
    pub fn then(&self, path: &str, contents: &[&str]) {
        let contents = contents.iter().map(|content| content.as_bytes().to_vec());
        self.script.lock().unwrap().entry(path.into()).or_default().extend(contents);
    }
}

impl Files for Drive {
    fn read(&self, path: &Path, max: usize) -> io::Result<Vec<u8>> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if let Some(content) = self.script.lock().unwrap().get_mut(path).and_then(VecDeque::pop_front) {
            return Ok(content);
        }
        self.files.lock().unwrap().read(path, max)
    }
}

/// Goes with tokio's time, which tests may stop, and can be set.
pub struct Watch {
    start: tokio::time::Instant,
    offset: AtomicI64,
}

impl Watch {
    /// Sets it forward or back, as an operator does: tokio's time does not move.
    pub fn shift(&self, seconds: i64) {
        self.offset.fetch_add(seconds, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for Watch {
    fn now(&self) -> SystemTime {
        let seconds = BEGIN.saturating_add_signed(self.offset.load(Ordering::SeqCst));
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds) + self.start.elapsed()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// Session keys in turn; the last one stays. "Random" bytes count up.
pub struct Keys {
    pems: Mutex<VecDeque<&'static str>>,
    pub made: AtomicUsize,
    byte: AtomicU8,
}

impl Keys {
    pub fn will_be(&self, pems: &[&'static str]) {
        *self.pems.lock().unwrap() = pems.iter().copied().collect();
    }
}

#[async_trait]
impl Random for Keys {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), Error> {
        buffer.fill_with(|| self.byte.fetch_add(1, Ordering::SeqCst));
        Ok(())
    }

    async fn session_key(&self) -> Result<PrivateKey, Error> {
        self.made.fetch_add(1, Ordering::SeqCst);
        let mut pems = self.pems.lock().unwrap();
        let pem = if pems.len() > 1 { pems.pop_front() } else { pems.front().copied() };
        Ok(PrivateKey::from_pem(pem.unwrap().as_bytes(), None).unwrap())
    }
}

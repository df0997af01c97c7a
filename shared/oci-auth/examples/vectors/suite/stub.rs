//! The world of a case: its variables and files, a clock that stands, answers from a list.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use causeway_oci_auth::effects::{Clock, Exchange, Files, Http, HttpError, Random};
use causeway_oci_auth::key::PrivateKey;
use causeway_oci_auth::{Effects, Error};
use http::{Request, Response};

/// Where the cases' files are.
pub(crate) const DIR: &str = "/vectors";
/// Home directory of the cases.
pub(crate) const HOME: &str = "/home/vectors";

/// Answers a request; `None` when there is nothing at that place.
pub(crate) type Answer = dyn Fn(&Request<Bytes>, usize) -> Option<Response<Bytes>> + Send + Sync;

/// See the module.
pub(crate) struct World {
    files: Mutex<HashMap<PathBuf, Vec<u8>>>,
    now: Mutex<SystemTime>,
    slept: Mutex<Vec<Duration>>,
    sent: Mutex<Vec<Request<Bytes>>>,
    session_pem: Option<String>,
    answer: Box<Answer>,
}

impl World {
    pub(crate) fn new(now: SystemTime, session_pem: Option<String>, answer: Box<Answer>) -> Arc<Self> {
        let (files, slept, sent) = (Mutex::default(), Mutex::default(), Mutex::default());
        Arc::new(Self { files, now: Mutex::new(now), slept, sent, session_pem, answer })
    }

    /// A world without network.
    pub(crate) fn offline(now: SystemTime) -> Arc<Self> {
        Self::new(now, None, Box::new(|_, _| None))
    }

    pub(crate) fn effects(self: &Arc<Self>, variables: HashMap<String, String>) -> Effects {
        let (files, http, clock, random) = (self.clone(), self.clone(), self.clone(), self.clone());
        Effects { environment: Arc::new(variables), files, http, clock, random }
    }

    pub(crate) fn write(&self, path: impl Into<PathBuf>, content: impl Into<Vec<u8>>) {
        lock(&self.files).insert(path.into(), content.into());
    }

    /// What was sent so far.
    pub(crate) fn sent(&self) -> Vec<Request<Bytes>> {
        lock(&self.sent).clone()
    }

    /// The pauses so far.
    pub(crate) fn slept(&self) -> Vec<Duration> {
        lock(&self.slept).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Files for World {
    fn read(&self, path: &Path, max: usize) -> io::Result<Vec<u8>> {
        lock(&self.files).read(path, max)
    }
}

#[async_trait]
impl Clock for World {
    fn now(&self) -> SystemTime {
        *lock(&self.now)
    }

    async fn sleep(&self, time: Duration) {
        lock(&self.slept).push(time);
        *lock(&self.now) += time;
    }
}

#[async_trait]
impl Random for World {
    /// The request id of the recorded exchanges.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), Error> {
        let pattern = [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF];
        buffer.iter_mut().zip(pattern.into_iter().cycle()).for_each(|(byte, value)| *byte = value);
        Ok(())
    }

    async fn session_key(&self) -> Result<PrivateKey, Error> {
        let pem = self.session_pem.as_ref().ok_or(Error::NoEffect("session keys"))?;
        let key = PrivateKey::from_pem(pem.as_bytes(), None);
        key.map_err(|fault| Error::BadKey { origin: "the case's session key".to_owned(), fault })
    }
}

#[async_trait]
impl Http for World {
    /// Every exchange takes a second, so that two dates are never the same.
    async fn send(&self, request: Request<Bytes>, _: &Exchange) -> Result<Response<Bytes>, HttpError> {
        let at = lock(&self.sent).len();
        lock(&self.sent).push(request.clone());
        *lock(&self.now) += Duration::from_secs(1);
        let answer = (self.answer)(&request, at);
        answer.ok_or_else(|| HttpError::NotSent("the case has no answer to this request".to_owned()))
    }
}

/// An answer with a JSON body.
pub(crate) fn json(content: &serde_json::Value) -> Response<Bytes> {
    Response::new(Bytes::from(content.to_string()))
}

//! The way to the services: every request is noted, and one can be held.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use causeway_oci_emulator::Emulator;
use rustix::process::Signal;
use tokio::sync::watch;

use super::{Function, Request as Call, signal};

/// Bound on waiting for what has to come; generous, since test machines are busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// A request and how it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// Its method.
    pub method: String,
    /// Its path, without what is asked for.
    pub path: String,
    /// The answer's status.
    pub status: u16,
    /// Oracle's token for repetitions.
    pub retry_token: Option<String>,
}

/// Where a request is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Before the service has it.
    Before,
    /// When the service has done it.
    After,
}

#[derive(Debug, Default)]
struct State {
    seen: Vec<Noted>,
    /// Method, part of the path, and where.
    wanted: Option<(&'static str, &'static str, Hold)>,
    is_holding: bool,
    /// Whether the sender of what was held is gone, and the request with it.
    is_gone: bool,
}

/// The way; hand it requests with [`Front::handle`].
#[derive(Debug)]
pub struct Front {
    state: Mutex<State>,
    changed: Condvar,
    /// `true` while the held request stays where it is.
    held: watch::Sender<bool>,
}

impl Default for Front {
    fn default() -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), held: watch::Sender::new(false) }
    }
}

impl Front {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests so far, in the order of their answers.
    #[must_use]
    pub fn seen(&self) -> Vec<Noted> {
        self.lock().seen.clone()
    }

    /// Forgets what was noted.
    pub fn forget(&self) {
        self.lock().seen.clear();
    }

    /// Holds the first request that fits, and no other.
    pub fn hold(&self, method: &'static str, path: &'static str, at: Hold) {
        self.held.send_replace(true);
        let mut state = self.lock();
        (state.wanted, state.is_holding, state.is_gone) = (Some((method, path, at)), false, false);
    }

    /// Waits until it is held.
    ///
    /// # Panics
    /// When no such request comes.
    pub fn wait(&self) {
        self.wait_until("no such request came", |state| state.is_holding);
    }

    fn wait_until(&self, problem: &str, is_so: impl Fn(&State) -> bool) {
        let limit = Instant::now() + PATIENCE;
        let mut state = self.lock();
        while !is_so(&state) {
            let left = limit.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{problem}: {:?}", state.wanted);
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Lets it go on; its sender lives.
    pub fn release(&self) {
        self.held.send_replace(false);
    }

    /// Waits until it is dropped where it is, since its sender is dead. Whoever lets it go on before the server has
    /// noticed that sends the request of a dead process.
    ///
    /// # Panics
    /// When the sender lives on.
    pub fn wait_dropped(&self) {
        self.wait_until("its sender lives", |state| state.is_gone);
    }

    fn takes(&self, method: &str, path: &str, at: Hold) -> bool {
        let mut state = self.lock();
        let fits =
            state.wanted.is_some_and(|(wanted, part, place)| wanted == method && path.contains(part) && place == at);
        if fits {
            state.wanted = None;
            state.is_holding = true;
            self.changed.notify_all();
        }
        fits
    }

    async fn stay(&self) {
        let mut held = self.held.subscribe();
        let mut staying = Staying { front: self, goes_on: false };
        let _ = held.wait_for(|held| !held).await;
        staying.goes_on = true;
    }

    /// Kills a process that was called when it sends a request that fits, which is dropped where it is held.
    ///
    /// # Panics
    /// When no such request comes, or the process answers.
    pub fn kill(&self, function: &Function, method: &'static str, path: &'static str, at: Hold) {
        self.hold(method, path, at);
        std::thread::scope(|scope| {
            let dying = scope.spawn(|| {
                let mut connection = function.connect();
                connection.set_patience(2 * PATIENCE);
                connection.try_call(&Call::call("{\"kind\":\"tick\"}").deadline_in(240)).is_err()
            });
            self.wait();
            signal(function.pid(), Signal::KILL);
            assert!(dying.join().expect("a thread"), "it died before it answered");
        });
        self.wait_dropped();
    }

    /// Hands a request on to the services, or holds it.
    pub async fn handle(&self, emulator: &Emulator, request: Request) -> Response<Body> {
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        // Read to its end: only then does the server notice a sender that is gone.
        let (parts, body) = request.into_parts();
        let retry_token = parts.headers.get("opc-retry-token").and_then(|token| token.to_str().ok()).map(str::to_owned);
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        if self.takes(&method, &path, Hold::Before) {
            self.stay().await;
        }
        let response = emulator.handle(Request::from_parts(parts, body.into())).await;
        let status = response.status().as_u16();
        let is_held = self.takes(&method, &path, Hold::After);
        self.lock().seen.push(Noted { method, path, status, retry_token });
        if is_held {
            self.stay().await;
        }
        response
    }
}

/// A request that is held, until it goes on or is dropped.
struct Staying<'a> {
    front: &'a Front,
    goes_on: bool,
}

impl Drop for Staying<'_> {
    fn drop(&mut self) {
        let mut state = self.front.lock();
        (state.is_holding, state.is_gone) = (false, !self.goes_on);
        self.front.changed.notify_all();
    }
}

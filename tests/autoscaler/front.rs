//! The way to the services: every request is noted, and one can be held.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use causeway_oci_emulator::Emulator;
use tokio::sync::watch;

/// Bound on waiting for what has to come; generous, since test machines are busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// A request and how it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) retry_token: Option<String>,
}

/// Where a request is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Before the service has it.
    Before,
    /// When the service has done it.
    After,
}

#[derive(Debug, Default)]
struct State {
    seen: Vec<Seen>,
    /// Method, part of the path, and where.
    wanted: Option<(&'static str, &'static str, Hold)>,
    is_holding: bool,
}

#[derive(Debug)]
pub(crate) struct Front {
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
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.lock().seen.clone()
    }

    /// Forgets what was noted.
    pub(crate) fn forget(&self) {
        self.lock().seen.clear();
    }

    /// Holds the first request that fits, and no other.
    pub(crate) fn hold(&self, method: &'static str, path: &'static str, at: Hold) {
        self.held.send_replace(true);
        self.lock().wanted = Some((method, path, at));
    }

    /// Waits until it is held.
    pub(crate) fn wait(&self) {
        let limit = Instant::now() + PATIENCE;
        let mut state = self.lock();
        while !state.is_holding {
            let left = limit.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no such request came: {:?}", state.wanted);
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Lets it go on, if its sender lives.
    pub(crate) fn release(&self) {
        self.held.send_replace(false);
        self.lock().is_holding = false;
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
        let _ = held.wait_for(|held| !held).await;
    }

    pub(crate) async fn handle(&self, emulator: &Emulator, request: Request) -> Response<Body> {
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
        self.lock().seen.push(Seen { method, path, status, retry_token });
        if is_held {
            self.stay().await;
        }
        response
    }
}

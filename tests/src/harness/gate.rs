//! The way to the emulator: requests of functions are noted here, and one of them can be caught.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use causeway_oci_emulator::Emulator;
use tokio::sync::watch;

/// Bound on waiting for a request that has to come; generous, since test machines are busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// A request as it was noted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// The function whose principal signed it.
    pub by: String,
    /// Its method.
    pub method: String,
    /// Its path, as sent.
    pub path: String,
}

/// Where a request is caught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// On its way to the service: it has no effect unless it is let go.
    Before,
    /// On its answer's way back: it has had its effect.
    After,
}

/// Which request is caught: the one after `skip` others that fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catch {
    /// The function whose principal signed it.
    pub by: String,
    /// Its method.
    pub method: String,
    /// What its path contains.
    pub path: String,
    /// Fitting requests that pass first.
    pub skip: usize,
    /// Where.
    pub when: When,
}

impl Catch {
    fn fits(&self, seen: &Seen) -> bool {
        self.by == seen.by && self.method == seen.method && seen.path.contains(&self.path)
    }
}

#[derive(Debug, Default)]
struct State {
    /// Session tokens by function.
    tokens: Vec<(String, String)>,
    seen: Vec<Seen>,
    catch: Option<Catch>,
    has_caught: bool,
    /// Requests that are held.
    holding: usize,
}

/// One catch at a time.
#[derive(Debug)]
pub struct Gate {
    state: Mutex<State>,
    changed: Condvar,
    /// While it is `true`, what was caught stays where it is.
    held: watch::Sender<bool>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), held: watch::Sender::new(false) }
    }
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests that are signed with this token are the function's.
    pub(super) fn know(&self, function: &str, token: String) {
        self.lock().tokens.push((function.to_owned(), token));
    }

    /// Requests of functions so far, in the order in which they came.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.lock().seen.clone()
    }

    /// Catches the request when it comes.
    pub fn catch(&self, catch: Catch) {
        let mut state = self.lock();
        (state.catch, state.has_caught) = (Some(catch), false);
        self.held.send_replace(true);
    }

    /// Waits until the request is caught.
    ///
    /// # Panics
    /// When it does not come.
    pub fn wait_caught(&self) {
        self.wait("it never came", |state| state.has_caught);
    }

    fn wait(&self, problem: &str, is_so: impl Fn(&State) -> bool) {
        let limit = Instant::now() + PATIENCE;
        let mut state = self.lock();
        while !is_so(&state) {
            let left = limit.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{problem}: {:?}", state.catch);
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until what was caught is gone, as its sender is dead.
    ///
    /// # Panics
    /// When its sender lives.
    pub fn wait_gone(&self) {
        self.wait("its sender lives", |state| state.holding == 0);
    }

    /// Lets go what was caught, and catches nothing any more.
    pub fn open(&self) {
        self.lock().catch = None;
        self.held.send_replace(false);
    }

    /// Notes the request and says where it is to be stopped.
    fn pass(&self, request: &Request) -> Option<When> {
        let signature = request.headers().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or("");
        let mut state = self.lock();
        let by = state.tokens.iter().find(|(_, token)| signature.contains(token))?.0.clone();
        let seen = Seen { by, method: request.method().to_string(), path: request.uri().path().to_owned() };
        let fits =
            state.catch.as_ref().is_some_and(|catch| catch.fits(&seen)) && state.holding == 0 && !state.has_caught;
        state.seen.push(seen);
        let catch = state.catch.as_mut().filter(|_| fits)?;
        match catch.skip.checked_sub(1) {
            Some(left) => {
                catch.skip = left;
                None
            }
            None => Some(catch.when),
        }
    }

    async fn hold(&self) {
        let mut held = self.held.subscribe();
        let _holding = Holding::of(self);
        let _ = held.wait_for(|held| !held).await;
    }

    /// A request on its way. When its sender dies meanwhile, it is dropped where it is.
    pub(super) async fn handle(&self, emulator: &Emulator, request: Request) -> Response<Body> {
        match self.pass(&request) {
            None => emulator.handle(request).await,
            Some(When::Before) => {
                // Read to its end: only then does the server notice that the sender has gone.
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
                self.hold().await;
                emulator.handle(Request::from_parts(parts, body.into())).await
            }
            Some(When::After) => {
                let response = emulator.handle(request).await;
                self.hold().await;
                response
            }
        }
    }
}

/// A request that is held, until it goes on or is dropped.
struct Holding<'a>(&'a Gate);

impl<'a> Holding<'a> {
    fn of(gate: &'a Gate) -> Self {
        let mut state = gate.lock();
        (state.has_caught, state.holding) = (true, state.holding + 1);
        gate.changed.notify_all();
        Self(gate)
    }
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.0.lock().holding -= 1;
        self.0.changed.notify_all();
    }
}

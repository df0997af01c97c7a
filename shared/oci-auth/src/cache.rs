//! Keeps one snapshot and replaces it in time: one load at a time, nobody waits for ever, a failure is shared
//! by those who waited for it, and credentials that are still valid outlive a failed refresh.
//!
//! A load runs in a task of its own. So it neither ends with the caller that began it nor stands still with a
//! caller that is held but not polled, and who has valid credentials need not wait for a slow one. A load that slept
//! in a frozen container is left to itself when somebody needs credentials after the thaw.

mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tokio::sync::watch;

use self::state::State;
use crate::{Effects, Error, Provider, Snapshot};

/// A snapshot with less than this left is replaced (the margin of Oracle's Go SDK).
pub const REFRESH_BEFORE: Duration = Duration::from_secs(300);
/// How long a caller with valid credentials waits for newer ones.
const PATIENCE: Duration = Duration::from_secs(5);

/// Said when nobody could run a load.
const NO_RUNTIME: Error = Error::NoEffect("a tokio runtime");
/// What a load may take beyond its limit.
const GRACE: Duration = Duration::from_secs(1);

/// How a source is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// Name of the provider.
    pub(crate) name: &'static str,
    /// Longest load.
    pub(crate) limit: Duration,
    /// Longest pause between loads that bring nothing new. Short where a load costs nothing, as files do.
    pub(crate) longest_pause: Duration,
    /// Whether each load makes new credentials. Then that they are new says nothing about whether they are better,
    /// and a short life of theirs is no reason to make others all the time.
    pub(crate) mints: bool,
}

impl Rules {
    /// Those of a service that makes new credentials.
    pub(crate) const fn of(name: &'static str) -> Self {
        Self { name, limit: Duration::from_secs(30), longest_pause: Duration::from_secs(30), mints: true }
    }
}

/// Where snapshots come from.
#[async_trait]
pub(crate) trait Source: Send + Sync + 'static {
    /// How it is asked; always the same.
    fn rules(&self) -> Rules;
    /// Makes a snapshot. `old` is the one in use.
    async fn load(&self, effects: &Effects, old: Option<&Arc<Snapshot>>) -> Result<Snapshot, Error>;
}

/// See the module.
pub(crate) struct Cache(Arc<Shared>);

struct Shared {
    source: Box<dyn Source>,
    rules: Rules,
    effects: Effects,
    state: Mutex<State>,
    /// Number of the latest load that ended.
    ended: watch::Sender<u64>,
}

/// What a look at the state says.
enum Look {
    Take(Arc<Snapshot>),
    /// Valid credentials, and a refresh that may bring newer ones.
    Refresh(Wait),
    /// Nothing valid until a load ends.
    Wait(Wait),
    Failed(Error),
}

impl Cache {
    pub(crate) fn new(source: impl Source, effects: Effects) -> Self {
        let (rules, state, ended) = (source.rules(), Mutex::default(), watch::Sender::default());
        Self(Arc::new(Shared { source: Box::new(source), rules, effects, state, ended }))
    }

    pub(crate) async fn snapshot(&self) -> Result<Arc<Snapshot>, Error> {
        let Rules { name, limit, .. } = self.0.rules;
        match self.look() {
            Look::Take(snapshot) => return Ok(snapshot),
            Look::Failed(error) => return Err(error),
            Look::Wait(wait) => wait.end(name, limit).await?,
            Look::Refresh(mut wait) => {
                let ended = wait.ends_within(PATIENCE).await.unwrap_or(false);
                let usable = self.0.state().usable(self.0.effects.clock.now());
                match usable {
                    Some(usable) => return Ok(usable),
                    None if ended => {}
                    // What was valid ran out while its successor was waited for.
                    None => wait.end(name, limit).await?,
                }
            }
        }
        let state = self.0.state();
        state.usable(self.0.effects.clock.now()).ok_or_else(|| state.failure(name))
    }

    /// Replaces `used` unless somebody did. `None` when the source still has the same credentials.
    pub(crate) async fn renew(&self, used: &Arc<Snapshot>) -> Result<Option<Arc<Snapshot>>, Error> {
        let rules = &self.0.rules;
        let wait = {
            let mut state = self.0.state();
            let now = self.0.effects.clock.now();
            if let Some(newer) = state.newer(used, now) {
                return Ok(Some(newer));
            }
            let loading = state.is_loading(rules, now);
            if !loading && !state.may_renew(rules, now) {
                return state.last_failure().map_or(Ok(None), Err);
            }
            if !loading {
                state.count_renewal(now);
            }
            self.0.join(state, now)
        };
        wait.end(rules.name, rules.limit).await?;
        let state = self.0.state();
        match state.newer(used, self.0.effects.clock.now()) {
            Some(newer) => Ok(Some(newer)),
            None => state.last_failure().map_or(Ok(None), Err),
        }
    }

    fn look(&self) -> Look {
        let rules = &self.0.rules;
        let now = self.0.effects.clock.now();
        let state = self.0.state();
        let (usable, loading) = (state.usable(now), state.is_loading(rules, now));
        let due = usable.as_ref().is_none_or(|usable| state.is_due(rules, usable, now)) && state.may_load(rules, now);
        match usable {
            Some(usable) if !due || loading => Look::Take(usable),
            Some(_) => Look::Refresh(self.0.join(state, now)),
            None if due || loading => Look::Wait(self.0.join(state, now)),
            None => Look::Failed(state.failure(rules.name)),
        }
    }
}

#[async_trait]
impl Provider for Cache {
    fn name(&self) -> &'static str {
        self.0.rules.name
    }

    async fn snapshot(&self) -> Result<Arc<Snapshot>, Error> {
        self.snapshot().await
    }

    async fn renew(&self, used: &Arc<Snapshot>) -> Result<Option<Arc<Snapshot>>, Error> {
        self.renew(used).await
    }
}

/// Waits for the end of a load.
struct Wait {
    ended: watch::Receiver<u64>,
    load: u64,
}

impl Wait {
    /// The load has its own limit; this one is for a load whose runtime stands still.
    async fn end(mut self, provider: &'static str, limit: Duration) -> Result<(), Error> {
        if self.ends_within(limit + GRACE).await? { Ok(()) } else { Err(Error::TooSlow { provider, limit }) }
    }

    /// Whether it ended in time. Without a runtime nothing can be waited for.
    async fn ends_within(&mut self, limit: Duration) -> Result<bool, Error> {
        if *self.ended.borrow() >= self.load {
            return Ok(true);
        }
        tokio::runtime::Handle::try_current().map_err(|_| NO_RUNTIME)?;
        Ok(tokio::time::timeout(limit, self.over()).await.is_ok())
    }

    /// The sender outlives the load, so this ends with the load alone.
    async fn over(&mut self) {
        let load = self.load;
        let _ = self.ended.wait_for(|ended| *ended >= load).await;
    }
}

impl Shared {
    /// Joins the load that is under way, or begins one.
    fn join(self: &Arc<Self>, mut state: MutexGuard<'_, State>, now: SystemTime) -> Wait {
        let begun = if state.is_loading(&self.rules, now) { None } else { Some(state.begin(now)) };
        let wait = Wait { ended: self.ended.subscribe(), load: state.latest() };
        drop(state);
        if let Some(load) = begun {
            self.begin(load);
        }
        wait
    }

    /// The state must not be locked: a runtime that is ending drops the task here and now.
    fn begin(self: &Arc<Self>, load: u64) {
        let end = End { shared: Arc::clone(self), load };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move { end.shared.load(load).await })),
            Err(_) => self.state().note(load, Err(NO_RUNTIME), self.effects.clock.now()),
        }
    }

    async fn load(&self, load: u64) {
        let Rules { name, limit, .. } = self.rules;
        let old = self.state().current();
        let limited = tokio::time::timeout(limit, self.source.load(&self.effects, old.as_ref())).await;
        let loaded = limited.unwrap_or(Err(Error::TooSlow { provider: name, limit }));
        let now = self.effects.clock.now();
        let loaded = loaded.and_then(|snapshot| still_valid(name, snapshot, now));
        if let Err(error) = &loaded {
            tracing::warn!(provider = name, error = %error, "credentials were not refreshed");
        }
        self.state().note(load, loaded, now);
    }

    /// The state is only ever changed by code that cannot panic, so a panic elsewhere leaves nothing half done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Credentials that are over on arrival are a failure of their source.
fn still_valid(name: &str, snapshot: Snapshot, now: SystemTime) -> Result<Arc<Snapshot>, Error> {
    match snapshot.not_after.map(|end| now.duration_since(end)) {
        Some(Ok(ago)) => Err(Error::Expired { origin: name.to_owned(), ago }),
        _ => Ok(Arc::new(snapshot)),
    }
}

/// Ends a load on every path: when it is done, when its source panics, and when its runtime goes away.
struct End {
    shared: Arc<Shared>,
    load: u64,
}

impl Drop for End {
    fn drop(&mut self) {
        let now = self.shared.effects.clock.now();
        self.shared.state().end(self.load, self.shared.rules.name, now);
        self.shared.ended.send_modify(|ended| *ended = self.load.max(*ended));
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple(self.0.rules.name).finish()
    }
}

#[cfg(test)]
mod tests;

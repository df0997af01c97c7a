//! What all breakers of one process have in common: the store, the clock, and what is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use causeway_resilience::Deadline;
use causeway_resilience::breaker::{Change, Config, Event};
use futures_util::future::{Either, select};

use super::record::{Record, Writer};
use super::{Dependency, Sharing, message};
use crate::notifier::{Alerted, Alerts};
use crate::state::Found;
use crate::state::{Clock, Documents, StateError, UnixMillis, Version};

/// Folder of the documents.
pub(super) const STATE: &str = "state";
/// Folder of reports that came late.
pub(super) const LATE: &str = "late";
/// The document by which the store tells its time.
const TIME: &str = "time";
/// The time of the store is good for so long.
const TIME_KEPT_MS: u64 = 60_000;

/// A number from 0 to 1, anew at each call.
pub(super) type Chance = Arc<dyn Fn() -> f64 + Send + Sync>;

pub(super) struct World {
    /// None for breakers of this process alone.
    pub(super) documents: Option<Documents>,
    pub(super) alerts: Option<Alerts>,
    pub(super) config: Config,
    pub(super) sharing: Sharing,
    pub(super) instance: String,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) chance: Chance,
    pub(super) clocks: Clocks,
    /// Whether the store is known to be away, so that it is said once.
    pub(super) is_away: AtomicBool,
}

/// How far our clock is from the store's.
#[derive(Default)]
pub(super) struct Clocks {
    ahead_ms: AtomicI64,
    asked_ms: AtomicU64,
}

/// Why something could not be written.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Others were always faster.
    Busy,
    /// The store failed, or did not answer in time.
    Away(String),
    /// The caller has no more time; nothing is known of the store.
    Hurry,
}

impl From<StateError> for Trouble {
    fn from(error: StateError) -> Self {
        let source = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        Self::Away(format!("{error}{source}"))
    }
}

/// A document that was read, or what takes its place.
pub(super) struct Read {
    pub(super) record: Record,
    /// None where there is no document.
    pub(super) version: Option<Version>,
    /// Whether it has to be written even if nothing changes: everybody has to count under the same epoch.
    pub(super) is_new: bool,
}

impl World {
    /// Now, by the store's clock where that is known to differ.
    pub(super) fn now_ms(&self) -> UnixMillis {
        let ahead = self.clocks.ahead_ms.load(Ordering::Relaxed);
        self.clock.unix_millis().saturating_add_signed(ahead.saturating_neg())
    }

    pub(super) fn writer(&self) -> Writer<'_> {
        let (now_ms, random01) = (self.now_ms(), (self.chance)());
        Writer { instance: &self.instance, config: &self.config, now_ms, random01 }
    }

    /// Looks at the store's clock, where that is asked for and was not done lately. True when our time is another now.
    pub(super) async fn check_time(&self, documents: &Documents) -> Result<bool, Trouble> {
        let asked_ms = self.clocks.asked_ms.load(Ordering::Relaxed);
        let ours = self.clock.unix_millis();
        let is_known = asked_ms > 0 && (asked_ms..asked_ms.saturating_add(TIME_KEPT_MS)).contains(&ours);
        if !self.sharing.asks_store_for_time || is_known {
            return Ok(false);
        }
        let theirs = documents.store_time(TIME).await?;
        let theirs = theirs.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let theirs = i64::try_from(theirs.as_millis()).unwrap_or(i64::MAX);
        let ahead = i64::try_from(ours).unwrap_or(i64::MAX).saturating_sub(theirs);
        // Stores tell whole seconds, and clocks may differ a little.
        let differs = ahead.unsigned_abs() > self.config.skew_ms.max(1_000);
        if differs {
            tracing::warn!(ahead_ms = ahead, "the clock of this instance differs from the store's, which is taken");
        }
        let ahead = if differs { ahead } else { 0 };
        self.clocks.asked_ms.store(ours, Ordering::Relaxed);
        Ok(self.clocks.ahead_ms.swap(ahead, Ordering::Relaxed) != ahead)
    }

    pub(super) async fn read(&self, documents: &Documents, dependency: &Dependency) -> Result<Read, Trouble> {
        let recovered = || Record::recovered(dependency, self.now_ms());
        Ok(match documents.find::<Record>(&state_key(dependency)).await? {
            Some(Found::Whole(found)) => Read { record: found.value, version: Some(found.version), is_new: false },
            Some(Found::Damaged(version, error)) => {
                tracing::warn!(%dependency, %error, "the document of a circuit breaker is damaged: it begins anew");
                Read { record: recovered(), version: Some(version), is_new: true }
            }
            None => Read { record: recovered(), version: None, is_new: true },
        })
    }

    /// False when somebody else was faster.
    pub(super) async fn write(
        &self,
        documents: &Documents,
        record: &Record,
        version: Option<&Version>,
    ) -> Result<bool, Trouble> {
        let key = state_key(&record.dependency);
        let written = match version {
            Some(version) => documents.replace(&key, record, version).await,
            None => documents.create(&key, record).await,
        };
        match written {
            Ok(_) => Ok(true),
            Err(StateError::Conflict(_)) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }

    /// The outcome of work with the store, or that it took too long.
    pub(super) async fn bounded<T>(
        &self,
        work: impl Future<Output = Result<T, Trouble>>,
        deadline: Deadline,
    ) -> Result<T, Trouble> {
        let longest = Duration::from_millis(self.sharing.store_timeout_ms);
        // A call may spend a quarter of its time on the breaker's store at most.
        let part = deadline.remaining(Instant::now()).map_or(longest, |left| longest.min(left / 4));
        match select(Box::pin(work), self.clock.sleep(part)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) if part < longest => Err(Trouble::Hurry),
            Either::Right(_) => Err(Trouble::Away("it did not answer in time".to_owned())),
        }
    }

    pub(super) fn note_away(&self, reason: &str) {
        if !self.is_away.swap(true, Ordering::Relaxed) {
            let reason = reason.chars().take(300).collect::<String>();
            tracing::warn!(reason, "the store of the circuit breakers is away: each process goes by its own counts");
        }
    }

    pub(super) fn note_back(&self) {
        if self.is_away.swap(false, Ordering::Relaxed) {
            tracing::info!("the store of the circuit breakers is back");
        }
    }

    /// Tells people, once in all instances. True when they know; else whoever looks after the breakers tries again.
    pub(super) async fn tell(&self, dependency: &Dependency, event: &Event, deadline: Deadline) -> bool {
        let Some(alerts) = self.alerts.as_ref().filter(|_| is_public(event)) else { return true };
        let key = format!("breaker/{}/{}/{}", dependency.key(), event.epoch, event.change.name());
        let message = message::of(dependency, event);
        let longest = Duration::from_millis(self.sharing.alert_timeout_ms);
        let now = Instant::now();
        let deadline = deadline.earlier(Deadline::within(now, Some(longest)));
        let sleep = self.clock.sleep(deadline.remaining(now).unwrap_or(longest));
        match select(Box::pin(alerts.send(&key, &message, deadline)), sleep).await {
            Either::Left((Ok(Alerted::Sent { .. } | Alerted::AlreadySent), _)) => return true,
            Either::Left((Ok(Alerted::Claimed { .. }), _)) => {}
            Either::Left((Err(error), _)) => {
                tracing::warn!(%dependency, %error, "a change of a circuit breaker could not be told");
            }
            Either::Right(_) => tracing::warn!(%dependency, "a change of a circuit breaker could not be told in time"),
        }
        false
    }
}

pub(super) fn state_key(dependency: &Dependency) -> String {
    format!("{STATE}/{}", dependency.key())
}

/// Whether people are told. That a breaker would have opened is for the log, and so is the end of a recovery, which
/// every new dependency has.
fn is_public(event: &Event) -> bool {
    match &event.change {
        Change::WouldOpen { .. } => false,
        Change::Released { order } => !order.is_recovery(),
        _ => true,
    }
}

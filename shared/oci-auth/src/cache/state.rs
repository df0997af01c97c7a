//! What a cache remembers, and when its source may be asked again.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{GRACE, REFRESH_BEFORE, Rules};
use crate::{Error, Snapshot};

/// Pauses, in seconds, between loads that brought nothing new.
const PAUSES: [u64; 6] = [1, 2, 4, 8, 16, 30];
/// Renewals further apart than this have nothing to do with each other.
const RENEWALS_APART: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(super) struct State {
    current: Option<Arc<Snapshot>>,
    /// What the current one had left when it came.
    left_at_first: Option<Duration>,
    /// Loads begun so far.
    loads: u64,
    /// When the one that is under way began.
    begun: Option<SystemTime>,
    /// Whether it has said how it ended.
    noted: bool,
    /// Loads in a row that brought nothing new.
    fruitless: usize,
    last_load: Option<SystemTime>,
    failure: Option<Error>,
    /// Renewals in a row that came soon after each other.
    renewals: usize,
    last_renewal: Option<SystemTime>,
}

impl State {
    pub(super) fn current(&self) -> Option<Arc<Snapshot>> {
        self.current.clone()
    }

    pub(super) fn usable(&self, now: SystemTime) -> Option<Arc<Snapshot>> {
        self.current().filter(|current| current.is_valid(now))
    }

    /// Valid credentials other than `used`.
    pub(super) fn newer(&self, used: &Snapshot, now: SystemTime) -> Option<Arc<Snapshot>> {
        self.usable(now).filter(|current| differ(current, used))
    }

    pub(super) fn is_due(&self, rules: &Rules, usable: &Snapshot, now: SystemTime) -> bool {
        let short_lived = self.left_at_first.filter(|_| rules.mints).map(|left| left / 2);
        let margin = short_lived.map_or(REFRESH_BEFORE, |half| half.min(REFRESH_BEFORE));
        usable.left(now).is_some_and(|left| left < margin)
    }

    /// Whether the source may be asked. A clock that was set back does not lock it.
    pub(super) fn may_load(&self, rules: &Rules, now: SystemTime) -> bool {
        // Credentials that ran out while the source was left alone are asked for at once.
        let ran_out = self.failure.is_none() && self.usable(now).is_none();
        ran_out || is_over(rules, self.fruitless, self.last_load, now)
    }

    /// Whether the source may be asked because a service refused what it gave.
    pub(super) fn may_renew(&self, rules: &Rules, now: SystemTime) -> bool {
        let rested = !rules.mints || is_over(rules, self.renewals, self.last_renewal, now);
        rested && self.may_load(rules, now)
    }

    pub(super) fn count_renewal(&mut self, now: SystemTime) {
        let since = self.last_renewal.and_then(|last| now.duration_since(last).ok());
        self.renewals = if since.is_some_and(|since| since < RENEWALS_APART) { self.renewals + 1 } else { 1 };
        self.last_renewal = Some(now);
    }

    /// Whether a load is under way. One that is older than a load can be was frozen and counts no more.
    pub(super) fn is_loading(&self, rules: &Rules, now: SystemTime) -> bool {
        let age = self.begun.map(|begun| now.duration_since(begun).unwrap_or_default());
        age.is_some_and(|age| age <= rules.limit + GRACE)
    }

    /// Number of the load that begins.
    pub(super) fn begin(&mut self, now: SystemTime) -> u64 {
        self.begun = Some(now);
        self.loads += 1;
        self.loads
    }

    /// Number of the load that began last.
    pub(super) fn latest(&self) -> u64 {
        self.loads
    }

    /// How a load ended. One that was given up counts only when it brings the credentials that are missing.
    pub(super) fn note(&mut self, load: u64, loaded: Result<Arc<Snapshot>, Error>, now: SystemTime) {
        if load != self.loads && (loaded.is_err() || self.usable(now).is_some()) {
            return;
        }
        self.noted |= load == self.loads;
        self.last_load = Some(now);
        match loaded {
            Ok(new) => {
                let same = self.current.as_ref().is_some_and(|old| !differ(&new, old));
                self.fruitless = if same { self.fruitless + 1 } else { 0 };
                self.left_at_first = if same { self.left_at_first } else { new.left(now) };
                self.failure = None;
                self.current = Some(new);
            }
            Err(error) => {
                self.fruitless += 1;
                self.failure = Some(error);
            }
        }
    }

    /// The load is over; when it said nothing, that is a failure.
    pub(super) fn end(&mut self, load: u64, provider: &'static str, now: SystemTime) {
        if load != self.loads {
            return;
        }
        if !self.noted {
            self.note(load, Err(Error::BrokenOff { provider }), now);
        }
        (self.noted, self.begun) = (false, None);
    }

    /// Why the last load failed, when it did.
    pub(super) fn last_failure(&self) -> Option<Error> {
        self.failure.clone()
    }

    /// Why there are no credentials.
    pub(super) fn failure(&self, provider: &'static str) -> Error {
        self.last_failure().unwrap_or(Error::BrokenOff { provider })
    }
}

/// Whether the pause after that many vain loads in a row is over.
fn is_over(rules: &Rules, vain: usize, last: Option<SystemTime>, now: SystemTime) -> bool {
    let Some(last) = last.filter(|_| vain > 0) else { return true };
    let pause = Duration::from_secs(PAUSES[vain.min(PAUSES.len()) - 1]).min(rules.longest_pause);
    now.duration_since(last).map_or(true, |since| since >= pause)
}

fn differ(new: &Snapshot, old: &Snapshot) -> bool {
    new.key_id != old.key_id || new.delegation != old.delegation || new.key.spki_der() != old.key.spki_der()
}

//! The breakers of one process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use causeway_resilience::breaker::{Config, Span};
use causeway_resilience::{Deadline, Invalid};

use super::record::WORTH_MS;
use super::world::{Chance, World};
use super::{Breaker, Dependency, Sharing};
use crate::notifier::Alerts;
use crate::state::{Clock, Documents};
use crate::state::{chance, unique_name};

/// Breakers by dependency, all with the same rules. Other rules need other documents.
#[derive(Clone)]
pub struct Breakers {
    pub(super) world: Arc<World>,
    held: Arc<Mutex<Held>>,
}

/// Those that are in use or were lately, each with the moment of its last use.
#[derive(Default)]
struct Held {
    uses: u64,
    breakers: BTreeMap<Dependency, (u64, Arc<Breaker>)>,
}

impl Breakers {
    /// Breakers that all processes with the same documents share.
    ///
    /// # Errors
    /// A setting that makes no sense.
    pub fn shared(documents: Documents, config: Config, sharing: Sharing) -> Result<Self, Invalid> {
        let clock = documents.shared_clock();
        if let Span::Time { bucket_ms, buckets } = config.span
            && bucket_ms.saturating_mul(u64::from(buckets)) > WORTH_MS
        {
            return Err(Invalid { setting: "span", problem: "is longer than the ten minutes that can be shared" });
        }
        Self::new(Some(documents), config, sharing, clock, Arc::new(chance), unique_name())
    }

    /// Breakers of this process alone, which never ask a store.
    ///
    /// # Errors
    /// A setting that makes no sense.
    pub fn in_process(config: Config, clock: Arc<dyn Clock>) -> Result<Self, Invalid> {
        Self::new(None, config, Sharing::default(), clock, Arc::new(chance), unique_name())
    }

    pub(super) fn new(
        documents: Option<Documents>,
        config: Config,
        sharing: Sharing,
        clock: Arc<dyn Clock>,
        chance: Chance,
        instance: String,
    ) -> Result<Self, Invalid> {
        config.check()?;
        sharing.check()?;
        let (clocks, is_away) = Default::default();
        let world = World { documents, alerts: None, config, sharing, instance, clock, chance, clocks, is_away };
        Ok(Self { world: Arc::new(world), held: Arc::default() })
    }

    /// The same, and people are told of changes: once each, whoever of all processes makes or finds them.
    #[must_use]
    pub fn with_alerts(self, alerts: Alerts) -> Self {
        let World { documents, config, sharing, instance, clock, chance, .. } = &*self.world;
        let world = World {
            documents: documents.clone(),
            alerts: Some(alerts),
            config: config.clone(),
            sharing: sharing.clone(),
            instance: instance.clone(),
            clock: Arc::clone(clock),
            chance: Arc::clone(chance),
            clocks: Default::default(),
            is_away: Default::default(),
        };
        Self { world: Arc::new(world), held: Arc::default() }
    }

    /// The breaker of a dependency. Of many dependencies, those that are not in use and have nothing left to write are
    /// forgotten; a breaker of this process alone then begins anew.
    #[must_use]
    pub fn of(&self, dependency: &Dependency) -> Arc<Breaker> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.uses += 1;
        let uses = held.uses;
        if let Some((last, breaker)) = held.breakers.get_mut(dependency) {
            *last = uses;
            return Arc::clone(breaker);
        }
        let breaker = Arc::new(Breaker::new(dependency.clone(), Arc::clone(&self.world)));
        if held.has_room(self.world.sharing.most_dependencies) {
            held.breakers.insert(dependency.clone(), (uses, Arc::clone(&breaker)));
        }
        breaker
    }

    /// Writes what is still gathered: for the end of an invocation, after which the process may sleep.
    pub async fn flush(&self, deadline: Deadline) {
        let held: Vec<_> = {
            let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.breakers.values().map(|(_, breaker)| Arc::clone(breaker)).collect()
        };
        for breaker in held {
            breaker.flush(deadline).await;
        }
    }

    /// Breakers that this process remembers.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).breakers.len()
    }
}

impl Held {
    /// Makes room for one more, if there can be some. A breaker that is not remembered works as well, but each call
    /// reads its document.
    fn has_room(&mut self, most: usize) -> bool {
        if self.breakers.len() < most {
            return true;
        }
        let idle = self.breakers.iter().filter(|(_, (_, breaker))| is_idle(breaker));
        let oldest = idle.min_by_key(|(_, (last, _))| *last).map(|(dependency, _)| dependency.clone());
        oldest.is_some_and(|oldest| self.breakers.remove(&oldest).is_some())
    }
}

fn is_idle(breaker: &Arc<Breaker>) -> bool {
    let is_written = breaker.core.try_lock().is_some_and(|core| core.batches.is_empty());
    Arc::strong_count(breaker) == 1 && is_written && !breaker.seen().has_pending()
}

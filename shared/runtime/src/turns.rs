//! How much of something is under way at once.

use std::time::Instant;

use causeway_resilience::Deadline;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::until;

/// Permits for work that somebody else pays for, such as questions to a model.
#[derive(Debug)]
pub struct Turns(Semaphore);

/// A permit; it is given back when this is dropped.
#[derive(Debug)]
pub struct Turn<'a> {
    _permit: SemaphorePermit<'a>,
    began: Instant,
}

impl Turns {
    /// So many at once, at least one.
    #[must_use]
    pub fn new(at_once: usize) -> Self {
        Self(Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS)))
    }

    /// Another number from now on; for before the first turn is taken, since those that are out stay.
    pub fn limit_to(&self, at_once: usize) {
        self.0.forget_permits(usize::MAX);
        self.0.add_permits(at_once.clamp(1, Semaphore::MAX_PERMITS));
    }

    /// Waits for one, first come, first served; `None` when the time is up before.
    pub async fn turn(&self, deadline: Deadline) -> Option<Turn<'_>> {
        let permit = until(deadline, self.0.acquire()).await?.ok()?;
        Some(Turn { _permit: permit, began: tokio::time::Instant::now().into_std() })
    }
}

impl Turn<'_> {
    /// When the waiting was over.
    #[must_use]
    pub fn began(&self) -> Instant {
        self.began
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn as_many_as_there_are_and_no_more() {
        let soon = || Deadline::at(tokio::time::Instant::now().into_std() + Duration::from_secs(1));
        let turns = Turns::new(0);
        let first = turns.turn(Deadline::NONE).await;
        assert!(first.is_some() && turns.turn(soon()).await.is_none());
        drop(first);
        turns.limit_to(2);
        let (one, two) = (turns.turn(soon()).await, turns.turn(soon()).await);
        assert!(one.is_some() && two.is_some() && turns.turn(soon()).await.is_none());
        drop(two);
        assert!(turns.turn(soon()).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_begins_when_the_waiting_ends() {
        let turns = Turns::new(1);
        let first = turns.turn(Deadline::NONE).await.unwrap();
        let free = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            let began = first.began();
            drop(first);
            began
        };
        let (first, second) = tokio::join!(free, turns.turn(Deadline::NONE));
        assert!(second.unwrap().began() - first >= Duration::from_secs(5));
    }
}

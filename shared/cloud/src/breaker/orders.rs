//! Orders of operators.

use std::time::Duration;

use causeway_resilience::breaker::{Mode, Order, State, force};
use causeway_resilience::{Deadline, Invalid};

use super::record::{Record, Writer};
use super::shared::Breaker;
use super::underway::Core;
use super::world::Trouble;
use super::{Breakers, Dependency};

/// What an operator asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewOrder<'a> {
    /// What is to hold.
    pub mode: Mode,
    /// Who asks, up to 200 bytes.
    pub author: &'a str,
    /// Why, for people, up to 500 bytes.
    pub reason: Option<&'a str>,
    /// For how long.
    pub lasts: Duration,
}

/// Why an order was not taken.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// The order makes no sense.
    #[error("the order cannot be taken: {0}")]
    Invalid(#[from] Invalid),
    /// Others wrote all the time. Nothing was changed.
    #[error("the breaker changed all the time; try again")]
    Busy,
    /// The store failed, or was too slow. Whether the order holds is not known: look at the breaker.
    #[error("the store of the breaker is away: {0}")]
    Away(String),
    /// Breakers of one process have nobody to share an order with.
    #[error("the breakers are those of one process; orders need shared ones")]
    NotShared,
}

impl From<Trouble> for OrderError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Busy => Self::Busy,
            Trouble::Away(reason) => Self::Away(reason),
            Trouble::Hurry => Self::Away("no time was left".to_owned()),
        }
    }
}

impl Breakers {
    /// Puts an order in place of the rules, for all processes: those that go by a copy follow when it is too old. It
    /// ends by itself.
    ///
    /// # Errors
    /// See [`OrderError`].
    pub async fn order(
        &self,
        dependency: &Dependency,
        order: NewOrder<'_>,
        deadline: Deadline,
    ) -> Result<State, OrderError> {
        let NewOrder { mode, author, reason, lasts } = order;
        let lasts_ms = u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX);
        let order = |now_ms: u64| Order {
            mode,
            author: author.to_owned(),
            expires_ms: now_ms.saturating_add(lasts_ms),
            reason: reason.map(str::to_owned),
        };
        tracing::warn!(%dependency, author, ?mode, seconds = lasts.as_secs(), "an order for a circuit breaker");
        self.of(dependency).force(|now_ms| Some(order(now_ms)), deadline).await
    }

    /// Ends the order in force, if there is one; the rules hold again. `author` is for the log.
    ///
    /// # Errors
    /// See [`OrderError`].
    pub async fn release(
        &self,
        dependency: &Dependency,
        author: &str,
        deadline: Deadline,
    ) -> Result<State, OrderError> {
        tracing::warn!(%dependency, author, "the order for a circuit breaker is taken back");
        self.of(dependency).force(|_| None, deadline).await
    }
}

impl Breaker {
    async fn force(&self, order: impl Fn(u64) -> Option<Order>, deadline: Deadline) -> Result<State, OrderError> {
        let documents = self.world.documents.as_ref().ok_or(OrderError::NotShared)?;
        let mut ours = Vec::new();
        let give = |core: &mut Core, record: &mut Record, writer: &Writer<'_>| {
            // An earlier try may have arrived although its answer was lost.
            if !ours.contains(&record.mark(writer.instance).step) {
                let step = force(&record.state, writer.config, order(writer.now_ms), writer.now_ms)?;
                let number = core.next_step();
                ours.push(number);
                if !step.events.is_empty() {
                    record.take_own(writer, number, step);
                }
            }
            Ok(record.state.clone())
        };
        let work = async {
            let mut core = self.core.lock().await;
            let state: Result<State, Invalid> = self.commit(documents, &mut core, give).await?;
            Ok((state, std::mem::take(&mut core.to_tell)))
        };
        let (state, to_tell) = self.world.bounded(work, deadline).await?;
        self.tell(&to_tell, deadline).await;
        Ok(state?)
    }
}

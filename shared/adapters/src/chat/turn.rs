//! The tries of one provider: pauses between them, and simpler forms of the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use causeway_cloud::breaker::{Breaker, Breakers};
use causeway_cloud::chat::{Attempt, AttemptOutcome, ChatQuestion, ChatReply, StructuredOutput};
use causeway_oci_auth::effects::{Clock, HttpError, Random};
use causeway_resilience::retry::{Backoff, Decision, Idempotency, Jitter, Policy, Retry};
use causeway_resilience::service::Kind;
use causeway_resilience::status::Table;
use causeway_resilience::{Deadline, Invalid};
use tokio::time::Instant;

use super::gate;
use super::refused::{Refused, Where};
use super::wire::Wire;

/// Time of one try when nothing else is set. As long as Oracle's SDK for Python waits.
pub(crate) const TRY: Duration = Duration::from_secs(60);

/// Clock, chance and rules that all providers share.
#[derive(Clone)]
pub(crate) struct Rules {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    /// Longest time of one try.
    pub(crate) try_time: Duration,
}

impl Rules {
    /// A number from 0 to 1 for jitter; the middle without a source.
    pub(super) fn chance(&self) -> f64 {
        let mut bytes = [0; 4];
        let filled = self.random.fill(&mut bytes);
        filled.map_or(0.5, |()| f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX))
    }

    /// A model is asked three times at most. On-demand models want exponential back-off after a refusal (Oracle's page
    /// on the retirement of models), and a first try may take all the time there is: half of a picture's time is none.
    fn policy(&self) -> Policy {
        let (base, cap) = (Duration::from_millis(500), Duration::from_secs(10));
        Policy {
            attempts: 3,
            backoff: Backoff { base, growth: 2, cap, jitter: Jitter::Full },
            total: self.try_time.saturating_mul(2),
            per_try: self.try_time,
            room_for: 1,
            statuses: Table::OVERLOADED_OR_BROKEN,
            circuit_open: false,
        }
    }
}

/// One provider, what is known of its health, and the form that it understood last.
pub(super) struct Provider {
    wire: Box<dyn Wire>,
    pub(super) gate: Arc<Breaker>,
    /// Index in [`Wire::forms`].
    form: AtomicUsize,
}

impl Provider {
    /// The provider of that number among those with its name.
    ///
    /// # Errors
    /// A name for which there can be no breaker.
    pub(super) fn new(wire: Box<dyn Wire>, breakers: &Breakers, number: usize) -> Result<Self, Invalid> {
        let gate = gate::of(breakers, wire.name(), number)?;
        Ok(Self { wire, gate, form: AtomicUsize::new(0) })
    }

    pub(super) fn name(&self) -> &str {
        self.wire.name()
    }

    /// Of whom failures tell.
    pub(super) fn place(&self) -> Where {
        Where { service: self.wire.service(), operation: "Chat" }
    }

    /// Asks until there is an answer, or a failure that another try would not mend, or no time. Every try is added to
    /// `attempts`.
    pub(super) async fn ask(
        &self,
        question: &ChatQuestion,
        deadline: Deadline,
        rules: &Rules,
        attempts: &mut Vec<Attempt>,
    ) -> Result<ChatReply, Refused> {
        let mut retry = Retry::new(rules.policy(), Idempotency::Idempotent, now(), deadline);
        let known = self.form.load(Ordering::Relaxed);
        let mut at = known;
        let mut unknown_effect = false;
        loop {
            let form = question.schema.as_ref().and_then(|_| self.wire.forms().get(at).copied());
            let time = retry.try_time(now());
            let refused = match self.once(question, form, time, attempts).await {
                Ok(reply) => {
                    // Learnt by an answer alone: a refusal may have had another reason than it named.
                    if at != known {
                        self.remember(at);
                    }
                    return Ok(ChatReply { structured_output: form, provider: self.name().to_owned(), ..reply });
                }
                Err(refused) => refused,
            };
            unknown_effect |= refused.failure.may_have_happened();
            if refused.is_about_form && form.is_some() && at + 1 < self.wire.forms().len() {
                at += 1;
                if let Some(last) = attempts.last_mut() {
                    last.outcome = AttemptOutcome::FormRefused;
                }
                continue;
            }
            match refused.again.as_ref().map(|failure| retry.next(failure, now(), rules.chance())) {
                Some(Decision::Retry { after }) => rules.clock.sleep(after).await,
                Some(Decision::GiveUp { .. }) | None => {
                    let failure = refused.failure.with_unknown_effect(unknown_effect);
                    return Err(Refused { failure, ..refused });
                }
            }
        }
    }

    /// One try, which ends with `time` whatever the provider does.
    async fn once(
        &self,
        question: &ChatQuestion,
        form: Option<StructuredOutput>,
        time: Duration,
        attempts: &mut Vec<Attempt>,
    ) -> Result<ChatReply, Refused> {
        if time.is_zero() {
            return Err(self.place().fails(Kind::Timeout, "no time was left").into());
        }
        let started = Instant::now();
        let late = || Err(self.place().lost(&HttpError::TimedOut(time)));
        let ended = tokio::time::timeout(time, self.wire.once(question, form, time)).await.unwrap_or_else(|_| late());
        let (outcome, status) = match &ended {
            Ok(_) => (AttemptOutcome::Answered, None),
            Err(refused) => (AttemptOutcome::Failed(refused.failure.kind()), refused.failure.status()),
        };
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        attempts.push(Attempt { provider: self.name().to_owned(), outcome, status, structured_output: form, ms });
        ended
    }

    fn remember(&self, at: usize) {
        self.form.store(at, Ordering::Relaxed);
        let form = self.wire.forms().get(at).map_or("", |form| form.name());
        tracing::warn!(provider = self.name(), form, "the model does not take the form that was asked for first");
    }
}

/// Now by the clock of the timers, so that a test can hold it.
pub(super) fn now() -> std::time::Instant {
    Instant::now().into_std()
}

//! Providers in order: the next one is asked when one does not answer.

use std::time::Duration;

use async_trait::async_trait;
use causeway_cloud::ChatModel;
use causeway_cloud::breaker::Breakers;
use causeway_cloud::chat::{Attempt, AttemptOutcome, Attempts, ChatQuestion, ChatReply, NONE};
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, Invalid, ServiceFailure};

use super::gate;
use super::refused::Refused;
use super::turn::{Provider, Rules, now};
use super::wire::Wire;

/// How often the list is gone through when all breakers are open and one of them ends in time.
const ROUNDS: usize = 3;
/// Longest wait for a breaker.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A primary and its fallbacks.
///
/// Each of the providers that are left has an equal part of the time that is left, so that one that hangs leaves
/// time for the next. A question that a provider calls wrong, or that it may not answer, goes to the next at once.
pub(crate) struct List {
    providers: Vec<Provider>,
    rules: Rules,
}

/// How a walk through the list ended without an answer.
enum Unanswered {
    /// Providers failed.
    Failed(Vec<ServiceFailure>),
    /// Nobody was asked; the first may be after this time.
    Skipped(Option<Duration>),
}

impl List {
    /// # Errors
    /// A provider whose name is too long.
    pub(crate) fn new(wires: Vec<Box<dyn Wire>>, rules: Rules, breakers: &Breakers) -> Result<Self, Invalid> {
        let mut providers: Vec<Provider> = Vec::with_capacity(wires.len());
        for wire in wires {
            let number = providers.iter().filter(|other| other.name() == wire.name()).count();
            providers.push(Provider::new(wire, breakers, number)?);
        }
        Ok(Self { providers, rules })
    }

    async fn walk(
        &self,
        question: &ChatQuestion,
        deadline: Deadline,
        attempts: &mut Vec<Attempt>,
    ) -> Result<ChatReply, Unanswered> {
        let (mut failures, mut first_open) = (Vec::new(), None);
        for (at, provider) in self.providers.iter().enumerate() {
            if deadline.is_over(now()) {
                failures.push(late(provider));
                break;
            }
            let left = u32::try_from(self.providers.len() - at).unwrap_or(u32::MAX);
            let share = Deadline::within(now(), deadline.share(now(), left)).earlier(deadline);
            match self.ask_one(provider, question, share, attempts).await {
                Ok(reply) => return Ok(reply),
                Err(Turned::Away(after)) => {
                    attempts.push(skipped(provider));
                    first_open = after.into_iter().chain(first_open).min();
                }
                Err(Turned::Failed(refused)) => {
                    let (name, failure) = (provider.name(), &refused.failure);
                    tracing::warn!(provider = name, kind = failure.kind().name(), "a language model did not answer");
                    failures.push(refused.failure);
                }
            }
        }
        Err(if failures.is_empty() { Unanswered::Skipped(first_open) } else { Unanswered::Failed(failures) })
    }

    async fn ask_one(
        &self,
        provider: &Provider,
        question: &ChatQuestion,
        deadline: Deadline,
        attempts: &mut Vec<Attempt>,
    ) -> Result<ChatReply, Turned> {
        let ticket = provider.gate.enter(deadline).await;
        let ticket = ticket.map_err(|rejected| Turned::Away(rejected.retry_after))?;
        let ended = provider.ask(question, deadline, &self.rules, attempts).await;
        ticket.report(gate::outcome(ended.as_ref().err()), deadline).await;
        ended.map_err(|refused| Turned::Failed(Box::new(refused)))
    }

    /// Whether it is worth to wait for a breaker: half of the time is left for the answer.
    fn wait(&self, after: Option<Duration>, deadline: Deadline) -> Option<Duration> {
        let longest = deadline.remaining(now()).map_or(LONGEST_WAIT, |left| (left / 2).min(LONGEST_WAIT));
        after.filter(|after| *after <= longest)
    }

    fn nobody(&self, after: Option<Duration>) -> ServiceFailure {
        let place = self.providers.first().map(Provider::place);
        let reason = "it failed too often lately and is left alone";
        let failure = place.map(|place| place.fails(Kind::Unavailable, reason));
        let failure = failure.unwrap_or_else(|| ServiceFailure::not_configured("chat", "there is no language model"));
        failure.with_retry_after(after)
    }
}

/// Why a provider did not answer.
enum Turned {
    Away(Option<Duration>),
    Failed(Box<Refused>),
}

#[async_trait]
impl ChatModel for List {
    fn name(&self) -> &str {
        self.providers.first().map_or(NONE, Provider::name)
    }

    async fn ask(&self, question: &ChatQuestion, deadline: Deadline) -> Result<ChatReply, ServiceFailure> {
        let mut attempts = Vec::new();
        let mut round = 0;
        loop {
            round += 1;
            let failure = match self.walk(question, deadline, &mut attempts).await {
                Ok(reply) => return Ok(ChatReply { attempts, ..reply }),
                Err(Unanswered::Failed(failures)) => worst(&failures, &attempts),
                Err(Unanswered::Skipped(after)) => match self.wait(after, deadline).filter(|_| round < ROUNDS) {
                    Some(wait) => {
                        self.rules.clock.sleep(wait).await;
                        continue;
                    }
                    None => self.nobody(after),
                },
            };
            return Err(failure.with_source(Attempts(attempts)));
        }
    }
}

/// One failure for all: of the first that may pass, as the caller may come again then, else of the first. Its reason
/// tells of every try where there was more than one.
fn worst(failures: &[ServiceFailure], attempts: &[Attempt]) -> ServiceFailure {
    let uncertain = failures.iter().any(ServiceFailure::may_have_happened);
    let told = failures.iter().find(|failure| failure.kind().is_illness()).or(failures.first()).cloned();
    let failure = told.unwrap_or_else(|| ServiceFailure::not_configured("chat", "there is no language model"));
    let reason = match attempts {
        [] | [_] => failure.reason().to_owned(),
        _ => format!("{}; tried {}", failure.reason(), Attempts(attempts.to_vec())),
    };
    let same = ServiceFailure::new(failure.kind(), failure.service(), failure.operation(), reason);
    let same = same.with_answer(failure.status(), failure.code().map(str::to_owned));
    let same = same.with_request_id(failure.request_id().map(str::to_owned)).with_unknown_effect(uncertain);
    same.with_retry_after(failure.retry_after())
}

fn late(provider: &Provider) -> ServiceFailure {
    provider.place().fails(Kind::Timeout, "no time was left to begin")
}

fn skipped(provider: &Provider) -> Attempt {
    let (provider, outcome) = (provider.name().to_owned(), AttemptOutcome::Skipped);
    Attempt { provider, outcome, status: None, structured_output: None, ms: 0 }
}

/// No model, because the deployment says so.
pub(crate) struct NoModel;

#[async_trait]
impl ChatModel for NoModel {
    fn name(&self) -> &str {
        NONE
    }

    async fn ask(&self, _: &ChatQuestion, _: Deadline) -> Result<ChatReply, ServiceFailure> {
        Err(ServiceFailure::not_configured("chat", "CAUSEWAY_CHAT_MODEL is none"))
    }
}

//! One question to the model, and one repair of an answer that cannot be read.

use std::time::Instant;

use bytes::Bytes;
use causeway_cloud::chat::{Attempt, AttemptOutcome, ChatQuestion, ChatReply, Finish, Part, Schema};
use causeway_cloud::{ChatModel, chat};
use causeway_resilience::{Deadline, ServiceFailure};
use causeway_runtime::{Error, until};
use futures_util::future::join_all;
use jiff::Timestamp;

use super::timings::Timings;
use crate::handler::Vision;
use crate::picture::Prepared;
use crate::port::Port;
use crate::report::assess::Outcome;
use crate::report::contract::Provider;
use crate::report::fault::Fault;
use crate::report::observed::Observed;
use crate::report::question::Question;
use crate::report::read::read;

/// Several answers are to differ where the picture leaves room.
const TEMPERATURE_OF_SEVERAL: f64 = 0.4;

/// What came of asking.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) outcome: Outcome,
    pub(crate) provider: Provider,
    /// Until when this stands although answers are missing; see [`Said::is_held`](super::said::Said::is_held).
    pub(crate) held_until: Option<Timestamp>,
    /// From an earlier result: nothing was asked now.
    pub(crate) is_remembered: bool,
}

impl Asked {
    fn new(outcome: Outcome, provider: Provider) -> Self {
        Self { outcome, provider, held_until: None, is_remembered: false }
    }

    /// Questions that this look sent to a model.
    pub(crate) fn calls(&self) -> u32 {
        if self.is_remembered { 0 } else { self.provider.attempts }
    }

    /// Whether asking again would bring nothing new.
    pub(crate) fn is_settled(&self) -> bool {
        match &self.outcome {
            Outcome::Failed { .. } | Outcome::Unusable { .. } => false,
            Outcome::Answered { answers, asked } => answers.len() >= *asked as usize,
            Outcome::NotAsked | Outcome::NoModel => true,
        }
    }
}

/// What came of one sample.
struct Sample {
    answer: Result<Observed, NoAnswer>,
    /// The last one that came.
    reply: Option<ChatReply>,
    attempts: u32,
    is_repaired: bool,
}

/// Why a sample is none.
enum NoAnswer {
    /// Time ended before its turn came: no model knows of it.
    NotAsked,
    /// Nobody answered, or the answer was held back.
    Failed(String),
    /// It cannot be read, and the service failed when it was asked again.
    Unrepaired(Vec<Fault>),
    /// It cannot be read, even after it was asked again.
    Unusable(Vec<Fault>),
}

impl Vision {
    /// Asks the model about a picture that passed the gate.
    ///
    /// # Errors
    /// No time was left to ask even once; whatever a model does wrong is no error but an outcome.
    pub(crate) async fn ask(
        &self,
        prepared: &Prepared,
        samples: u32,
        deadline: Deadline,
        timings: &mut Timings,
    ) -> Result<Asked, Error> {
        let name = self.model.ready().map_or(chat::NONE, |model| model.name());
        let unasked = Provider { name: name.to_owned(), ..Provider::default() };
        let nobody = |outcome| Ok(Asked::new(outcome, unasked.clone()));
        let model = match &self.model {
            Port::NotSet(_) => return nobody(Outcome::NoModel),
            _ if !prepared.gate.passed => return nobody(Outcome::NotAsked),
            Port::Wrong(_) => {
                return nobody(Outcome::Failed { detail: "the model that is set cannot be used".to_owned() });
            }
            Port::Ready(model) => model.as_ref(),
        };
        if deadline.is_over(Instant::now()) {
            return Err(Error::timeout("model"));
        }
        let picture = Part::Image { media_type: "image/jpeg".to_owned(), bytes: Bytes::from(prepared.jpeg.clone()) };
        let one = |sample| self.sample(model, picture.clone(), (samples > 1).then_some(sample), deadline);
        let all = join_all((0..samples).map(one)).await;
        timings.step("model");
        if all.iter().all(|sample| matches!(sample.answer, Err(NoAnswer::NotAsked))) {
            return Err(Error::timeout("model"));
        }
        let provider = provider(unasked, &all);
        let end = || self.now().checked_add(self.config.keeping.unusable).ok();
        let held_until = is_held(&all).then(end).flatten();
        Ok(Asked { held_until, ..Asked::new(outcome(all, samples), provider) })
    }

    /// Waiting for a turn is no part of the time that the model has.
    async fn sample(&self, model: &dyn ChatModel, picture: Part, number: Option<u32>, deadline: Deadline) -> Sample {
        let Some(turn) = self.turns.turn(deadline).await else {
            return Sample::not_asked();
        };
        if deadline.is_over(Instant::now()) {
            return Sample::not_asked();
        }
        let deadline = deadline.earlier(Deadline::at(turn.began() + self.config.model_wait));
        let question = self.chat_question(picture, number);
        let first = match said(model, &question, deadline).await {
            Ok(reply) => reply,
            Err(failed) => return failed,
        };
        let faults = match understood(&first) {
            Ok(answer) => return Sample { answer: Ok(answer), ..Sample::of(first) },
            Err(NoAnswer::Unusable(faults)) => faults,
            Err(other) => return Sample { answer: Err(other), ..Sample::of(first) },
        };
        let mut again = question;
        again.parts[0] = Part::Text(self.question.repair(&faults));
        let before = Sample::of(first);
        match said(model, &again, deadline).await {
            Ok(reply) => {
                let answer = understood(&reply);
                let attempts = before.attempts + tries(&reply);
                Sample { answer, attempts, reply: Some(reply), is_repaired: true }
            }
            // The first answer is what there is.
            Err(failed) => {
                let attempts = before.attempts + failed.attempts;
                Sample { answer: Err(NoAnswer::Unrepaired(faults)), attempts, is_repaired: true, ..before }
            }
        }
    }

    fn chat_question(&self, picture: Part, number: Option<u32>) -> ChatQuestion {
        let Question { instructions, text, schema_name, schema, .. } = &self.question;
        ChatQuestion {
            instructions: Some(instructions.clone()),
            parts: vec![Part::Text(text.clone()), picture],
            schema: Some(Schema { name: (*schema_name).to_owned(), schema: schema.clone() }),
            max_tokens: Some(self.config.max_answer_tokens),
            temperature: Some(if number.is_some() { TEMPERATURE_OF_SEVERAL } else { 0.0 }),
            seed: number.map(i64::from),
        }
    }
}

impl Sample {
    fn of(reply: ChatReply) -> Self {
        let attempts = tries(&reply);
        Self { answer: Err(NoAnswer::Unusable(Vec::new())), reply: Some(reply), attempts, is_repaired: false }
    }

    fn not_asked() -> Self {
        Self { answer: Err(NoAnswer::NotAsked), reply: None, attempts: 0, is_repaired: false }
    }

    fn failed(detail: String, attempts: u32) -> Self {
        Self { answer: Err(NoAnswer::Failed(detail)), reply: None, attempts, is_repaired: false }
    }
}

async fn said(model: &dyn ChatModel, question: &ChatQuestion, deadline: Deadline) -> Result<ChatReply, Sample> {
    match until(deadline, model.ask(question, deadline)).await {
        Some(Ok(reply)) => Ok(reply),
        Some(Err(failure)) => {
            let tries = chat::Attempts::of(&failure).to_vec();
            let request_id = failure.request_id();
            tracing::warn!(kind = failure.kind().name(), request_id, tries = %chat::Attempts(tries), "no answer of a model");
            Err(Sample::failed(told(&failure), tries_of(&failure)))
        }
        None => Err(Sample::failed("no answer in time".to_owned(), 1)),
    }
}

/// The reason without what the service said: it may quote the question.
fn told(failure: &ServiceFailure) -> String {
    match failure.status() {
        Some(status) => format!("{} ({status})", failure.kind().name()),
        None => failure.kind().name().to_owned(),
    }
}

fn tries(reply: &ChatReply) -> u32 {
    sent(&reply.attempts)
}

fn tries_of(failure: &ServiceFailure) -> u32 {
    sent(chat::Attempts::of(failure))
}

/// Questions that went out. A provider that is passed over is sent nothing; a model that tells no tries was asked once.
fn sent(attempts: &[Attempt]) -> u32 {
    let sent = attempts.iter().filter(|attempt| attempt.outcome != AttemptOutcome::Skipped).count();
    if attempts.is_empty() { 1 } else { u32::try_from(sent).unwrap_or(u32::MAX) }
}

fn understood(reply: &ChatReply) -> Result<Observed, NoAnswer> {
    if reply.finish == Finish::Filtered {
        return Err(NoAnswer::Failed("the provider held the answer back".to_owned()));
    }
    read(&reply.text, reply.finish == Finish::Length).map_err(NoAnswer::Unusable)
}

/// Who answered, summed up over the samples.
fn provider(unasked: Provider, samples: &[Sample]) -> Provider {
    let mut all = unasked;
    for sample in samples {
        all.attempts = all.attempts.saturating_add(sample.attempts);
        all.repaired |= sample.is_repaired;
        let Some(reply) = &sample.reply else { continue };
        if !reply.provider.is_empty() {
            all.name.clone_from(&reply.provider);
        }
        all.model = Some(reply.model.clone()).filter(|model| !model.is_empty()).or(all.model);
        all.structured_output = reply.structured_output.map(|form| form.name().to_owned()).or(all.structured_output);
        all.request_id = reply.request_id.clone().or(all.request_id);
        for notice in reply.notices.iter().filter(|notice| !all.notices.contains(notice)).cloned().collect::<Vec<_>>() {
            tracing::warn!(notice, "the provider of the model has a notice");
            all.notices.push(notice);
        }
    }
    all
}

/// Whether asking again soon would bring the same. A service that failed may have recovered; a model that wrote twice
/// what cannot be read does so again.
fn is_held(samples: &[Sample]) -> bool {
    let is_said = |sample: &Sample| matches!(sample.answer, Ok(_) | Err(NoAnswer::Unusable(_)));
    samples.iter().all(is_said) && samples.iter().any(|sample| sample.answer.is_err())
}

fn outcome(samples: Vec<Sample>, asked: u32) -> Outcome {
    let (mut answers, mut faults, mut failed) = (Vec::new(), None, None);
    for sample in samples {
        match sample.answer {
            Ok(answer) => answers.push(answer),
            Err(NoAnswer::Unusable(found) | NoAnswer::Unrepaired(found)) => faults = Some(found),
            Err(NoAnswer::NotAsked) => failed = failed.or_else(|| Some("no time was left to ask".to_owned())),
            Err(NoAnswer::Failed(detail)) => failed = Some(detail),
        }
    }
    match (answers.is_empty(), faults, failed) {
        (false, ..) => Outcome::Answered { answers, asked },
        (true, Some(faults), _) => Outcome::Unusable { faults },
        (true, None, failed) => Outcome::Failed { detail: failed.unwrap_or_else(|| "nothing was asked".to_owned()) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_that_is_passed_over_is_sent_nothing() {
        use AttemptOutcome::{Answered, FormRefused, Skipped};
        let cases: [(&[AttemptOutcome], u32); 4] =
            [(&[], 1), (&[Skipped], 0), (&[Skipped, Answered], 1), (&[FormRefused, Answered], 2)];
        for (outcomes, expected) in cases {
            let attempt =
                |outcome| Attempt { provider: "a".to_owned(), outcome, status: None, structured_output: None, ms: 1 };
            let attempts: Vec<_> = outcomes.iter().copied().map(attempt).collect();
            assert_eq!(sent(&attempts), expected, "{outcomes:?}");
        }
    }
}

//! Calling agents: their requests, their tries, and what came of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use causeway_cloud::Invoker;
use causeway_cloud::invoker::{Call, Outcome};
use causeway_resilience::retry::{Backoff, Decision, Failure, Idempotency, Jitter, Policy, Retry};
use causeway_resilience::service::Kind;
use causeway_resilience::status::Table;
use causeway_resilience::{Deadline, ServiceFailure};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::flow::{Agent, Flow};
use crate::run::{Answer, AnswerError, Answers, Asked, Order, RunState, TIMEOUT};
use crate::time::Time;

/// Longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Between two looks at work that an earlier call began.
const AT_WORK: Duration = Duration::from_secs(2);
/// The code with which a function says that a call is being carried out already.
const IN_PROGRESS: &str = "in_progress";
/// Members that say how tables are read. The strategy agent reads the same tables as the intelligence agent where it runs
/// beside that one, and two readings of one table would be two truths: what that agent is given holds for it too.
const READ_ALIKE: [&str; 2] = ["currency", "roles"];
/// Longest message of a failure that is kept, in bytes.
const MAX_MESSAGE: usize = 500;

/// How agents are reached.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) invoker: Arc<dyn Invoker>,
    pub(crate) time: Time,
    /// The wait before the second try; later ones grow by the flow's factor.
    pub(crate) first_wait: Duration,
    /// A number from 0 to 1, drawn anew at each call.
    pub(crate) random: fn() -> f64,
    /// When this invocation stops.
    pub(crate) stop: Deadline,
    pub(crate) traceparent: Option<String>,
}

/// What came of calling an agent.
pub(crate) enum End {
    /// A result, as it came.
    Answered(Bytes),
    /// It was given up.
    Failed { code: String, message: String },
    /// This invocation stops; the next one goes on.
    Cut { failed_tries: u32 },
}

/// Why one try brought no result.
struct Failed {
    failure: Failure,
    code: String,
    message: String,
}

impl Caller {
    /// Calls an agent until it answers, its time or its tries are over, or the invocation stops.
    pub(crate) async fn call(&self, flow: &Flow, function: &str, payload: &Bytes, order: &Order) -> End {
        let ends = self.time.deadline_at(order.until_unix_ms);
        let now = self.time.instant();
        let policy = self.policy(flow, order, ends.remaining(now).unwrap_or_default());
        let mut retry = Retry::new(policy, Idempotency::Idempotent, now, ends);
        let mut tries = 0;
        loop {
            let failed = match self.attempt(flow, function, payload, &retry).await {
                Ok(body) => return End::Answered(body),
                Err(failed) => failed,
            };
            let now = self.time.instant();
            if self.stop.is_over(now) {
                return End::Cut { failed_tries: tries };
            }
            if failed.code == IN_PROGRESS {
                // An earlier call is still being carried out: to wait for it is no try. It has the agent's time from the
                // first call on, however many invocations wait for it.
                let Some(left) = ends.remaining(now).filter(|left| !left.is_zero()) else {
                    let Failed { code, message, .. } = timeout();
                    return End::Failed { code, message };
                };
                let wait = AT_WORK.min(left);
                if self.is_too_long(wait, now) {
                    return End::Cut { failed_tries: tries };
                }
                self.time.sleep(wait).await;
                continue;
            }
            tries += 1;
            match retry.next(&failed.failure, now, (self.random)()) {
                Decision::GiveUp { .. } => return End::Failed { code: failed.code, message: failed.message },
                Decision::Retry { after } if self.is_too_long(after, now) => return End::Cut { failed_tries: tries },
                Decision::Retry { after } => {
                    tracing::warn!(
                        agent = order.agent,
                        code = failed.code,
                        wait_ms = after.as_millis(),
                        "agent is tried again"
                    );
                    self.time.sleep(after).await;
                }
            }
        }
    }

    fn is_too_long(&self, wait: Duration, now: Instant) -> bool {
        self.stop.remaining(now).is_some_and(|left| wait >= left)
    }

    fn policy(&self, flow: &Flow, order: &Order, total: Duration) -> Policy {
        let growth = flow.backoff_multiplier;
        let backoff = Backoff { base: self.first_wait, growth, cap: LONGEST_WAIT, jitter: Jitter::Full };
        Policy {
            attempts: order.tries_left,
            backoff,
            total,
            per_try: total,
            // A connection that is dropped in silence costs half of the time: the second try gets the answer that
            // the first one's work was kept as, or is told to wait for it.
            room_for: 2,
            statuses: Table::OVERLOADED_OR_BROKEN,
            circuit_open: true,
        }
    }

    async fn attempt(&self, flow: &Flow, function: &str, payload: &Bytes, retry: &Retry) -> Result<Bytes, Failed> {
        let now = self.time.instant();
        let deadline = Deadline::within(now, Some(retry.try_time(now))).earlier(self.stop);
        let call = Call {
            payload: payload.clone(),
            is_detached: false,
            is_idempotent: true,
            traceparent: self.traceparent.clone(),
        };
        let answer = self.invoker.invoke(function, &call, deadline);
        match self.time.within(deadline.remaining(now), answer).await {
            None => Err(timeout()),
            Some(Err(failure)) => Err(service(&failure)),
            Some(Ok(outcome)) => body(outcome, flow.accepts_partial),
        }
    }
}

fn timeout() -> Failed {
    let message = "the agent did not answer in its time".to_owned();
    Failed { failure: Failure::Timeout { sent: true }, code: TIMEOUT.to_owned(), message }
}

/// The answer, if it is a result.
fn body(outcome: Outcome, accepts_partial: bool) -> Result<Bytes, Failed> {
    let status = |status: u16, code: String, message: &str| Failed {
        failure: Failure::status(status),
        code,
        message: bounded(message),
    };
    match outcome {
        Outcome::Answered { body, .. } => match Answer::read(&body, accepts_partial) {
            Ok(_) => Ok(body),
            Err(AnswerError::Refused { code, message, is_retryable }) => {
                Err(status(if is_retryable { 503 } else { 400 }, code, &message))
            }
            Err(AnswerError::NotAResult(what)) => {
                Err(status(400, "bad_answer".to_owned(), &format!("the answer is no result: {what}")))
            }
        },
        // What it left behind is unknown, and an agent does the work of a run's stage once.
        Outcome::Failed { code, message, .. } => Err(status(502, code, &message)),
        Outcome::Accepted { .. } => {
            Err(status(400, "bad_answer".to_owned(), "the platform did not wait for the answer"))
        }
    }
}

fn service(failure: &ServiceFailure) -> Failed {
    let seen = match failure.kind() {
        Kind::Timeout => Failure::Timeout { sent: true },
        Kind::Throttled => Failure::status(429).with_retry_after(failure.retry_after()),
        Kind::Unavailable => Failure::status(503).with_retry_after(failure.retry_after()),
        Kind::NotFound => Failure::status(404),
        Kind::Unauthenticated => Failure::status(401),
        Kind::Denied => Failure::status(403),
        _ => Failure::status(400),
    };
    Failed { failure: seen, code: failure.kind().name().to_owned(), message: bounded(&failure.to_string()) }
}

fn bounded(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_MESSAGE)].to_owned()
}

/// The request of an agent: what was asked for, the flow's configuration of the agent, the caller's, and the results it
/// takes: `{"result": ...}`, or `{"object": name}` where that would make the request larger than `max_bytes`. The
/// strategy agent has the `currency` and the `roles` of the intelligence agent, unless its own configuration says otherwise.
///
/// `run_id` and `stage` name the work, so that the agent does it once.
pub(crate) fn request(
    flow: &Flow,
    agent: &Agent,
    order: &Order,
    state: &RunState,
    answers: &Answers,
    object_of: &dyn Fn(&str) -> String,
    max_bytes: usize,
) -> Result<Bytes, serde_json::Error> {
    let mut members = own_members(&state.run_id, &order.stage, &state.asked)?;
    let given = state.asked.config.get(&order.agent);
    let own = agent.config.iter().chain(given.into_iter().flatten());
    for (member, value) in read_alike(flow, order, &state.asked).chain(own) {
        members.insert(member.clone(), to_raw_value(value)?);
    }
    let mut inputs = inputs(agent, answers, |answer, _| to_raw_value(&Inline { result: &answer.text }))?;
    let size = |members: &BTreeMap<String, Box<RawValue>>| {
        members.iter().map(|(member, value)| member.len() + value.get().len() + 6).sum::<usize>()
    };
    if size(&members) + size(&inputs) > max_bytes {
        inputs = self::inputs(agent, answers, |_, from| to_raw_value(&ByName { object: object_of(from) }))?;
    }
    members.append(&mut inputs);
    Ok(serde_json::to_vec(&members)?.into())
}

/// What another agent's configuration says of the tables that both read; the caller's word comes after the flow's.
fn read_alike<'a>(flow: &'a Flow, order: &Order, asked: &'a Asked) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let other = (order.agent == "strategy").then_some("intelligence");
    let of_flow = other.and_then(|other| flow.agents.get(other)).map(|agent| &agent.config);
    let of_caller = other.and_then(|other| asked.config.get(other));
    let members = of_flow.into_iter().chain(of_caller).flatten();
    members.filter(|(member, _)| READ_ALIKE.contains(&member.as_str()))
}

#[derive(serde::Serialize)]
struct Inline<'a> {
    result: &'a RawValue,
}

#[derive(serde::Serialize)]
struct ByName {
    object: String,
}

type Members = BTreeMap<String, Box<RawValue>>;

fn own_members(run_id: &str, stage: &str, asked: &Asked) -> Result<Members, serde_json::Error> {
    let mut members = Members::from([
        ("run_id".to_owned(), to_raw_value(run_id)?),
        ("stage".to_owned(), to_raw_value(stage)?),
        ("analysis_type".to_owned(), to_raw_value(&asked.analysis_type)?),
        ("data_sources".to_owned(), to_raw_value(&asked.data_sources)?),
    ]);
    if let Some(as_of) = asked.as_of {
        members.insert("as_of".to_owned(), to_raw_value(&as_of)?);
    }
    Ok(members)
}

/// Of agents that failed or were not run there is nothing to hand on.
fn inputs(
    agent: &Agent,
    answers: &Answers,
    form: impl Fn(&Answer, &str) -> Result<Box<RawValue>, serde_json::Error>,
) -> Result<Members, serde_json::Error> {
    let found = agent.inputs.iter().filter_map(|(member, from)| Some((member, from, answers.get(from)?)));
    found.map(|(member, from, answer)| Ok((member.clone(), form(answer, from)?))).collect()
}

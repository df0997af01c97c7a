//! What comes next in a run.

use std::time::Duration;

use causeway_decisioning::result::Status;
use serde_json::{Value, json};

use super::{Answers, Progress, RunState};
use crate::condition::Verdict;
use crate::flow::{Flow, Stage};

/// What the shell has to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Call these agents at the same time.
    Call(Vec<Order>),
    /// Every agent is settled: sum up and store.
    Finish,
}

/// An agent to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Name of its stage.
    pub stage: String,
    /// The agent.
    pub agent: String,
    /// The moment at which it is given up: the end of its time or of the run's, whichever comes first.
    pub until_unix_ms: u64,
    /// Tries that it still has, this one included; at least 1.
    pub tries_left: u32,
}

/// The code of an agent whose time, or whose run's time, was over.
pub const TIMEOUT: &str = "timeout";

/// Decides what comes next, and gives the state in which it does. `flow` is the part that the run's analysis needs,
/// `answers` what the agents that answered gave.
#[must_use]
pub fn advance(flow: &Flow, state: &RunState, answers: &Answers, now_unix_ms: u64) -> (Next, RunState) {
    let mut state = state.clone();
    for stage in &flow.stages {
        loop {
            let waiting: Vec<&str> =
                stage.agents.iter().map(String::as_str).filter(|agent| !state.is_settled(agent)).collect();
            if waiting.is_empty() {
                break;
            }
            if let Some(reason) = reason_to_skip(flow, stage, &state, answers) {
                settle(&mut state, &waiting, &Progress::Skipped { reason });
                break;
            }
            let turn = if stage.is_parallel { &waiting[..] } else { &waiting[..1] };
            let orders: Vec<_> =
                turn.iter().filter_map(|agent| order(flow, stage, agent, &mut state, now_unix_ms)).collect();
            if !orders.is_empty() {
                return (Next::Call(orders), state);
            }
        }
    }
    (Next::Finish, state)
}

fn reason_to_skip(flow: &Flow, stage: &Stage, state: &RunState, answers: &Answers) -> Option<String> {
    let facts = facts(flow, state, answers);
    match stage.condition.verdict(&|agent| facts.get(agent)) {
        Verdict::Yes => None,
        Verdict::No => Some(format!("the condition of the stage does not hold: {}", stage.condition_text)),
        Verdict::Unknown(why) => Some(format!("the condition of the stage cannot be decided: {why}")),
    }
}

/// What conditions can be about: results, and the bare status of agents that have none.
fn facts<'a>(flow: &Flow, state: &RunState, answers: &'a Answers) -> Facts<'a> {
    let bare = flow.agents_in_order().filter_map(|(_, agent)| match state.agents.get(agent)? {
        Progress::Failed { .. } => Some((agent.to_owned(), json!({"status": "error"}))),
        Progress::Skipped { .. } => Some((agent.to_owned(), json!({"status": "skipped"}))),
        Progress::Running { .. } | Progress::Answered { .. } => None,
    });
    Facts { bare: bare.collect(), answers }
}

struct Facts<'a> {
    bare: std::collections::BTreeMap<String, Value>,
    answers: &'a Answers,
}

impl Facts<'_> {
    fn get(&self, agent: &str) -> Option<&Value> {
        self.bare.get(agent).or_else(|| self.answers.get(agent).map(|answer| &answer.view))
    }
}

fn settle(state: &mut RunState, agents: &[&str], progress: &Progress) {
    state.agents.extend(agents.iter().map(|agent| ((*agent).to_owned(), progress.clone())));
}

/// The order to call an agent; `None` when its time is over, which settles it.
fn order(flow: &Flow, stage: &Stage, name: &str, state: &mut RunState, now: u64) -> Option<Order> {
    let agent = flow.agents.get(name)?;
    let (since, failed_tries) = match state.agents.get(name) {
        Some(Progress::Running { since_unix_ms, failed_tries }) => (*since_unix_ms, *failed_tries),
        _ => (now, 0),
    };
    let run_ends = state.ends_unix_ms(flow.timeout);
    let until_unix_ms = after(since, agent.timeout).min(run_ends);
    if now >= until_unix_ms {
        let whose = if run_ends <= now { "the run" } else { "the agent" };
        let message = format!("the time of {whose} is over");
        settle(state, &[name], &Progress::Failed { code: TIMEOUT.to_owned(), message, at_unix_ms: until_unix_ms });
        return None;
    }
    settle(state, &[name], &Progress::Running { since_unix_ms: since, failed_tries });
    let tries_left = flow.max_retries.saturating_add(1).saturating_sub(failed_tries).max(1);
    Some(Order { stage: stage.name.clone(), agent: name.to_owned(), until_unix_ms, tries_left })
}

fn after(moment: u64, time: Duration) -> u64 {
    moment.saturating_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

/// How a finished run ended: `error` when an agent of a stage that is not optional failed; `partial` when anything
/// else is missing or partial; else `success`.
#[must_use]
pub fn status(flow: &Flow, state: &RunState) -> Status {
    let of = |(stage, agent): (&Stage, &str)| match state.agents.get(agent) {
        Some(Progress::Answered { status: Status::Success }) => Status::Success,
        Some(Progress::Answered { status: Status::Error } | Progress::Failed { .. }) if !stage.is_optional => {
            Status::Error
        }
        _ => Status::Partial,
    };
    let all: Vec<_> = flow.agents_in_order().map(of).collect();
    [Status::Error, Status::Partial].into_iter().find(|status| all.contains(status)).unwrap_or(Status::Success)
}

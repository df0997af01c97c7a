//! Looks figures up in results and remembers what was not there, and why.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde_json::Value;

use crate::flow::Flow;
use crate::run::{Answers, Progress, RunState};

pub(super) struct Finder<'a> {
    flow: &'a Flow,
    state: &'a RunState,
    answers: &'a Answers,
    /// Reasons by the path of what is null.
    pub(super) coverage: BTreeMap<String, String>,
    /// Whether something is missing that this analysis asks for.
    pub(super) is_short: bool,
}

impl<'a> Finder<'a> {
    pub(super) fn new(flow: &'a Flow, state: &'a RunState, answers: &'a Answers) -> Self {
        Self { flow, state, answers, coverage: BTreeMap::new(), is_short: false }
    }

    /// A number within `range`.
    pub(super) fn number(&mut self, path: &str, agent: &str, pointer: &str, range: RangeInclusive<f64>) -> Option<f64> {
        let value = self.value(path, agent, pointer)?;
        let number = value.as_f64().filter(|number| range.contains(number));
        if number.is_none() {
            self.absent(path, format!("{agent} gives no number from {} to {}", range.start(), range.end()));
        }
        number
    }

    /// A text.
    pub(super) fn text(&mut self, path: &str, agent: &str, pointer: &str) -> Option<String> {
        let text = self.value(path, agent, pointer)?.as_str().map(str::to_owned);
        if text.is_none() {
            self.absent(path, format!("{agent} gives no text"));
        }
        text
    }

    /// A list; `None`, with a reason, when there is none.
    pub(super) fn list(&mut self, path: &str, agent: &str, pointer: &str) -> Option<Vec<Value>> {
        let list = self.value(path, agent, pointer)?.as_array().cloned();
        if list.is_none() {
            self.absent(path, format!("{agent} gives no list"));
        }
        list
    }

    /// Whatever is there, if it is not null.
    pub(super) fn value(&mut self, path: &str, agent: &str, pointer: &str) -> Option<&'a Value> {
        let Some(answer) = self.answers.get(agent) else {
            let reason = self.reason(agent);
            self.is_short |= self.flow.agents.contains_key(agent);
            self.coverage.insert(path.to_owned(), reason);
            return None;
        };
        match answer.view.pointer(pointer) {
            None => self.absent(path, format!("the result of {agent} has no {}", shown(pointer))),
            Some(Value::Null) => self.absent(path, format!("{agent} has no value for {}", shown(pointer))),
            Some(value) => return Some(value),
        }
        None
    }

    /// Whatever is there, without a word about what is not.
    pub(super) fn peek(&self, agent: &str, pointer: &str) -> Option<&'a Value> {
        self.answers.get(agent)?.view.pointer(pointer).filter(|value| !value.is_null())
    }

    /// Whether an agent says itself why it has no value for a figure of its data; then its reason is remembered, which
    /// stands in the record of `account`. What does not apply to the data is not missing.
    pub(super) fn is_accounted_for(&mut self, path: &str, agent: &str, figure: &str, account: &str) -> bool {
        if self.peek(agent, &format!("/data{figure}")).is_some() {
            return false;
        }
        let records = self.peek(agent, "/data/coverage/metrics").and_then(Value::as_array);
        let is_its = |record: &&Value| record.get("pointer").and_then(Value::as_str) == Some(account);
        let Some(record) = records.and_then(|records| records.iter().find(is_its)) else { return false };
        let text = |member: &str| record.get(member).and_then(Value::as_str);
        let Some(reason) = text("reason") else { return false };
        let reason = format!("{agent}: {reason}");
        match text("status") {
            Some("not_applicable") => self.explain(path, &reason),
            _ => self.absent(path, reason),
        }
        true
    }

    fn reason(&self, agent: &str) -> String {
        match self.state.agents.get(agent) {
            Some(Progress::Failed { code, .. }) => format!("{agent} failed: {code}"),
            Some(Progress::Skipped { reason }) => format!("{agent} was not run: {reason}"),
            _ if self.flow.agents.contains_key(agent) => format!("{agent} has no result"),
            _ => format!("{agent} is not part of this analysis"),
        }
    }

    /// Remembers that something asked for is missing.
    pub(super) fn absent(&mut self, path: &str, reason: impl Into<String>) {
        self.is_short = true;
        self.coverage.insert(path.to_owned(), reason.into());
    }

    /// Why a figure that is made of others is null; whether those were asked for is known already.
    pub(super) fn explain(&mut self, path: &str, reason: &str) {
        self.coverage.insert(path.to_owned(), reason.to_owned());
    }

    /// What stands beside a null figure is null for the same reason.
    pub(super) fn same_reason(&mut self, path: &str, other: &str) {
        if let Some(reason) = self.coverage.get(other).cloned() {
            self.coverage.insert(path.to_owned(), reason);
        }
    }
}

fn shown(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

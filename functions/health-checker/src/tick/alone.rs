//! A tick without a state that can be kept: the very outage for which people need the checker.
//!
//! What it finds is told all the same, from what this process remembers. No signal is given: what cannot be written down
//! would be given again and again, and no other tick would know of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use causeway_cloud::Notifier;
use causeway_cloud::notifier::Message;
use causeway_resilience::Deadline;
use causeway_runtime::until;
use jiff::{SignedDuration, Timestamp};

use super::{Found, quarter};
use crate::alert::{Alert, Severity};
use crate::decide::{Outcome, State, decide};
use crate::handler::HealthChecker;
use crate::reply::{Published, Reply, Told};
use crate::rollback::{Decision, Reason};
use crate::settings::Settings;

/// People are told that often that nothing can be kept.
const AGAIN: SignedDuration = SignedDuration::from_mins(30);
/// Messages of one tick.
const MAX_MESSAGES: usize = 20;

/// What one process remembers, and how it tells people when nothing can be written.
#[derive(Default)]
pub(crate) struct Alone {
    pub(crate) notifier: Option<Arc<dyn Notifier>>,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    settings: Option<Settings>,
    state: Option<State>,
    told_at: Option<Timestamp>,
}

impl Alone {
    pub(crate) fn new(notifier: Option<Arc<dyn Notifier>>) -> Self {
        Self { notifier, memory: Mutex::default() }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn keep_settings(&self, settings: &Settings) {
        self.memory().settings = Some(settings.clone());
    }

    pub(crate) fn settings(&self) -> Option<Settings> {
        self.memory().settings.clone()
    }

    /// After the state could be kept: people are told at once when it cannot be any more.
    pub(super) fn keep_state(&self, state: &State) {
        let mut memory = self.memory();
        (memory.state, memory.told_at) = (Some(state.clone()), None);
    }

    pub(super) fn state(&self) -> State {
        self.memory().state.clone().unwrap_or_default()
    }

    /// Whether it is time to say so, and notes that it is said.
    fn is_due(&self, now: Timestamp) -> bool {
        let mut memory = self.memory();
        let is_due = memory.told_at.is_none_or(|last| now < last || now.duration_since(last) >= AGAIN);
        if is_due {
            memory.told_at = Some(now);
        }
        is_due
    }
}

impl HealthChecker {
    /// Decides by what this process remembers, and tells people.
    pub(super) async fn go_alone(&self, found: Found, why: &str, deadline: Deadline) -> Reply {
        let Found { mut inputs, mut problems, deferred } = found;
        inputs.state = Some(self.alone.state());
        let outcome = without_signals(decide(&inputs));
        self.alone.memory().state = Some(outcome.state.clone());
        problems.push(format!("the state cannot be kept: {why}"));
        let mut reply = Reply::of(outcome.report, false);
        (reply.problems, reply.deferred) = (problems, deferred);
        let mut alerts = reply.report.alerts.clone();
        if self.alone.is_due(inputs.now) {
            alerts.insert(0, lost(&reply, why, inputs.now));
        }
        alerts.truncate(MAX_MESSAGES);
        for alert in &alerts {
            let published = self.tell_alone(alert, deadline).await;
            reply.published.push(published);
        }
        self.leave(&inputs, &outcome.state, &mut reply, deadline).await;
        reply.finished()
    }

    /// Settings that were never read: there is nothing to look at, and somebody has to know.
    pub(super) async fn tell_of_settings(&self, why: &str, deadline: Deadline) {
        let now = self.now();
        if self.alone.is_due(now) {
            let text = format!("The settings cannot be read, so nothing is looked at: {why}");
            self.tell_alone(&alert("settings-lost", "the checker has no settings", text, now), deadline).await;
        }
    }

    /// Through the topic itself where the memory of messages cannot be used either. It may come twice, and that is less
    /// harm than not at all.
    async fn tell_alone(&self, alert: &Alert, deadline: Deadline) -> Published {
        let published = match until(quarter(deadline), self.send(alert, quarter(deadline))).await {
            Some(published) => published,
            None => Published { key: alert.key.clone(), outcome: Told::Pending },
        };
        let Some(notifier) = self.alone.notifier.as_ref().filter(|_| !published.outcome.is_out()) else {
            return published;
        };
        let message = Message { title: alert.title.clone(), body: format!("{}\n\nfound: {}\n", alert.text, alert.at) };
        match until(deadline, notifier.publish(&message, deadline)).await {
            Some(Ok(_)) => Published { outcome: Told::Sent, ..published },
            Some(Err(error)) => {
                tracing::error!(%error, title = alert.title, "an alert is not known to be out");
                Published { outcome: Told::Failed, ..published }
            }
            None => published,
        }
    }
}

/// A move of traffic needs a decision that is written down.
fn without_signals(mut outcome: Outcome) -> Outcome {
    let away = Decision::Blocked(Reason::StateAway);
    for tenant in &mut outcome.report.tenants {
        if matches!(tenant.decision, Decision::Rollback(_)) {
            (tenant.decision, tenant.text) =
                (away, format!("{}; {}", tenant.decision.text(), Reason::StateAway.text()));
        }
    }
    for alert in outcome.report.alerts.iter_mut().filter(|alert| alert.is_signal()) {
        alert.severity = Severity::Page;
        alert.title = format!("{}; {}", alert.title, Reason::StateAway.text());
        alert.key.push_str("/unsignalled");
    }
    outcome.state.signals.clear();
    outcome
}

fn lost(reply: &Reply, why: &str, now: Timestamp) -> Alert {
    let text = format!(
        "What the checker finds cannot be written down: {why}\nUntil it can, no signal moves traffic, and messages may come \
         twice. As far as this process knows the whole is {}.",
        reply.report.status.word()
    );
    alert("state-lost", "the checker cannot keep its state", text, now)
}

/// Its key has the time in it: there is no state that could count.
fn alert(name: &str, title: &str, text: String, at: Timestamp) -> Alert {
    let key = format!("{name}/{}", at.as_second().div_euclid(AGAIN.as_secs()));
    let (severity, subject, title) = (Severity::Checker, "health-checker".to_owned(), title.to_owned());
    Alert { key, severity, subject, title, text, at, follows: false }
}

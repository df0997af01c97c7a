//! What people are told.

use std::fmt::Write;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::health::{Change, Event};
use crate::rollback::{TenantReport, Told, ToldKind, Trigger};

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// The same for every attempt to tell it, and for nothing else.
    pub key: String,
    /// How much it matters.
    pub severity: Severity,
    /// Component or tenant that it is about.
    pub subject: String,
    /// In a line.
    pub title: String,
    /// With its reasons.
    pub text: String,
    /// When it was found.
    pub at: Timestamp,
    /// Whether people had been told something before that is not over: the end of this is not the end of that.
    #[serde(default)]
    pub follows: bool,
}

/// How much something matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The signal that traffic has to move.
    Signal,
    /// Somebody has to look now.
    Page,
    /// Somebody has to look at the checker.
    Checker,
    /// It is over.
    Resolved,
}

impl Alert {
    /// Whether it makes traffic move: nothing holds that back.
    #[must_use]
    pub fn is_signal(&self) -> bool {
        self.severity == Severity::Signal
    }

    /// What it is about: a message that something is over has that of the message before, and nothing else has.
    fn topic(&self) -> (&str, &str) {
        let end = self.key.match_indices('/').nth(1).map_or(self.key.len(), |(end, _)| end);
        let kind = match self.key.get(end + 1..).unwrap_or_default() {
            rest if rest.starts_with("burn-") => rest.split('/').next().unwrap_or_default(),
            rest if rest.ends_with("/blind") || rest.ends_with("/sees") => "sight",
            _ => "",
        };
        (&self.key[..end], kind)
    }

    pub(crate) fn is_end(&self) -> bool {
        self.severity == Severity::Resolved
    }
}

/// Takes what `end` ends out of what waits; whether nobody has to be told of the end then, because nobody was told of a
/// beginning.
fn swallowed(waiting: &mut Vec<Alert>, end: &Alert) -> bool {
    let is_about = |other: &Alert| other.topic() == end.topic();
    // What waits from before another end is another time.
    let from = waiting.iter().rposition(|other| is_about(other) && other.is_end()).map_or(0, |last| last + 1);
    let later = waiting.split_off(from);
    let (ended, rest): (Vec<Alert>, Vec<Alert>) = later.into_iter().partition(is_about);
    waiting.extend(rest);
    ended.iter().any(|begun| !begun.follows)
}

/// Messages that are told now, and those that `is_held` holds back. What was held back and is still so is told when
/// nothing holds it any more; what was over before that is never told.
pub(crate) fn sorted(new: Vec<Alert>, held: Vec<Alert>, is_held: impl Fn(&Alert) -> bool) -> (Vec<Alert>, Vec<Alert>) {
    let mut waiting = held;
    let mut now = Vec::new();
    for alert in new {
        match () {
            () if alert.is_end() && swallowed(&mut waiting, &alert) => {}
            () if !alert.is_signal() && is_held(&alert) => waiting.push(alert),
            () => now.push(alert),
        }
    }
    let (waiting, due): (Vec<Alert>, Vec<Alert>) = waiting.into_iter().partition(&is_held);
    (due.into_iter().chain(now).collect(), waiting)
}

/// About a check.
pub(crate) fn of_event(event: &Event, at: Timestamp) -> Alert {
    let Event { check, component, change, epoch, detail } = event;
    let (word, severity, title) = match change {
        Change::Failed => ("failed", Severity::Page, format!("{check} fails")),
        Change::Recovered => ("recovered", Severity::Resolved, format!("{check} works again")),
        Change::Blind => ("blind", Severity::Checker, format!("{check} cannot be looked at")),
        Change::Sees => ("sees", Severity::Resolved, format!("{check} can be looked at again")),
    };
    let text = if detail.is_empty() { title.clone() } else { format!("{title}: {detail}") };
    let key = format!("check/{check}/{epoch}/{word}");
    Alert { key, severity, subject: component.clone(), title, text, at, follows: false }
}

/// About a tenant.
pub(crate) fn of_told(told: &Told, report: &TenantReport, at: Timestamp) -> Alert {
    let severity = match told.kind {
        ToldKind::Rollback => Severity::Signal,
        ToldKind::Page => Severity::Page,
        ToldKind::Over => Severity::Resolved,
    };
    let tenant = &told.tenant;
    let title = match told.kind {
        ToldKind::Over => format!("{tenant}: it is over: {}", told.text),
        ToldKind::Rollback | ToldKind::Page => format!("{tenant}: {}", told.text),
    };
    let mut text = format!("{title}\n\n");
    for trigger in &report.triggers {
        text.push_str(&line(trigger));
    }
    for warning in &report.warnings {
        let _ = writeln!(text, "warning: {warning}");
    }
    let (key, follows) = (format!("tenant/{tenant}/{}", told.key), told.follows);
    Alert { key, severity, subject: tenant.clone(), title, text, at, follows }
}

fn line(trigger: &Trigger) -> String {
    let mut text = format!("{} {} is {:?}: {}\n", trigger.id, trigger.name, trigger.standing, trigger.why);
    for figure in &trigger.figures {
        let number = |value: Option<f64>| value.map_or_else(|| "unknown".to_owned(), |value| value.to_string());
        let limit = figure.limit.map_or_else(String::new, |limit| format!(" (limit {limit})"));
        let _ = writeln!(text, "  {}: {}{limit}", figure.name, number(figure.value));
    }
    text
}

#[cfg(test)]
mod tests;

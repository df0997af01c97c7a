//! Telling people of damage, once for each version of an object.

use causeway_cloud::Alerts;
use causeway_cloud::notifier::{Alerted, Message};
use causeway_resilience::Deadline;
use sha2::{Digest, Sha256};

use super::object::Found;
use crate::port::Port;
use crate::reply::{AlertState, Document};
use crate::report::words::{Severity, Word};

/// What people are told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Severe {
    key: String,
    message: Message,
}

impl Severe {
    /// `None` when there is nothing to tell. The message has no word of the model's: whatever a picture can make a model
    /// write, it does not reach people by mail.
    pub(crate) fn of(document: &Document, found: &Found, from: Severity) -> Option<Self> {
        let damage = &document.report.damage_report;
        let present = || damage.indicators.iter().filter(|(_, one)| one.present == Some(true));
        let severity = damage.overall.severity;
        // Damage that is there is minor at least, as in the score.
        let least = match severity {
            Severity::Unknown if present().next().is_some() => Severity::Minor,
            Severity::Unknown => return None,
            known => known,
        };
        if least < from {
            return None;
        }
        let name = found.name();
        let kinds: Vec<_> = present().map(|(kind, one)| format!("{}: {}", kind.word(), one.severity.word())).collect();
        let score = damage.overall.score.map_or_else(|| "not known".to_owned(), |score| format!("{score:.2}"));
        let body = format!(
            "Object: {name}\nSeverity: {}\nDamage score: {score}\n{}\nVersion: {}\n",
            severity.word(),
            kinds.join("\n"),
            found.version_key(),
        );
        let version = format!("{:.32x}", Sha256::digest(format!("{name}\n{}", found.version_key())));
        let what = match severity {
            Severity::Unknown => "damage of unknown severity".to_owned(),
            known => format!("{} damage", known.word()),
        };
        let title = format!("Vision: {what} on {}", name.rsplit('/').next().unwrap_or(name));
        Some(Self { key: format!("damage/{version}"), message: Message { title, body } })
    }
}

/// Sends what has not been sent.
pub(crate) async fn send(channel: &Port<Alerts>, severe: &Severe, deadline: Deadline) -> AlertState {
    let (title, key) = (&severe.message.title, &severe.key);
    let channel = match channel {
        Port::Ready(channel) => channel,
        Port::NotSet(_) => {
            tracing::warn!(title, key, "alert; no topic is configured");
            return AlertState::NoTopic;
        }
        Port::Wrong(problem) => {
            tracing::error!(problem, title, "an alert is not out: the topic that is set cannot be used");
            return AlertState::Failed;
        }
    };
    match channel.send(key, &severe.message, deadline).await {
        Ok(Alerted::Sent { message_id }) => {
            tracing::warn!(title, key, message_id, "alert");
            AlertState::Sent
        }
        Ok(Alerted::AlreadySent) => AlertState::AlreadySent,
        Ok(Alerted::Claimed { .. }) => AlertState::Claimed,
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(%error, cause, title, "an alert is not known to be out");
            AlertState::Failed
        }
    }
}

//! Telling people.

use causeway_cloud::Alerts;
use causeway_cloud::notifier::{AlertError, Alerted, Message};
use causeway_resilience::{Deadline, ServiceFailure};
use causeway_runtime::until;
use futures_util::StreamExt;
use futures_util::stream;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::claims::{last_told, moment};
use crate::alerts::{Alert, AlertState, Memory};
use crate::render::{digest, message};
use crate::reply::{Outcome, Published};
use crate::report::Report;

/// Alerts of one run that have a message of their own; what is beyond them is one more.
const MAX_MESSAGES: usize = 10;
/// Messages that are sent at once.
const AT_ONCE: usize = 4;
/// Longest message in bytes; OCI takes 64 KiB.
const MAX_BODY: usize = 60 << 10;

/// Sends the alerts of one run.
pub(super) struct Tell<'a> {
    pub(super) channel: Option<&'a Alerts>,
    pub(super) deadline: Deadline,
}

/// What became of an alert, and when it may be taken up again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) published: Published,
    again_at: Option<Timestamp>,
    /// Of an alert that was out before the state knew of it.
    memory: Option<Remembered>,
}

/// What claims know of the level of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Remembered {
    Known(Memory),
    /// They could not be read.
    Unread,
}

impl Told {
    /// Whether it was out before the state knew of it.
    pub(super) fn is_older_than_state(&self) -> bool {
        self.memory.is_some()
    }
}

impl Tell<'_> {
    /// What became of each, in order.
    pub(super) async fn all(&self, alerts: &[Alert], report: &Report) -> Vec<Told> {
        let (alone, together) = alerts.split_at(alerts.len().min(MAX_MESSAGES));
        let sent: Vec<_> = alone.iter().map(|alert| self.one(&alert.key, message(alert, report))).collect();
        let mut all: Vec<Told> = stream::iter(sent).buffered(AT_ONCE).collect().await;
        if !together.is_empty() {
            all.extend(self.digest(together, report).await);
        }
        all
    }

    /// One message for all of these, known to be out by a key of theirs together.
    async fn digest(&self, alerts: &[Alert], report: &Report) -> Vec<Told> {
        let key = digest_key(alerts);
        let told = self.one(&key, digest(alerts, &key, report)).await;
        let each = |alert: &Alert| Told {
            published: Published { key: alert.key.clone(), ..told.published.clone() },
            ..told.clone()
        };
        alerts.iter().map(each).collect()
    }

    /// Asks claims about alerts that are out and that `state` had claimed for the first time. Those of a digest have none
    /// of their own.
    pub(super) async fn remember(&self, all: &mut [Told], state: &AlertState, now: Timestamp) {
        let Some(channel) = self.channel else { return };
        let alone = all.iter_mut().take(MAX_MESSAGES);
        for told in alone.filter(|told| told.published.outcome == Outcome::AlreadySent) {
            let Some(alert) = state.claimed(&told.published.key) else { continue };
            let asked = until(self.deadline, last_told(channel, alert, now)).await;
            if let Some(Err(error)) = &asked {
                tracing::warn!(%error, key = alert.key, "what was told of a level could not be read");
            }
            told.memory = Some(asked.and_then(Result::ok).map_or(Remembered::Unread, Remembered::Known));
        }
    }

    async fn one(&self, key: &str, message: Message) -> Told {
        let message = cut(message);
        let title = &message.title;
        let Some(channel) = self.channel else {
            tracing::warn!(title, key, "alert; no topic is configured");
            return told(key, Outcome::Logged);
        };
        match until(self.deadline, channel.send(key, &message, self.deadline)).await {
            Some(Ok(Alerted::Sent { message_id })) => {
                tracing::warn!(title, key, message_id, "alert");
                let sent = told(key, Outcome::Sent);
                Told { published: Published { message_id: Some(message_id), ..sent.published }, ..sent }
            }
            Some(Ok(Alerted::AlreadySent)) => {
                tracing::info!(key, "duplicate: the alert is out already");
                told(key, Outcome::AlreadySent)
            }
            Some(Ok(Alerted::Claimed { until_unix_ms })) => {
                tracing::info!(key, "duplicate: another run is at the alert");
                Told { again_at: moment(until_unix_ms), ..told(key, Outcome::Claimed) }
            }
            Some(Err(error)) => failed(key, &error),
            None => told(key, Outcome::Unknown),
        }
    }
}

/// The same for the same alerts in the same order, in every build: claims outlive releases.
fn digest_key(alerts: &[Alert]) -> String {
    let mut hasher = Sha256::new();
    for alert in alerts {
        hasher.update(alert.key.as_bytes());
        hasher.update([0]);
    }
    let month = alerts.first().map_or("", |alert| alert.period.as_str());
    let sum: String = hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{month}/digest/{}/{sum}", alerts.len())
}

fn failed(key: &str, error: &AlertError) -> Told {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::error!(%error, cause, key, "an alert is not known to be out");
    let is_certain = matches!(error, AlertError::Publish(failure) if !ServiceFailure::may_have_happened(failure));
    told(key, if is_certain { Outcome::Failed } else { Outcome::Unknown })
}

fn told(key: &str, outcome: Outcome) -> Told {
    Told { published: Published { key: key.to_owned(), outcome, message_id: None }, again_at: None, memory: None }
}

/// Writes down what became of alerts.
pub(super) fn mark(state: &mut AlertState, all: &[Told], now: Timestamp) {
    for Told { published: Published { key, outcome, .. }, again_at, memory } in all {
        match (outcome, again_at, memory) {
            (Outcome::AlreadySent, _, Some(Remembered::Known(memory))) => state.recall(key, memory),
            (Outcome::AlreadySent, _, Some(Remembered::Unread)) => state.ask_again(key, now),
            (Outcome::Sent | Outcome::AlreadySent | Outcome::Logged, ..) => state.sent(key),
            (Outcome::Failed, ..) => state.release(key, now),
            (Outcome::Claimed, Some(at), _) => state.release(key, *at),
            (Outcome::Claimed | Outcome::Unknown, ..) => {}
        }
    }
}

fn cut(mut message: Message) -> Message {
    if message.body.len() > MAX_BODY {
        message.body.truncate(message.body.floor_char_boundary(MAX_BODY));
        message.body.push_str("\n(cut)");
    }
    message
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::alerts::{Kind as AlertKind, Metric, Pending};

    fn alert() -> Alert {
        Alert {
            key: "k".to_owned(),
            period: "2026-09".to_owned(),
            scope: "tenancy".to_owned(),
            metric: Metric::MonthToDate,
            kind: AlertKind::Raised,
            level_percent: Some(80),
            severity: "warn".to_owned(),
            percent: Some(82.0),
        }
    }

    #[test]
    fn what_an_outcome_leaves_to_later_runs() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let check = |outcome, again_at: Option<i64>, expected: Option<i64>| {
            let pending = Pending { alert: alert(), retry_at: at(600), claims: 1 };
            let mut state = AlertState::default();
            state.pending.push(pending);
            let told = Told { again_at: again_at.map(at), ..told(&alert().key, outcome) };
            mark(&mut state, &[told], at(7));
            let left = state.pending.first().map(|pending| pending.retry_at);
            assert_eq!(left, expected.map(at), "{outcome:?}");
        };
        check(Outcome::Sent, None, None);
        check(Outcome::AlreadySent, None, None);
        check(Outcome::Logged, None, None);
        check(Outcome::Failed, None, Some(7));
        check(Outcome::Unknown, None, Some(600));
        // The claim of the message can be younger than that of the level.
        check(Outcome::Claimed, Some(630), Some(630));
        check(Outcome::Claimed, None, Some(600));
    }

    #[test]
    fn what_was_told_and_could_not_be_read_is_asked_again_as_if_for_the_first_time() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut state = AlertState::default();
        state.pending.push(Pending { alert: alert(), retry_at: at(600), claims: 1 });
        let unread = Told { memory: Some(Remembered::Unread), ..told(&alert().key, Outcome::AlreadySent) };
        mark(&mut state, &[unread], at(7));
        assert_eq!((state.pending[0].retry_at, state.pending[0].claims), (at(7), 0));
        assert!(state.claimed(&alert().key).is_some());
    }

    #[test]
    fn a_digest_has_the_same_key_in_every_build() {
        let other = Alert { key: "l".to_owned(), ..alert() };
        // The first bytes of what `printf 'k\0l\0' | sha256sum` says.
        assert_eq!(digest_key(&[alert(), other.clone()]), "2026-09/digest/2/ff04df4659a6ec11");
        assert_ne!(digest_key(&[other.clone(), alert()]), digest_key(&[alert(), other]));
    }

    #[test]
    fn a_message_has_an_end() {
        let long = Message { title: String::new(), body: "ä".repeat(MAX_BODY) };
        assert!(cut(long).body.len() <= MAX_BODY + 10);
        let short = Message { title: String::new(), body: "short".to_owned() };
        assert_eq!(cut(short).body, "short");
    }
}

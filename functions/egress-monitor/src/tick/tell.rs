//! Telling people.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use causeway_cloud::Alerts;
use causeway_cloud::notifier::{AlertError, Alerted, Message};
use causeway_cloud::state::Clock;
use causeway_resilience::retry::{Backoff, Decision, Failure, Idempotency, Jitter, Policy, Retry};
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use causeway_runtime::until;
use futures_util::StreamExt;
use futures_util::stream;
use jiff::Timestamp;

use crate::alerts::{Alert, AlertState};
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
    pub(super) clock: &'a dyn Clock,
    pub(super) random: fn() -> f64,
    pub(super) deadline: Deadline,
}

/// What became of an alert, and when it may be taken up again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) published: Published,
    again_at: Option<Timestamp>,
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
            again_at: told.again_at,
        };
        alerts.iter().map(each).collect()
    }

    async fn one(&self, key: &str, message: Message) -> Told {
        let message = cut(message);
        let title = &message.title;
        let Some(channel) = self.channel else {
            tracing::warn!(title, key, "alert; no topic is configured");
            return told(key, Outcome::Logged);
        };
        match until(self.deadline, self.patiently(channel, key, &message)).await {
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

    /// Again and again, as long as it is certain that the message is not out.
    async fn patiently(&self, channel: &Alerts, key: &str, message: &Message) -> Result<Alerted, AlertError> {
        let mut retry = Retry::new(policy(), Idempotency::Idempotent, Instant::now(), self.deadline);
        loop {
            let error = match channel.send(key, message, self.deadline).await {
                Err(error) => error,
                done => return done,
            };
            let Some(passing) = passing(&error) else { return Err(error) };
            match retry.next(&passing, Instant::now(), (self.random)()) {
                Decision::Retry { after } => self.clock.sleep(after).await,
                Decision::GiveUp { .. } => return Err(error),
            }
        }
    }
}

/// Up to 5 rounds with full jitter from 1 s up to 20 s; the deadline ends them before.
fn policy() -> Policy {
    let backoff =
        Backoff { base: Duration::from_secs(1), growth: 2, cap: Duration::from_secs(20), jitter: Jitter::Full };
    Policy { attempts: 5, backoff, total: Duration::from_secs(120), ..Policy::function() }
}

/// The failure as the rules of retrying see it; `None` for one that stays, or whose message may be out.
fn passing(error: &AlertError) -> Option<Failure> {
    let AlertError::Publish(failure) = error else { return None };
    if failure.may_have_happened() {
        return None;
    }
    match failure.kind() {
        Kind::Throttled => Some(Failure::status(429).with_retry_after(failure.retry_after())),
        Kind::Unavailable => Some(Failure::status(503).with_retry_after(failure.retry_after())),
        _ => None,
    }
}

/// The same for the same alerts in the same order.
fn digest_key(alerts: &[Alert]) -> String {
    let mut hasher = DefaultHasher::new();
    alerts.iter().for_each(|alert| alert.key.hash(&mut hasher));
    let month = alerts.first().map_or("", |alert| alert.period.as_str());
    format!("{month}/digest/{}/{:016x}", alerts.len(), hasher.finish())
}

fn failed(key: &str, error: &AlertError) -> Told {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::error!(%error, cause, key, "an alert is not known to be out");
    let is_certain = matches!(error, AlertError::Publish(failure) if !ServiceFailure::may_have_happened(failure));
    told(key, if is_certain { Outcome::Failed } else { Outcome::Unknown })
}

fn told(key: &str, outcome: Outcome) -> Told {
    Told { published: Published { key: key.to_owned(), outcome, message_id: None }, again_at: None }
}

/// Writes down what became of alerts.
pub(super) fn mark(state: &mut AlertState, all: &[Told], now: Timestamp) {
    for Told { published: Published { key, outcome, .. }, again_at } in all {
        match (outcome, again_at) {
            (Outcome::Sent | Outcome::AlreadySent | Outcome::Logged, _) => state.sent(key),
            (Outcome::Failed, _) => state.release(key, now),
            (Outcome::Claimed, Some(at)) => state.release(key, *at),
            (Outcome::Claimed | Outcome::Unknown, _) => {}
        }
    }
}

fn moment(unix_ms: u64) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(unix_ms).ok()?).ok()
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
    fn a_message_has_an_end() {
        let long = Message { title: String::new(), body: "ä".repeat(MAX_BODY) };
        assert!(cut(long).body.len() <= MAX_BODY + 10);
        let short = Message { title: String::new(), body: "short".to_owned() };
        assert_eq!(cut(short).body, "short");
    }
}

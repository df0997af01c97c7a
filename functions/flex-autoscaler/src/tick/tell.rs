//! Telling people.

use std::collections::BTreeMap;

use causeway_cloud::Alerts;
use causeway_cloud::notifier::{Alerted, Message};
use causeway_resilience::Deadline;
use futures_util::future::join_all;
use sha2::{Digest, Sha256};

use crate::record::{Alert, Severity};

/// Alerts of one kind that are sent one by one; more are one message. A topic takes 60 messages a minute.
const MOST_OF_A_KIND: usize = 3;
/// Longest message in bytes; OCI takes 64 KiB.
const MAX_BODY: usize = 60 << 10;

/// A message and the alerts that it tells.
#[derive(Debug, PartialEq, Eq)]
struct Bundle<'a> {
    key: String,
    message: Message,
    alerts: Vec<&'a Alert>,
}

/// Sends what has not been sent. The topics of alerts that are not known to be out come back: they are to be found
/// again by the next tick.
pub(crate) async fn tell(channel: Option<&Alerts>, alerts: &[Alert], deadline: Deadline) -> Vec<String> {
    let mut unsent = Vec::new();
    let bundles = bundles(alerts);
    let sent = join_all(bundles.iter().map(|bundle| send(channel, bundle, deadline))).await;
    for (bundle, is_sent) in bundles.iter().zip(sent) {
        if !is_sent {
            unsent.extend(bundle.alerts.iter().map(|alert| alert.topic.clone()));
        }
    }
    unsent
}

/// What a caller is told of alerts that are not known to be out.
pub(crate) fn untold(topics: &[String]) -> Option<String> {
    match topics {
        [] => None,
        [one] => Some(format!("an alert is not known to be out and is told by the next tick: {one}")),
        [first, others @ ..] => {
            let count = others.len();
            Some(format!("alerts are not known to be out and are told by the next tick: {first} and {count} more"))
        }
    }
}

async fn send(channel: Option<&Alerts>, bundle: &Bundle<'_>, deadline: Deadline) -> bool {
    let (title, key) = (&bundle.message.title, &bundle.key);
    let Some(channel) = channel else {
        tracing::warn!(title, key, "alert; no topic is configured");
        return true;
    };
    match channel.send(key, &bundle.message, deadline).await {
        Ok(Alerted::Sent { message_id }) => {
            tracing::warn!(title, key, message_id, "alert");
            true
        }
        Ok(Alerted::AlreadySent) => true,
        Ok(Alerted::Claimed { .. }) => false,
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(%error, cause, title, "an alert is not known to be out");
            false
        }
    }
}

fn bundles(alerts: &[Alert]) -> Vec<Bundle<'_>> {
    let mut kinds: BTreeMap<(std::cmp::Reverse<Severity>, &str), Vec<&Alert>> = BTreeMap::new();
    for alert in alerts {
        kinds.entry((std::cmp::Reverse(alert.severity), alert.code)).or_default().push(alert);
    }
    kinds.into_iter().flat_map(|((_, code), alerts)| of_a_kind(code, alerts)).collect()
}

fn of_a_kind<'a>(code: &str, alerts: Vec<&'a Alert>) -> Vec<Bundle<'a>> {
    if alerts.len() > MOST_OF_A_KIND {
        return vec![together(code, alerts)];
    }
    let alone = |alert: &'a Alert| {
        let message = Message { title: alert.title.clone(), body: cut(alert.body.clone()) };
        Bundle { key: alert.dedup_key.clone(), message, alerts: vec![alert] }
    };
    alerts.into_iter().map(alone).collect()
}

fn together<'a>(code: &str, alerts: Vec<&'a Alert>) -> Bundle<'a> {
    let mut keys: Vec<&str> = alerts.iter().map(|alert| alert.dedup_key.as_str()).collect();
    keys.sort_unstable();
    let digest = format!("{:.32x}", Sha256::digest(keys.join("\n")));
    let lines: Vec<&str> = alerts.iter().map(|alert| alert.title.as_str()).collect();
    let title = format!("Autoscaler: {code} on {} machines", alerts.len());
    let message = Message { title, body: cut(lines.join("\n")) };
    Bundle { key: format!("{code}/together/{digest}"), message, alerts }
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_BODY {
        text.truncate(text.floor_char_boundary(MAX_BODY));
        text.push_str("\n(cut)");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(code: &'static str, number: usize, severity: Severity) -> Alert {
        Alert {
            topic: format!("{code}/{number}"),
            dedup_key: format!("{code}/{number}/0"),
            code,
            severity,
            instance: Some(number.to_string()),
            title: format!("{code} {number}"),
            body: String::new(),
        }
    }

    #[test]
    fn many_of_a_kind_are_one_message_and_the_worst_come_first() {
        let mut alerts: Vec<Alert> = (0..40).map(|number| alert("stale", number, Severity::Warning)).collect();
        alerts.extend((0..3).map(|number| alert("ceiling", number, Severity::Critical)));
        let found = bundles(&alerts);
        let titles: Vec<&str> = found.iter().map(|bundle| bundle.message.title.as_str()).collect();
        assert_eq!(titles, ["ceiling 0", "ceiling 1", "ceiling 2", "Autoscaler: stale on 40 machines"]);
        assert_eq!(found.iter().map(|bundle| bundle.alerts.len()).sum::<usize>(), alerts.len());
        let backwards: Vec<Alert> = alerts.iter().rev().cloned().collect();
        assert_eq!(bundles(&backwards).last().unwrap().key, found.last().unwrap().key, "the order does not matter");
    }

    #[test]
    fn a_message_has_an_end() {
        assert!(cut("ä".repeat(MAX_BODY)).len() <= MAX_BODY + 10);
        assert_eq!(cut("short".to_owned()), "short");
    }
}

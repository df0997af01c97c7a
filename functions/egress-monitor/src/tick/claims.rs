//! What was told by runs that the state knows nothing of, read from the claims of their messages.

use causeway_cloud::Alerts;
use causeway_cloud::notifier::Sent;
use causeway_cloud::state::StateError;
use jiff::Timestamp;

use crate::alerts::{Alert, Memory};

/// Repetitions that are looked at; beyond them the next run goes on.
const MAX_STEPS: u32 = 100;

/// The last that was told of the level of an alert that is out.
///
/// # Errors
/// The store's.
pub(super) async fn last_told(channel: &Alerts, alert: &Alert, now: Timestamp) -> Result<Memory, StateError> {
    // A time that nobody kept counts as now: a level that was left is told again a day later, and not never.
    let at = |sent: &Sent| sent.unix_ms.and_then(moment).unwrap_or(now);
    let first = channel.sent(&alert.key).await?;
    let mut memory = Memory::of(alert, first.as_ref().map_or(now, at));
    for step in 1..=MAX_STEPS {
        let mut found = None;
        for candidate in alert.later(step) {
            if let Some(sent) = channel.sent(&candidate.key).await? {
                found = Some((candidate, sent));
                break;
            }
        }
        match found {
            Some((candidate, sent)) => memory = memory.then(&candidate, at(&sent)),
            None => break,
        }
    }
    Ok(memory)
}

/// A moment that documents keep.
pub(super) fn moment(unix_ms: u64) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(unix_ms).ok()?).ok()
}

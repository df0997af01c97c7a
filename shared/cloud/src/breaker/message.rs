//! What people are told of a change.

use causeway_resilience::breaker::{Cause, Change, Event, Mode, Order};
use jiff::Timestamp;

use super::Dependency;
use crate::notifier::Message;

pub(super) fn of(dependency: &Dependency, event: &Event) -> Message {
    let what = match &event.change {
        Change::Opened { .. } => "opened",
        Change::HalfOpened => "tries again",
        Change::Closed => "closed",
        Change::Forced { .. } => "is held by an order",
        Change::Released { .. } => "is released",
        Change::WouldOpen { .. } => "would have opened",
    };
    let at = time(event.at_ms);
    let body = format!("{at}: {}\nEpoch {}.", text(&event.change), event.epoch);
    Message { title: format!("Circuit breaker of {dependency} {what}"), body }
}

fn text(change: &Change) -> String {
    match change {
        Change::Opened { until_ms, cause } => {
            format!("{}. Calls take the fallback until {}, then a few probes go out.", why(cause), time(*until_ms))
        }
        Change::HalfOpened => "A few probes go out; when all of them pass, it closes.".to_owned(),
        Change::Closed => "The probes passed. All calls go out again.".to_owned(),
        Change::Forced { order } => format!("{} by {}.{}", held(order), order.author, reason(order)),
        Change::Released { order } => {
            format!("The order of {} ended ({}). The rules hold again.", order.author, mode(order.mode))
        }
        Change::WouldOpen { cause } => format!("{}. Calls go out all the same.", why(cause)),
    }
}

fn reason(order: &Order) -> String {
    order.reason.as_ref().map_or_else(String::new, |reason| format!(" Reason: {reason}"))
}

fn held(order: &Order) -> String {
    format!("Held {} until {}", mode(order.mode), time(order.expires_ms))
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Open => "open",
        Mode::Closed => "closed",
        Mode::Disabled => "out of use",
        Mode::MetricsOnly => "counting only",
    }
}

fn why(cause: &Cause) -> String {
    match cause {
        Cause::FailureRatio { failed, calls } => format!("{failed} of {calls} calls failed"),
        Cause::SlowRatio { slow, calls } => format!("{slow} of {calls} calls were slow"),
        Cause::Consecutive { failed } => format!("{failed} calls failed one after the other"),
        Cause::Throttled { retry_after_ms } => format!("It asked to be left alone for {} s", retry_after_ms / 1_000),
        Cause::ProbeFailed => "A probe failed or was slow".to_owned(),
        Cause::ProbeLost => "A probe was never heard of again".to_owned(),
    }
}

fn time(unix_ms: u64) -> String {
    let time = i64::try_from(unix_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    time.map_or_else(|| "an unknown time".to_owned(), |time| time.to_string())
}

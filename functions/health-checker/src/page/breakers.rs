//! Circuit breakers, on the page and in the terminal.

use std::fmt::Write;

use maud::{Markup, html};

use super::{left_out, plain};
use crate::breaker::{BreakerReport, BreakerStanding, Probed};

/// Circuit breakers on the page: those that need a look come first.
const MOST: usize = 10;

/// The section of the page; nothing without breakers.
pub(super) fn section(breakers: &[BreakerReport]) -> Markup {
    html! {
        @if !breakers.is_empty() {
            h2 { "Circuit breakers" }
            table {
                thead { tr { th { "Dependency" } th { "State" } th { "Opened" } th { "Held by an order" } th { "Calls" } } }
                tbody { @for breaker in breakers.iter().take(MOST) { (row(breaker)) } }
            }
            (left_out(breakers.len(), MOST, &more(breakers), "health-checker breaker list shows all"))
        }
    }
}

/// What is left out, and how many of it need a look.
fn more(breakers: &[BreakerReport]) -> String {
    let is_closed = |breaker: &&BreakerReport| breaker.standing == BreakerStanding::Closed;
    match breakers.iter().skip(MOST).filter(|breaker| !is_closed(breaker)).count() {
        0 => "that are closed".to_owned(),
        count => format!("({count} of them not closed)"),
    }
}

fn row(breaker: &BreakerReport) -> Markup {
    let calls = breaker.calls;
    html! {
        tr {
            td { (breaker.title()) br; span.soft { (breaker.folder) } }
            td {
                span class={ "word " (class(breaker.standing)) } { (breaker.state()) }
                @if let Some(why) = &breaker.why { br; span.soft { (why) } }
                @if let Some(text) = waits(breaker) { br; span.soft { (text) } }
            }
            td data-head="Opened" { @if let Some(at) = breaker.opened_at { (at) } @else { "-" } }
            td data-head="Order" { (breaker.held().unwrap_or_else(|| "-".to_owned())) }
            td data-head="Calls" { (calls.ok) " passed, " (calls.failed) " failed, " (calls.slow) " slow" }
        }
    }
}

/// The class of the word: that of a check in the like state.
fn class(standing: BreakerStanding) -> &'static str {
    match standing {
        BreakerStanding::Open => "fail",
        BreakerStanding::Unknown => "unknown",
        BreakerStanding::HalfOpen => "degraded",
        BreakerStanding::Closed => "pass",
    }
}

fn waits(breaker: &BreakerReport) -> Option<String> {
    match &breaker.probed {
        Some(Probed { check, passed, failed, unknown }) => {
            Some(format!("probed by {check}: {passed} passed, {failed} failed, {unknown} unknown"))
        }
        None if breaker.is_probe_due => Some("waits for probes that nobody sends".to_owned()),
        None => None,
    }
}

/// Breakers for a terminal.
#[must_use]
pub(crate) fn breakers_table(breakers: &[BreakerReport]) -> String {
    let mut text = String::new();
    if breakers.is_empty() {
        text.push_str("no circuit breaker is known\n");
        return text;
    }
    let heads = ["breaker", "state", "opened", "order"];
    let _ = writeln!(text, "{:<40}  {:<10}  {:<24}  {}", heads[0], heads[1], heads[2], heads[3]);
    for breaker in breakers {
        let opened = breaker.opened_at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        let held = breaker.held().unwrap_or_else(|| "-".to_owned());
        let (title, state) = (plain(&breaker.title()), breaker.standing.word());
        let _ = writeln!(text, "{title:<40}  {state:<10}  {opened:<24}  {}", plain(&held));
        if breaker.permits.is_some() {
            let _ = writeln!(text, "  {}", breaker.state());
        }
        for more in [breaker.why.clone(), waits(breaker)].into_iter().flatten() {
            let _ = writeln!(text, "  {}", plain(&more));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn breaker(members: &serde_json::Value) -> BreakerReport {
        let mut whole = json!({"folder": "breakers", "name": "<i>objects\u{1b}[2J", "standing": "open"});
        whole.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn order_state_and_probes_are_shown_and_foreign_text_is_only_text() {
        let order = json!({
            "mode": "forced_open", "author": "oncall <b>", "reason": "a drill", "expires_at": "2026-03-11T14:00:00Z",
        });
        let all = [
            breaker(&json!({"opened_at": "2026-03-11T12:00:00Z", "why": "5 calls failed", "order": order})),
            breaker(&json!({"standing": "half_open", "permits": {"passed": 2, "under_way": 1, "of": 5}})),
            breaker(&json!({"is_probe_due": true})),
            breaker(
                &json!({"probed": {"check": "shop", "passed": 5, "failed": 0, "unknown": 0}, "standing": "closed"}),
            ),
            breaker(&json!({"standing": "unknown", "why": "the document is damaged"})),
        ];
        let (page, text) = (section(&all).into_string(), breakers_table(&all));
        for part in [
            "2026-03-11T12:00:00Z",
            "until 2026-03-11T14:00:00Z: a drill",
            "half-open (2 of 5 probes passed, 1 under way)",
            "waits for probes that nobody sends",
            "probed by shop: 5 passed",
            "the document is damaged",
        ] {
            assert!(page.contains(part) && text.contains(part), "{part} in {page} and {text}");
        }
        assert!(!page.contains("<i>") && !page.contains("<b>") && !text.contains('\u{1b}'));
        assert_eq!(section(&[]).into_string(), "");
    }

    #[test]
    fn ten_are_on_the_page_and_how_many_are_not_is_said() {
        let check = |open: usize, closed: usize, expected: Option<&str>| {
            let mut all = vec![breaker(&json!({})); open];
            all.extend(vec![breaker(&json!({"standing": "closed"})); closed]);
            let page = section(&all).into_string();
            let line = page.split_once("<p class=\"soft\">").map(|(_, line)| line.split_once(" are left").unwrap().0);
            assert_eq!((page.matches("<tr>").count(), line), (1 + (open + closed).min(10), expected), "{page}");
        };
        check(4, 6, None);
        check(4, 9, Some("3 more that are closed"));
        check(12, 9, Some("11 more (2 of them not closed)"));
    }
}

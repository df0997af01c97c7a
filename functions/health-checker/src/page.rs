//! What is known, for people: a table for the terminal and a page of HTML without script or anything from elsewhere.
//!
//! Words and forms tell states apart, not colours alone.

mod breakers;

use std::fmt::Write;

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};

pub(crate) use breakers::breakers_table;

use crate::decide::{Report, State};
use crate::health::{CheckReport, Sample, Verdict};
use crate::incidents::Incident;
use crate::rollback::TenantReport;

/// Size of one bar and of the line of response times.
const BAR: f64 = 6.0;
const HEIGHT: f64 = 24.0;
/// Results that are shown.
const SHOWN: usize = 60;
/// Incidents that last and notes on the page; the report has all.
const MOST_LINES: usize = 50;
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;\
color:#1a1a1a;background:#fff}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #d9d9d9}\
.soft{color:#5a5a5a}.word{font-weight:600}.pass{color:#1f6b2d;fill:#2f8f46}.degraded{color:#7a5200;fill:#d99a1c}\
.fail{color:#b3261e;fill:#b3261e}.unknown{color:#5a5a5a;fill:#a8a8a8}.line{fill:none;stroke:#123a6b;stroke-width:1.5}\
svg{vertical-align:middle;max-width:100%}td{overflow-wrap:anywhere}\
@media(max-width:48rem){thead{display:none}tr{display:block;padding:.4rem 0;border-bottom:1px solid #d9d9d9}\
td{display:block;padding:.1rem 0;border:0}td:empty{display:none}td[data-head]::before{content:attr(data-head) \": \"}}\
@media(prefers-color-scheme:dark){body{color:#ececec;background:#161616}th,td,tr{border-color:#3a3a3a}.soft{color:#b0b0b0}\
.pass{color:#7fd08f}.degraded{color:#f0c060}.fail{color:#ff8a80;fill:#f2685c}.unknown{color:#b0b0b0}.line{stroke:#cfe3ff}}";

/// The page of a tick.
#[must_use]
pub(crate) fn html(report: &Report, state: &State) -> String {
    let word = report.status.word();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="refresh" content="60";
                title { "Health: " (word) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Health: " (status(report.status)) }
                p.soft {
                    "As of " (report.as_of) "."
                    @if let Some(until) = report.valid_until {
                        " Valid until " (until) ": later, nobody has looked, and this page says nothing."
                    }
                }
                @if !report.maintenance.is_empty() { p { "Maintenance: " (report.maintenance.join(", ")) "." } }
                @if !report.suspects.is_empty() {
                    p { "The checker doubts itself: too much fails at once (" (report.suspects.join(", ")) ")." }
                }
                @for component in &report.components {
                    h2 { (component.id) ": " (status(component.status)) }
                    (checks(report.checks.iter().filter(|check| check.component == component.id), state))
                }
                @if !report.tenants.is_empty() { (tenants(&report.tenants)) }
                (breakers::section(&report.breakers))
                (incidents(&report.incidents))
                @if !report.warnings.is_empty() {
                    h2 { "Notes" }
                    ul { @for warning in report.warnings.iter().take(MOST_LINES) { li { (warning) } } }
                    (left_out(report.warnings.len(), MOST_LINES, "notes", "report.json has all"))
                }
            }
        }
    };
    page.into_string()
}

fn status(verdict: Verdict) -> Markup {
    let word = verdict.word();
    html! { span class={ "word " (word) } { (word) } }
}

fn checks<'a>(checks: impl Iterator<Item = &'a CheckReport>, state: &State) -> Markup {
    html! {
        table {
            thead { tr { th { "Check" } th { "Status" } th { "Last results" } th { "Response time" } th { "Last" } } }
            tbody {
                @for check in checks {
                    @let samples = state.checks.get(&check.id).map_or(&[][..], |state| &state.samples);
                    @let samples = &samples[samples.len().saturating_sub(SHOWN)..];
                    tr {
                        td { (check.id) }
                        td { (status(check.status)) @if let Some(since) = check.since { br; span.soft { "since " (since) } } }
                        td { (bars(samples)) " " span.soft { (uptime(samples)) } }
                        td { (line(samples)) @if let Some(ms) = check.p95_ms { " " span.soft { "p95 " (ms) " ms" } } }
                        td { (check.last_text()) }
                    }
                }
            }
        }
    }
}

/// Share of passes among the results that are known.
fn uptime(samples: &[Sample]) -> String {
    let known = samples.iter().filter(|sample| sample.verdict != Verdict::Unknown).count();
    let works = samples.iter().filter(|sample| matches!(sample.verdict, Verdict::Pass | Verdict::Degraded)).count();
    if known == 0 { "unknown".to_owned() } else { format!("{:.1} % of {known}", works as f64 * 100.0 / known as f64) }
}

/// A bar for each result: full height for a pass, less for what is worse, so that colours are not needed.
fn bars(samples: &[Sample]) -> Markup {
    let height = |verdict: Verdict| match verdict {
        Verdict::Pass => HEIGHT,
        Verdict::Degraded => HEIGHT * 0.65,
        Verdict::Fail => HEIGHT * 0.35,
        Verdict::Unknown => HEIGHT * 0.1,
    };
    let width = (samples.len().max(1) as f64) * BAR;
    html! {
        svg role="img" width=(width) height=(HEIGHT) viewBox=(format!("0 0 {width} {HEIGHT}")) {
            title { "last results, oldest first" }
            @for (index, sample) in samples.iter().enumerate() {
                @let tall = height(sample.verdict);
                rect class=(sample.verdict.word()) x=(index as f64 * BAR) y=(HEIGHT - tall) width=(BAR - 1.0) height=(tall) {
                    title { (sample.at) ": " (sample.verdict.word()) }
                }
            }
        }
    }
}

fn line(samples: &[Sample]) -> Markup {
    let most = samples.iter().filter_map(|sample| sample.ms).max().unwrap_or(0).max(1);
    let place = |(index, sample): (usize, &Sample)| {
        let ms = sample.ms?;
        let y = (HEIGHT - 2.0) * (1.0 - f64::from(ms) / f64::from(most)) + 1.0;
        Some(format!("{},{y:.1}", index as f64 * BAR))
    };
    let points: Vec<String> = samples.iter().enumerate().filter_map(place).collect();
    let width = (samples.len().max(1) as f64) * BAR;
    html! {
        @if points.len() > 1 {
            svg role="img" width=(width) height=(HEIGHT) viewBox=(format!("0 0 {width} {HEIGHT}")) {
                title { "response times up to " (most) " ms" }
                polyline.line points=(points.join(" ")) {}
            }
        }
    }
}

fn tenants(tenants: &[TenantReport]) -> Markup {
    html! {
        h2 { "Tenants" }
        table {
            thead { tr { th { "Tenant" } th { "Verdict" } th { "Why" } th { "Since" } } }
            tbody {
                @for tenant in tenants {
                    tr {
                        td { (tenant.tenant) }
                        td { span.word { (tenant.decision.word()) } }
                        td {
                            (tenant.text)
                            details {
                                summary { "triggers" }
                                ul { @for trigger in &tenant.triggers { li { (trigger.id) " " (trigger.name) ": " (trigger.why) } } }
                            }
                        }
                        td data-head="Since" { (tenant.since) }
                    }
                }
            }
        }
        @if let Some(first) = tenants.first() {
            p.soft {
                "Most of the traffic has moved " (first.budget.errors_seconds / 60) " minutes after lasting errors begin, "
                (first.budget.cliff_seconds / 60) " after a cliff, and " (first.budget.decided_seconds / 60)
                " after the decision."
            }
        }
    }
}

/// What lasts comes first, then what is over, newest first.
fn incidents(incidents: &[Incident]) -> Markup {
    let (open, over): (Vec<&Incident>, Vec<&Incident>) = incidents.iter().rev().partition(|one| one.ended_at.is_none());
    html! {
        h2 { "Incidents" }
        @if open.is_empty() { p { "None is known now." } }
        ul {
            @for one in open.iter().take(MOST_LINES) { li { span.word { (one.text) } " " span.soft { "since " (one.began_at) } } }
            @for one in over {
                li.soft { (one.text) " (" (one.began_at) " to " (one.ended_at.unwrap_or(one.began_at)) ", over)" }
            }
        }
        (left_out(open.len(), MOST_LINES, "that last", "report.json has all"))
    }
}

/// How many of a list are not on the page; nothing where all are.
fn left_out(all: usize, most: usize, what: &str, elsewhere: &str) -> Markup {
    let more = all.saturating_sub(most);
    html! { @if more > 0 { p.soft { (more) " more " (what) " are left out: " (elsewhere) "." } } }
}

/// The report for a terminal.
#[must_use]
pub(crate) fn table(report: &Report, now: Timestamp) -> String {
    let mut text = match report.valid_until {
        Some(until) if now > until => format!(
            "health: unknown now: nobody has looked since {} (it was {} then)\n",
            report.as_of,
            report.status.word()
        ),
        _ => format!("health: {}, as of {}\n", report.status.word(), report.as_of),
    };
    for window in &report.maintenance {
        let _ = writeln!(text, "maintenance: {}", plain(window));
    }
    if !report.suspects.is_empty() {
        let _ = writeln!(text, "the checker doubts itself: {}", plain(&report.suspects.join(", ")));
    }
    let heads = ["component", "check", "status", "p95 ms", "last"];
    let _ = writeln!(text, "{:<24}  {:<24}  {:<9}  {:>7}  {}", heads[0], heads[1], heads[2], heads[3], heads[4]);
    for check in &report.checks {
        let p95 = check.p95_ms.map_or_else(|| "-".to_owned(), |ms| ms.to_string());
        let (component, id, word) = (plain(&check.component), plain(&check.id), check.status.word());
        let _ = writeln!(text, "{component:<24}  {id:<24}  {word:<9}  {p95:>7}  {}", plain(&check.last_text()));
    }
    for one in report.incidents.iter().rev() {
        let end = one.ended_at.map_or_else(|| "lasts".to_owned(), |end| format!("over {end}"));
        let _ = writeln!(text, "incident {}: {} ({end})", one.began_at, plain(&one.text));
    }
    for tenant in &report.tenants {
        let _ = writeln!(text, "tenant {}: {} ({})", plain(&tenant.tenant), tenant.decision.word(), tenant.text);
    }
    if !report.breakers.is_empty() {
        let _ = writeln!(text, "\n{}", breakers_table(&report.breakers).trim_end());
    }
    for warning in &report.warnings {
        let _ = writeln!(text, "note: {}", plain(warning));
    }
    text
}

/// Foreign text without what steers a terminal.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;
    use crate::decide::{Inputs, decide};

    fn played(verdicts: &[&str]) -> (Report, State) {
        let mut state: Option<State> = None;
        let mut report = None;
        for (minute, verdict) in verdicts.iter().enumerate() {
            let at = format!("2026-03-11T12:{minute:02}:00Z");
            let finding = json!({
                "check": "shop", "at": at, "verdict": verdict, "detail": "<b>\u{1b}[2J no answer", "response_ms": 80 + minute,
            });
            let inputs: Inputs = serde_json::from_value(json!({
                "now": at,
                "settings": {
                    "checks": [{"id": "shop", "component": "web", "probe": {"dns": {"name": "h"}}}, {"id": "db", "probe": {"dns": {"name": "h"}}}],
                    "tenants": [{"id": "acme"}],
                },
                "findings": [finding],
                "state": state,
            }))
            .unwrap();
            let outcome = decide(&inputs);
            (report, state) = (Some(outcome.report), Some(outcome.state));
        }
        (report.unwrap(), state.unwrap())
    }

    #[test]
    fn the_page_tells_what_fails_and_stands_alone() {
        let (report, state) = played(&["pass", "pass", "fail", "fail", "fail"]);
        let page = html(&report, &state);
        for part in
            ["web: ", "shop fails: ", "40.0 % of 5", "p95 84 ms", "not looked at", "11 minutes", "acme", "&lt;b&gt;"]
        {
            assert!(page.contains(part), "{part} in {page}");
        }
        for foreign in ["<script", "src=", "url(", "<b>"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        assert_eq!(page.matches("<rect").count(), 5);
        assert_eq!(page, html(&report, &state));
    }

    #[test]
    fn what_is_not_known_is_nowhere_fine() {
        let (report, state) = played(&["unknown"]);
        let (page, text) = (html(&report, &state), table(&report, report.as_of));
        assert!(page.contains("Health: <span class=\"word unknown\">unknown") && !page.contains("100.0 %"), "{page}");
        assert!(text.contains("health: unknown") && !text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn what_is_too_much_for_the_page_is_counted() {
        let (mut report, state) = played(&["fail", "fail", "fail"]);
        report.incidents = vec![report.incidents[0].clone(); 53];
        report.warnings = (0..52).map(|number| format!("note {number}.")).collect();
        let page = html(&report, &state);
        for part in ["3 more that last are left out", "2 more notes are left out", "note 49."] {
            assert!(page.contains(part), "{part} in {page}");
        }
        assert!(!page.contains("note 50.") && page.matches("<li><span class=\"word\">shop fails").count() == 50);
    }

    #[test]
    fn what_is_over_is_shown_and_an_old_report_says_nothing() {
        let (report, state) = played(&["fail", "fail", "fail", "pass", "pass", "unknown", "unknown", "unknown"]);
        let page = html(&report, &state);
        for part in [
            "shop fails: ",
            "2026-03-11T12:02:00Z to 2026-03-11T12:04:00Z, over",
            "shop cannot be looked at: ",
            "Valid until 2026-03-11T12:12:00Z",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        let text = table(&report, report.valid_until.unwrap());
        assert!(text.starts_with("health: unknown, as of") && text.contains("(over 2026-03-11T12:04:00Z)"), "{text}");
        let (report, _) = played(&["pass", "pass"]);
        let late = report.valid_until.unwrap() + jiff::SignedDuration::from_secs(1);
        assert!(table(&report, late).starts_with("health: unknown now: nobody has looked since"), "{report:?}");
    }
}

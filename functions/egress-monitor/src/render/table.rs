//! The report on a terminal.

use std::fmt::Write;

use super::{beside, by, clean, closing, confidence, gb, grouped, last_hours, money, percent, sentence, status};
use crate::period::plus_days;
use crate::report::{Contributors, Report, Scope};

/// The report as text, with a line for the report of AWS that stands beside it.
#[must_use]
pub fn table(report: &Report, aws: Option<&Report>) -> String {
    let mut text = String::new();
    let last = plus_days(report.period.end, -1);
    let _ = writeln!(text, "Egress of {} ({} to {last}), as of {}", report.month, report.period.first, report.as_of);
    for (name, value) in lines(report) {
        let _ = writeln!(text, "  {name:<20}{value}");
    }
    if let Some(before) = &report.closing {
        let _ = writeln!(text, "  {:<20}{}", format!("{}, still open", clean(&before.month)), closing(before));
    }
    if let Some(aws) = aws {
        let _ = writeln!(text, "  {:<20}{}", "AWS beside", beside(aws));
    }
    if report.scopes.len() > 1 {
        report.scopes.iter().for_each(|one| scope(one, &mut text));
    }
    report.contributors.iter().flatten().for_each(|one| contributors(one, &mut text));
    for alert in &report.alerts {
        let _ = writeln!(text, "alert: {}", clean(&alert.key));
    }
    for reason in &report.reasons {
        let _ = writeln!(text, "note: {} ({})", sentence(&reason.text), clean(&reason.code));
    }
    text
}

fn lines(report: &Report) -> Vec<(&'static str, String)> {
    let billed_as_of = report.billed.as_ref().map(|billed| billed.as_of.to_string());
    let mut lines = vec![
        ("month to date", status(report.status).to_owned()),
        ("billed", since(gb(report.billed.as_ref().map(|billed| billed.gb)), billed_as_of.as_deref())),
        ("of the allowance", format!("{} of {} GB", percent(report.percent), grouped(report.limit_gb))),
        (
            "measured since",
            since(
                gb(report.nowcast.as_ref().map(|nowcast| nowcast.gb)),
                report.nowcast.as_ref().map(|nowcast| nowcast.as_of.to_string()).as_deref(),
            ),
        ),
        ("last 6 hours", last_hours(report)),
    ];
    lines.extend(forecast(report));
    lines.push(("cost so far", money(report.cost.as_ref())));
    lines.push(("confidence", confidence(report.confidence).to_owned()));
    lines
}

fn since(value: String, as_of: Option<&str>) -> String {
    match as_of {
        Some(as_of) => format!("{value}, as of {as_of}"),
        None => value,
    }
}

fn forecast(report: &Report) -> Vec<(&'static str, String)> {
    let Some(forecast) = &report.forecast else { return vec![("forecast", "unknown".to_owned())] };
    let as_of = forecast.as_of.to_string();
    let middle = format!("{} = {}", gb(Some(forecast.p50_gb)), percent(Some(forecast.p50_percent)));
    let eta = report.eta_100.map_or_else(|| "unknown".to_owned(), |eta| eta.to_string());
    vec![
        ("forecast P50", since(middle, Some(as_of.as_str()))),
        ("forecast P80", format!("{} = {}", gb(Some(forecast.p80_gb)), percent(Some(forecast.p80_percent)))),
        ("forecast P95", gb(Some(forecast.p95_gb))),
        ("100 % is reached", eta),
    ]
}

fn scope(scope: &Scope, text: &mut String) {
    let _ = writeln!(text, "  {:<20}{} = {}", clean(&scope.scope), gb(scope.used_gb), percent(scope.percent));
}

fn contributors(contributors: &Contributors, text: &mut String) {
    let by = by(contributors);
    let Some(top) = &contributors.top else {
        let reason = sentence(contributors.reason.as_deref().unwrap_or("nobody can tell"));
        let _ = writeln!(text, "by {by}: unknown, {reason}");
        return;
    };
    if top.is_empty() {
        return;
    }
    let _ = writeln!(text, "by {by} ({} attributed)", percent(contributors.attributed_percent));
    for one in top {
        let name = clean(one.name.as_deref().unwrap_or(&one.id));
        let _ = writeln!(text, "  {:>14}  {:>8}  {name}", gb(Some(one.gb)), percent(one.percent));
    }
}

//! The report as one page of HTML: no script, nothing from elsewhere.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::chart::{ChartError, svg};
use super::{beside, by, clean, closing, confidence, gb, grouped, last_hours, money, percent, sentence, status};
use crate::report::{Contributors, Report, Scope};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
color:#1a1a1a;background:#fff}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}\
figure{margin:0;overflow-x:auto}svg{width:100%;min-width:40rem;height:auto}li,td{overflow-wrap:anywhere}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #d9d9d9}\
td.number,th.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}td.long{text-align:right}.soft{color:#5a5a5a}\
@media(prefers-color-scheme:dark){body{color:#ececec;background:#161616}th,td{border-color:#3a3a3a}.soft{color:#b0b0b0}}";

/// The page, with a section for the report of AWS that stands beside it.
///
/// # Errors
/// The picture's.
pub fn page(report: &Report, aws: Option<&Report>) -> Result<String, ChartError> {
    let chart = svg(report)?;
    let title = format!("Egress of {}", report.month);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) ": " (percent(report.percent)) " of " (grouped(report.limit_gb)) " GB" }
                p.soft { "As of " (report.as_of) ". Confidence: " (confidence(report.confidence)) "." }
                figure { (PreEscaped(chart)) }
                (numbers(report))
                @if report.scopes.len() > 1 { (scopes(&report.scopes)) }
                @for contributors in report.contributors.iter().flatten() { (table(contributors)) }
                @if let Some(aws) = aws {
                    h2 { "AWS beside" }
                    p { (beside(aws)) }
                }
                (alerts(report))
                @if !report.reasons.is_empty() {
                    h2 { "Notes" }
                    ul { @for reason in &report.reasons { li { (sentence(&reason.text)) } } }
                }
            }
        }
    };
    Ok(page.into_string())
}

fn numbers(report: &Report) -> Markup {
    let forecast = report.forecast.as_ref();
    let rows = [
        (
            "Billed",
            gb(report.billed.as_ref().map(|billed| billed.gb)),
            report.billed.as_ref().map(|billed| billed.as_of),
        ),
        (
            "Measured since",
            gb(report.nowcast.as_ref().map(|nowcast| nowcast.gb)),
            report.nowcast.as_ref().map(|nowcast| nowcast.as_of),
        ),
        ("Forecast P50", gb(forecast.map(|forecast| forecast.p50_gb)), forecast.map(|forecast| forecast.as_of)),
        ("Forecast P80", gb(forecast.map(|forecast| forecast.p80_gb)), forecast.map(|forecast| forecast.as_of)),
        ("Forecast P95", gb(forecast.map(|forecast| forecast.p95_gb)), forecast.map(|forecast| forecast.as_of)),
    ];
    html! {
        table {
            thead { tr { th { "Number" } th.number { "Value" } th { "As of" } } }
            tbody {
                tr { td { "Month to date" } td.number { (status(report.status)) } td { (report.as_of) } }
                @for (name, value, as_of) in rows {
                    tr { td { (name) } td.number { (value) } td { @if let Some(as_of) = as_of { (as_of) } @else { "–" } } }
                }
                tr { td { "Last 6 hours" } td.long { (last_hours(report)) } td { "" } }
                @if let Some(before) = &report.closing {
                    tr { td { (clean(&before.month)) ", still open" } td.long { (closing(before)) } td { "" } }
                }
                tr {
                    td { "100 % is reached" }
                    td.number { @if let Some(eta) = report.eta_100 { (eta) } @else { "unknown" } }
                    td { "" }
                }
                tr { td { "Cost so far" } td.number { (money(report.cost.as_ref())) } td { "" } }
            }
        }
    }
}

fn scopes(scopes: &[Scope]) -> Markup {
    html! {
        h2 { "Allowances" }
        table {
            thead { tr { th { "SKU" } th.number { "GB" } th.number { "Share" } } }
            tbody {
                @for scope in scopes {
                    tr {
                        td { (clean(&scope.scope)) }
                        td.number { (gb(scope.used_gb)) }
                        td.number { (percent(scope.percent)) }
                    }
                }
            }
        }
    }
}

fn table(contributors: &Contributors) -> Markup {
    let by = by(contributors);
    let reason = sentence(contributors.reason.as_deref().unwrap_or("nobody can tell"));
    let top = contributors.top.as_deref();
    html! {
        @if top.is_none_or(|top| !top.is_empty()) {
            h2 { "By " (by) }
        }
        @match top {
            None => p.soft { "Unknown: " (reason) "." },
            Some([]) => {},
            Some(top) => table {
                thead { tr { th { "Name" } th.number { "GB" } th.number { "Share" } } }
                tbody {
                    @for one in top {
                        tr {
                            td title=(clean(&one.id)) { (clean(one.name.as_deref().unwrap_or(&one.id))) }
                            td.number { (gb(Some(one.gb))) }
                            td.number { (percent(one.percent)) }
                        }
                    }
                }
            }
        }
    }
}

fn alerts(report: &Report) -> Markup {
    html! {
        @if !report.alerts.is_empty() {
            h2 { "Alerts of this run" }
            ul { @for alert in &report.alerts { li { (clean(&alert.severity)) ": " (clean(&alert.key)) } } }
        }
    }
}

//! An alert in words.

use std::fmt::Write;

use causeway_cloud::notifier::Message;

use super::{clean, gb, table};
use crate::alerts::{Alert, Kind, Metric};
use crate::report::Report;

/// The message of an alert with the report of the run that sends it. The key is in it, so that who gets it twice can
/// tell.
#[must_use]
pub fn message(alert: &Alert, report: &Report) -> Message {
    let title = title(alert, report);
    let body = format!("{title}\n\n{}\nkey: {}\n", table(report, None), clean(&alert.key));
    Message { title, body }
}

/// One message of many alerts, with the report of the run that sends it.
#[must_use]
pub fn digest(alerts: &[Alert], key: &str, report: &Report) -> Message {
    let heading = format!("egress: {} more alerts", alerts.len());
    let mut body = format!("{heading}\n\n");
    for alert in alerts {
        let _ = writeln!(body, "{} (key: {})", title(alert, report), clean(&alert.key));
    }
    let _ = write!(body, "\n{}\nkey: {}\n", table(report, None), clean(key));
    Message { title: heading, body }
}

fn title(alert: &Alert, report: &Report) -> String {
    let prefix = match alert.kind {
        Kind::Raised => clean(&alert.severity),
        Kind::Reminder => format!("still {}", clean(&alert.severity)),
        Kind::Resolved => "resolved".to_owned(),
    };
    format!("{prefix}: {}", subject(alert, report))
}

fn subject(alert: &Alert, report: &Report) -> String {
    let month = clean(&alert.period);
    let (tense, by) = match alert.metric {
        Metric::Spike => {
            return format!("egress of {month} is far above the usual in the last 6 hours{}", spike(report));
        }
        Metric::Data => return format!("usage of {month} is out of date"),
        Metric::MonthToDate => ("is", ""),
        Metric::ForecastP50 => ("will be", " by forecast P50"),
        Metric::ForecastP80 => ("will be", " by forecast P80"),
    };
    let of = if alert.scope == "tenancy" { String::new() } else { format!(" of {}", clean(&alert.scope)) };
    let percent = alert.percent.map_or_else(|| "an unknown share".to_owned(), |percent| format!("{percent:.2} %"));
    let level = alert.level_percent.map_or_else(String::new, |level| format!(" (level {level} %)"));
    format!("egress of {month} {tense} at {percent} of the allowance{of}{by}{level}")
}

/// What was measured, as the end of a sentence.
fn spike(report: &Report) -> String {
    let Some(spike) = &report.spike else { return String::new() };
    let bound = if spike.is_upper_bound { " at most" } else { "" };
    format!(": {}{bound}, usually {}", gb(Some(spike.gb)), gb(Some(spike.usual_gb)))
}

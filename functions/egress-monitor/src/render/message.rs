//! An alert in words.

use causeway_cloud::notifier::Message;

use super::{clean, table};
use crate::alerts::{Alert, Kind, Metric};
use crate::report::Report;

/// The message of an alert with the report of the run that sends it. The key is in it, so that who gets it twice can
/// tell.
#[must_use]
pub fn message(alert: &Alert, report: &Report) -> Message {
    let prefix = match alert.kind {
        Kind::Raised => clean(&alert.severity),
        Kind::Reminder => format!("still {}", clean(&alert.severity)),
        Kind::Resolved => "resolved".to_owned(),
    };
    let title = format!("{prefix}: {}", subject(alert));
    let body = format!("{title}\n\n{}\nkey: {}\n", table(report), clean(&alert.key));
    Message { title, body }
}

fn subject(alert: &Alert) -> String {
    let month = clean(&alert.period);
    let (tense, by) = match alert.metric {
        Metric::Spike => return format!("egress of {month} is far above the usual in the last 6 hours"),
        Metric::Data => return format!("usage of {month} could not be read for long"),
        Metric::MonthToDate => ("is", ""),
        Metric::ForecastP50 => ("will be", " by forecast P50"),
        Metric::ForecastP80 => ("will be", " by forecast P80"),
    };
    let of = if alert.scope == "tenancy" { String::new() } else { format!(" of {}", clean(&alert.scope)) };
    let percent = alert.percent.map_or_else(|| "an unknown share".to_owned(), |percent| format!("{percent:.2} %"));
    let level = alert.level_percent.map_or_else(String::new, |level| format!(" (level {level} %)"));
    format!("egress of {month} {tense} at {percent} of the allowance{of}{by}{level}")
}

//! A report for people: a table for the terminal, a burn-down as SVG, and a page around it.

mod chart;
mod message;
mod page;
mod table;

pub use chart::{ChartError, svg};
pub use message::{digest, message};
pub use page::page;
pub use table::table;

use crate::report::{ClosingReport, Confidence, Contributors, Cost, Report, Status};

/// A number of GB, or what stands in its place.
fn gb(value: Option<f64>) -> String {
    match value {
        None => "unknown".to_owned(),
        // A little is not nothing.
        Some(little) if little > 0.0 && little < 0.1 => "<0.1 GB".to_owned(),
        Some(value) => format!("{} GB", grouped(value)),
    }
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "unknown".to_owned(), |value| format!("{:.1} %", tenths(value)))
}

/// Rounded down: 79.99 % must not read as 80. What only a float misses of a tenth counts as that tenth.
fn tenths(value: f64) -> f64 {
    (value * 10.0 + 1e-6).floor() / 10.0
}

fn money(cost: Option<&Cost>) -> String {
    cost.map_or_else(|| "unknown".to_owned(), |cost| format!("{} {}", clean(&cost.amount), clean(&cost.currency)))
}

/// With a decimal below 100 and a comma for thousands.
fn grouped(value: f64) -> String {
    if value.abs() < 99.95 {
        return format!("{value:.1}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = if value < 0.0 { "-".to_owned() } else { String::new() };
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Foreign text without what steers a terminal, and not longer than a line.
fn clean(text: &str) -> String {
    cut(text, 100)
}

/// The same of a sentence, whose end may say what to do.
fn sentence(text: &str) -> String {
    cut(text, 400)
}

fn cut(text: &str, letters: usize) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).take(letters).collect()
}

/// Traffic of the last hours beside the usual.
fn last_hours(report: &Report) -> String {
    let Some(spike) = &report.spike else { return "unknown".to_owned() };
    let verdict = if spike.is_spike { "far above the usual" } else { "no spike" };
    let bound = if spike.is_upper_bound { ", billable or not" } else { "" };
    format!("{verdict}: {}, usually {}{bound}", gb(Some(spike.gb)), gb(Some(spike.usual_gb)))
}

/// What is known of AWS while both clouds are in use; it is in no other number.
fn beside(aws: &Report) -> String {
    let Some(used) = aws.used_gb else {
        let reason = aws.reasons.first().map_or("nobody can tell", |reason| reason.text.as_str());
        return format!("unknown: {}", sentence(reason));
    };
    let least = if aws.status == Status::Partial { "at least " } else { "" };
    let estimated = aws.reasons.iter().any(|reason| reason.code == "estimated_rows");
    let estimated = if estimated { ", estimated" } else { "" };
    let of = format!("{} of {} GB", gb(Some(used)), grouped(aws.limit_gb));
    format!("{least}{of}, cost {}{estimated}", money(aws.cost.as_ref()))
}

/// The month before, while its last days arrive.
fn closing(before: &ClosingReport) -> String {
    let least = if before.is_partial { "at least " } else { "" };
    let of = before.limit_gb.map_or_else(String::new, |limit| format!(" of {} GB", grouped(limit)));
    format!("{least}{} = {}{of}", gb(before.used_gb), percent(before.percent))
}

fn by(contributors: &Contributors) -> String {
    format!("{:?}", contributors.by).to_lowercase()
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Ok => "known",
        Status::Partial => "known in part: at least",
        Status::UnknownYet => "not known yet",
        Status::Error => "could not be read",
    }
}

fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::None => "none",
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}

#[cfg(test)]
mod tests;

//! A report for people: a table for the terminal, a burn-down as SVG, and a page around it.

mod chart;
mod message;
mod page;
mod table;

pub use chart::{ChartError, svg};
pub use message::{digest, message};
pub use page::page;
pub use table::table;

use crate::report::{Confidence, Cost, Status};

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
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).take(100).collect()
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

//! Decisions for people at a terminal.

use std::fmt::Write as _;

use causeway_cloud::fleet::Size;

use super::{Decision, Record};

/// Longest text of a column.
const WIDTH: usize = 40;

/// A table with a line for each machine: id, decision, sizes, reason, price.
#[must_use]
pub fn table(record: &Record) -> String {
    let head = ["machine", "decision", "from", "to", "reason", "per hour"].map(str::to_owned);
    let rows: Vec<[String; 6]> = std::iter::once(head).chain(record.decisions.iter().map(row)).collect();
    let widths: Vec<usize> =
        (0..6).map(|column| rows.iter().map(|row| length(&row[column])).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| padded(cell, *width)).collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    text
}

fn row(decision: &Decision) -> [String; 6] {
    let changed = decision.decision.is_resize();
    let money = if changed { format!("{:+.3}", decision.price_delta_per_hour) } else { String::new() };
    [
        short(decision.name.as_deref().unwrap_or(&decision.id)),
        decision.decision.name().to_owned(),
        size(decision.from),
        if changed { size(decision.to) } else { String::new() },
        decision.reason.to_owned(),
        money,
    ]
}

fn size(size: Option<Size>) -> String {
    size.map_or_else(|| "?".to_owned(), |size| format!("{}/{}", size.ocpus, size.memory_gb))
}

fn length(text: &str) -> usize {
    text.chars().count()
}

fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(length(text))))
}

/// The end of a long name, where OCIDs differ, without what would steer a terminal.
fn short(text: &str) -> String {
    let plain: Vec<char> = text.chars().filter(|letter| !letter.is_control()).collect();
    if plain.len() <= WIDTH {
        return plain.into_iter().collect();
    }
    std::iter::once('…').chain(plain[plain.len() - WIDTH + 1..].iter().copied()).collect()
}

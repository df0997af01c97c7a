//! What a replay prints.

use std::fmt::{self, Write};

use serde::Serialize;

use super::model::{Prices, REFERENCE_OCPUS, Sizes, VIOLATION_SHARE};
use super::race::{Gaps, Heat, Row};
use super::read::Found;
use super::trace::Trace;

/// A replay with its input.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Directory of the traces, or `synthetic`.
    pub source: String,
    /// Traces that were played, with what was wrong with them.
    pub traces: Vec<Played>,
    /// Files that were not, and why.
    pub refused: Vec<String>,
    /// Files that were not looked at, because others have `cpu` in their names.
    pub passed_over: usize,
    /// Traces that were left out: the half for tuning.
    pub held_for_tuning: Vec<String>,
    /// Machines times days.
    pub vm_days: f64,
    /// Share of the time that the policies did not see, in percent.
    pub gaps_percent: f64,
    /// File of the policy of `ours`; absent for the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_file: Option<String>,
    /// One table for each pair of prices.
    pub tables: Vec<Table>,
}

/// A trace that was played.
#[derive(Debug, Serialize)]
pub struct Played {
    /// Its name.
    pub name: String,
    /// Its samples.
    pub samples: usize,
    /// What was wrong with it; absent for one that was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faults: Option<String>,
}

/// The figures at one pair of prices, of one machine and day.
#[derive(Debug, Serialize)]
pub struct Table {
    /// Dollars for a minute of violation or downtime.
    pub penalty_per_minute: f64,
    /// Minutes of downtime of a resize.
    pub reboot_minutes: f64,
    /// Dollars for an OCPU with its memory and an hour.
    pub price_per_ocpu_hour: f64,
    /// One for each policy.
    pub rows: Vec<Row>,
}

impl Report {
    /// Of traces that were raced. `found` tells where they came from; `None` for synthetic ones.
    #[must_use]
    pub fn new(
        source: String,
        found: Option<&Found>,
        traces: &[Trace],
        tuning: &[Trace],
        heats: &[Heat],
        gaps: Gaps,
    ) -> Self {
        let days = heats.first().and_then(|heat| heat.results.first()).map_or(0.0, |(_, tally)| tally.days());
        Self {
            source,
            traces: traces.iter().map(|trace| played(trace, found)).collect(),
            refused: found.iter().flat_map(|found| &found.refused).map(ToString::to_string).collect(),
            passed_over: found.map_or(0, |found| found.passed_over),
            held_for_tuning: tuning.iter().map(|trace| trace.name.clone()).collect(),
            vm_days: (days * 10.0).round() / 10.0,
            gaps_percent: gaps.percent,
            policy_file: None,
            tables: heats.iter().map(|heat| table(heat.prices, heat.rows())).collect(),
        }
    }
}

fn played(trace: &Trace, found: Option<&Found>) -> Played {
    let faults = found.and_then(|found| found.traces.iter().find(|(other, _)| other.name == trace.name));
    Played {
        name: trace.name.clone(),
        samples: trace.percent.len(),
        faults: faults.map(|(_, faults)| faults.to_string()),
    }
}

fn table(prices: Prices, rows: Vec<Row>) -> Table {
    Table {
        penalty_per_minute: prices.violation_minute,
        reboot_minutes: prices.reboot_minutes,
        price_per_ocpu_hour: prices.ocpu_hour,
        rows,
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{} traces of {}, {} VM-days", self.traces.len(), self.source, self.vm_days)?;
        for trace in &self.traces {
            let faults = trace.faults.as_deref().unwrap_or("made");
            writeln!(formatter, "  {}: {} samples, {faults}", trace.name, trace.samples)?;
        }
        for refused in &self.refused {
            writeln!(formatter, "  left out: {refused}")?;
        }
        if self.passed_over > 0 {
            writeln!(formatter, "  not looked at: {} files without `cpu` in their names", self.passed_over)?;
        }
        if !self.held_for_tuning.is_empty() {
            writeln!(formatter, "  the half for tuning, left out: {}", self.held_for_tuning.join(", "))?;
        }
        if self.gaps_percent > 0.0 {
            writeln!(formatter, "  {} % of the time the policies see nothing", self.gaps_percent)?;
        }
        if let Some(file) = &self.policy_file {
            writeln!(formatter, "  policy of ours: {file}")?;
        }
        writeln!(formatter, "{}", model())?;
        self.tables.iter().try_for_each(|table| write!(formatter, "\n{table}"))
    }
}

/// The model in a line.
fn model() -> String {
    let Sizes { min, max, step, start } = Sizes::default();
    let share = VIOLATION_SHARE * 100.0;
    format!(
        "demand = trace % of {REFERENCE_OCPUS} OCPU; sizes {min} to {max} by {step}, {start} at first; violation: demand above {share} % of the size"
    )
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "penalty ${:.2} a minute, reboot {} min, ${} an OCPU-hour; per VM-day:",
            self.penalty_per_minute, self.reboot_minutes, self.price_per_ocpu_hour
        )?;
        writeln!(formatter, "| policy       | OCPU-h | violation min | resizes |  flips |  cost $ | x oracle |")?;
        writeln!(formatter, "|--------------|-------:|--------------:|--------:|-------:|--------:|---------:|")?;
        let mut lines = String::new();
        for row in &self.rows {
            let Row { ocpu_hours, violation_minutes, resizes, flips, cost, times_oracle, .. } = row;
            let name = row.policy.name();
            write!(lines, "| {name:<12} | {ocpu_hours:>6.1} | {violation_minutes:>13.2} | {resizes:>7.2} |")?;
            writeln!(lines, " {flips:>6.3} | {cost:>7.2} | {times_oracle:>8.3} |")?;
        }
        formatter.write_str(&lines)
    }
}

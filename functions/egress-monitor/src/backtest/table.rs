//! A back-test for people.

use std::fmt;

use super::{Backtest, Row};

impl fmt::Display for Backtest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "Months of 30 days, usage known with a lag of 24 hours; mean / worst absolute error in percent"
        )?;
        writeln!(formatter, "{} months of {}", self.months, self.series.join(", "))?;
        if !self.too_short.is_empty() {
            writeln!(formatter, "left out, fewer than 44 whole days: {}", self.too_short.join(", "))?;
        }
        if self.months == 0 {
            return Ok(());
        }
        write!(formatter, "\n{:<15}", "asked on day")?;
        self.asked_on.iter().try_for_each(|day| write!(formatter, "{day:>16}"))?;
        writeln!(formatter)?;
        self.rows.iter().try_for_each(|row| row.write(formatter))?;
        let coverage = &self.coverage;
        writeln!(
            formatter,
            "\nof {} forecasts {:.0} % were not above P80, {:.0} % not above P95, {:.0} % from P10 to P90, {:.0} % below P10",
            coverage.asked,
            coverage.p80_percent,
            coverage.p95_percent,
            coverage.p10_to_p90_percent,
            coverage.below_p10_percent,
        )
    }
}

impl Row {
    fn write(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:<15}", self.forecaster)?;
        for errors in &self.errors {
            let text = match errors.months {
                0 => "-".to_owned(),
                _ => format!("{:.2} / {:.1}", errors.mean_percent, errors.worst_percent),
            };
            write!(formatter, "{text:>16}")?;
        }
        writeln!(formatter)
    }
}

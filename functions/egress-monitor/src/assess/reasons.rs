//! Why a number is missing, or to be taken with care.

use jiff::Timestamp;

use super::{State, UsageFailure, at_most};
use crate::forecast::{Insufficient, Method};
use crate::month::{RowError, Usage};
use crate::report::{Confidence, NO_OUTBOUND_ROWS, OUTBOUND_LATE, Reason, Status};
use crate::settings::Settings;
use crate::tariff::PriceError;
use crate::traffic::NoNowcast;

/// Reasons so far, and what trust they leave.
#[derive(Debug)]
pub(super) struct Reasons {
    all: Vec<Reason>,
    confidence: Confidence,
}

impl Default for Reasons {
    fn default() -> Self {
        Self { all: Vec::new(), confidence: Confidence::High }
    }
}

impl Reasons {
    fn say(&mut self, most: Confidence, code: &str, text: String) {
        at_most(&mut self.confidence, most);
        if !self.all.iter().any(|reason| reason.code == code && reason.text == text) {
            self.all.push(Reason { code: code.to_owned(), text });
        }
    }

    pub(super) fn failed(&mut self, failure: &UsageFailure) {
        let code = match failure {
            UsageFailure::Row(RowError::Unit { .. }) => "unit",
            UsageFailure::Row(_) => "row",
            UsageFailure::Service(_) | UsageFailure::Refused(_) => "service",
        };
        self.say(Confidence::None, code, failure.to_string());
    }

    pub(super) fn no_data(&mut self, usage: &Usage) {
        let text = format!("there are no rows of {}, although there should be by now", usage.period.id());
        self.say(Confidence::None, "no_data", text);
    }

    pub(super) fn too_early(&mut self) {
        self.say(Confidence::Low, "unknown_yet", "the month is too young for rows of usage".to_owned());
    }

    pub(super) fn negative(&mut self, usage: &Usage) {
        let text = format!("corrections leave {} bytes, which is less than nothing", usage.billed);
        self.say(Confidence::None, "negative_total", text);
    }

    pub(super) fn nothing_countable(&mut self) {
        let text = "there are rows, and none of them has both a name and a quantity".to_owned();
        self.say(Confidence::None, "nothing_countable", text);
    }

    pub(super) fn outbound_missing(&mut self, usage: &Usage) {
        let text = format!("outbound rows of {} that were there before are gone", usage.period.id());
        self.say(Confidence::None, "outbound_missing", text);
    }

    /// There are rows of the month, and none of them is outbound.
    pub(super) fn without_outbound(&mut self, usage: &Usage, is_due: bool) {
        let (code, text) = if !is_due {
            ("unknown_yet", "the month is too young for outbound rows")
        } else if usage.had_traffic() {
            (OUTBOUND_LATE, "there was outbound traffic before, and no outbound row of this month has arrived")
        } else {
            (NO_OUTBOUND_ROWS, "there are rows, and none of them is outbound by skus.known and skus.name_patterns")
        };
        self.say(Confidence::Low, code, text.to_owned());
    }

    pub(super) fn spike_unknown(&mut self) {
        let text = "too few hours were measured to tell whether there is a spike".to_owned();
        self.say(Confidence::High, "spike_unknown", text);
    }

    pub(super) fn spike_bound(&mut self) {
        let text = "how much of the measured traffic is billable is not known: all of it is looked at for a spike";
        self.say(Confidence::High, "spike_upper_bound", text.to_owned());
    }

    pub(super) fn no_nowcast(&mut self, why: NoNowcast) {
        let code = match why {
            NoNowcast::NotMeasured => "nowcast_not_measured",
            NoNowcast::Gaps { .. } => "nowcast_gaps",
            NoNowcast::NoRatio { .. } => "nowcast_no_ratio",
            NoNowcast::NothingBilled { .. } => "nowcast_nothing_billed",
        };
        self.say(Confidence::Medium, code, format!("no nowcast: {why}"));
    }

    /// More was billed than interfaces measured, so other services sent the rest, and send it now.
    pub(super) fn nowcast_at_least(&mut self) {
        let text = "more is billed than network interfaces measure: the nowcast is the least that it can be";
        self.say(Confidence::Medium, "nowcast_at_least", text.to_owned());
    }

    pub(super) fn insufficient(&mut self, why: Insufficient) {
        self.say(Confidence::Low, "forecast_insufficient", format!("no forecast: {why}"));
    }

    pub(super) fn method(&mut self, method: Method) {
        if method == Method::Linear {
            let text = "less than two weeks of days are known: the mean is carried on".to_owned();
            self.say(Confidence::Low, "forecast_linear", text);
        }
    }

    pub(super) fn no_price(&mut self, why: &PriceError) {
        self.say(Confidence::Medium, "no_price", format!("no cost: {why}"));
    }

    pub(super) fn currency(&mut self, prices: &str, rows: &str) {
        let text = format!("no cost: prices are in {prices} and rows in {rows}");
        self.say(Confidence::Medium, "currency", text);
    }

    /// Against the run before.
    pub(super) fn compare(&mut self, usage: &Usage, previous: &State, settings: &Settings) {
        let Some(last) = previous.last.as_ref().filter(|last| last.period == usage.period.id()) else { return };
        let Ok(before) = last.billed_bytes.parse::<i128>() else { return };
        let kept = 100 - i128::from(settings.max_drop_percent.min(100));
        if usage.billed.saturating_mul(100) < before.saturating_mul(kept) {
            let text = format!("the month to date fell from {before} to {} bytes since the last run", usage.billed);
            self.say(Confidence::Medium, "dropped", text);
        }
    }

    /// What was noticed in rows.
    pub(super) fn usage(&mut self, usage: &Usage, now: Timestamp, settings: &Settings) {
        use Confidence::{High, Low, Medium};
        let notes = &usage.notes;
        let counted = [
            (
                Low,
                "rows_without_quantity",
                notes.rows_without_quantity,
                "outbound rows have no quantity and are not counted",
            ),
            (Low, "unnamed_rows", notes.unnamed_rows, "rows have neither part number nor name and are not counted"),
            (High, "future_rows", notes.future_rows, "rows of the future are left out"),
            (High, "duplicate_rows", notes.duplicate_rows, "rows came twice and count once"),
            (High, "corrections", notes.corrections, "rows correct others"),
            (
                High,
                "estimated_rows",
                notes.estimated_rows,
                "rows are estimates of the service, which it still corrects",
            ),
            (
                Low,
                "outbound_stopped",
                u64::from(usage.missing_days),
                "days have rows of other things and no outbound one, as nearly every day before had",
            ),
            (
                Medium,
                "silent_days",
                u64::from(usage.silent_days),
                "whole days without an outbound row count as days without traffic",
            ),
        ];
        for (most, code, count, text) in counted.into_iter().filter(|(_, _, count, _)| *count > 0) {
            self.say(most, code, format!("{count} {text}"));
        }
        if !notes.unlisted_skus.is_empty() {
            let names: Vec<&str> = notes.unlisted_skus.iter().map(String::as_str).collect();
            self.say(Medium, "unlisted_skus", format!("counted by name, not in the list: {}", names.join(", ")));
        }
        if notes.duplicates_unchecked {
            let text = "so many rows came that repetitions are found among the last 250,000 only".to_owned();
            self.say(Medium, "duplicates_unchecked", text);
        }
        if notes.skus_merged {
            self.say(Medium, "skus_merged", "there are more SKUs than are told apart".to_owned());
        }
        if usage.tops.iter().any(|top| top.error_bytes > 0) {
            self.say(High, "contributors_bounded", "there are more contributors than are kept".to_owned());
        }
        let late = usage.lag_hours(now).filter(|lag| *lag > f64::from(settings.max_lag_hours) + 24.0);
        if let Some(lag) = late {
            self.say(Low, "late", format!("usage is {lag:.0} hours behind"));
        }
    }

    pub(super) fn finish(self, status: Status, has_forecast: bool) -> (Confidence, Vec<Reason>) {
        let most = match (status, has_forecast) {
            (Status::Ok | Status::Partial, _) => Confidence::High,
            (Status::UnknownYet, true) => Confidence::Low,
            _ => Confidence::None,
        };
        (self.confidence.min(most), self.all)
    }
}

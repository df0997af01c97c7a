//! Rows of usage, one after the other, to the totals of a month.
//!
//! What is kept does not grow with the number of rows: totals by day and SKU, the largest contributors, and
//! fingerprints of the last quarter to half million rows to know repetitions by. Ten million rows stay under 64 MB. The
//! order of rows has no meaning as long as these bounds are not reached.

mod days;
mod kept;
mod row;
mod top;

use std::collections::{BTreeMap, BTreeSet};

use causeway_cloud::usage::UsageRow;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use row::RowError;
pub use top::{Contributor, Dimension, Top};

use crate::forecast::DayTotal;
use crate::period::{Period, day_of, hour_of, midnight, plus_days};
use crate::skus::{Class, SkuList, key};
use crate::tariff::Transfer;
use crate::units::GbMeaning;
use row::Seen;
pub(crate) use row::fingerprint;
use top::Tops;

/// Days before the period that the forecast can use.
pub const HISTORY_DAYS: i64 = 35;
/// SKUs that are told apart; the rest is one.
const MAX_SKUS: usize = 64;
/// Name of the rest.
const OTHER_SKUS: &str = "(other SKUs)";
/// SKUs and currencies that a note names.
const MAX_NAMED: usize = 16;

/// How rows are read.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The month.
    pub period: Period,
    /// Now; rows of later moments are not believed.
    pub now: Timestamp,
    /// SKUs that count.
    pub skus: &'a SkuList,
    /// What the meter means by GB.
    pub gb: GbMeaning,
    /// For so long after its end a day may still be growing.
    pub settle: SignedDuration,
    /// For so long after its end a day without an outbound row may still get some.
    pub max_lag: SignedDuration,
}

/// What was noticed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notes {
    /// Rows that were given.
    pub rows: u64,
    /// Outbound rows of the period.
    pub outbound_rows: u64,
    /// Rows of the period, outbound or not.
    pub period_rows: u64,
    /// Rows that had been there already, to the last field: left out.
    pub duplicate_rows: u64,
    /// So many rows came that repetitions are found among the last ones only.
    pub duplicates_unchecked: bool,
    /// Rows that begin after now: left out.
    pub future_rows: u64,
    /// Rows from before the history: left out.
    pub early_rows: u64,
    /// Outbound rows with less than nothing: corrections.
    pub corrections: u64,
    /// Rows of the period with neither part number nor name.
    pub unnamed_rows: u64,
    /// Outbound rows of the period without a quantity: unknown, not zero.
    pub rows_without_quantity: u64,
    /// Outbound rows of the period without an amount of money.
    pub rows_without_amount: u64,
    /// Outbound rows of the period that the service calls estimates.
    pub estimated_rows: u64,
    /// Rows of the time before the period that may be outbound and are in no sum.
    pub uncounted_before: u64,
    /// SKUs that count by their name and are not in the list.
    pub unlisted_skus: BTreeSet<String>,
    /// More SKUs came than are told apart.
    pub skus_merged: bool,
}

/// Folds rows.
#[derive(Debug)]
pub struct Fold<'a> {
    reading: Reading<'a>,
    notes: Notes,
    seen: Seen,
    first: Option<Date>,
    as_of: Option<Timestamp>,
    /// Bytes by day, SKU and geography.
    days: BTreeMap<(Date, String, String), i128>,
    skus: BTreeSet<String>,
    /// Outbound rows by the hour that they begin in, of the last two days.
    late: BTreeMap<Timestamp, i128>,
    tops: Tops,
    amounts: BTreeMap<String, Decimal>,
    currencies: BTreeSet<String>,
}

/// The totals of a month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "kept::Kept", into = "kept::Kept")]
pub struct Usage {
    /// The month.
    pub period: Period,
    /// What was noticed.
    pub notes: Notes,
    /// Outbound bytes of the period by day and SKU.
    pub transfers: Vec<Transfer>,
    /// Outbound bytes of the period.
    pub billed: i128,
    /// Up to when outbound usage is known; absent when there was no row.
    pub as_of: Option<Timestamp>,
    /// Bytes in `billed` of what began at `as_of` or later.
    pub after_as_of: i128,
    /// Whole days that are known, from the history on.
    pub known: Vec<DayTotal>,
    /// Outbound bytes by day and SKU, from the history on.
    all: Vec<Transfer>,
    /// Whole days without an outbound row. They count as days without traffic.
    pub silent_days: u32,
    /// Whole days after these that should have an outbound row by now, as nearly every day before had one. They are not
    /// known.
    pub missing_days: u32,
    /// Largest contributors.
    pub tops: Vec<Top>,
    /// Money as billed, when every outbound row of the period had it in one currency.
    pub amount: Option<(Decimal, String)>,
    /// Currencies of the outbound rows of the period, with an amount or not.
    pub currencies: Vec<String>,
}

impl<'a> Fold<'a> {
    /// Nothing yet.
    #[must_use]
    pub fn new(reading: Reading<'a>) -> Self {
        Self {
            reading,
            notes: Notes::default(),
            seen: Seen::default(),
            first: None,
            as_of: None,
            days: BTreeMap::new(),
            skus: BTreeSet::new(),
            late: BTreeMap::new(),
            tops: Tops::default(),
            amounts: BTreeMap::new(),
            currencies: BTreeSet::new(),
        }
    }

    /// Adds a row to totals and to contributors.
    ///
    /// # Errors
    /// The row cannot be understood. A total without it would be wrong, so the month has to be given up.
    pub fn push(&mut self, row: &UsageRow) -> Result<(), RowError> {
        self.take(row, true)
    }

    /// Adds a row to contributors alone: of a second query about the same usage, told apart by something else.
    ///
    /// # Errors
    /// As of [`Fold::push`].
    pub fn attribute(&mut self, row: &UsageRow) -> Result<(), RowError> {
        self.take(row, false)
    }

    fn take(&mut self, row: &UsageRow, totals: bool) -> Result<(), RowError> {
        self.notes.rows += 1;
        if !self.is_in_time(row) || self.is_repeated(row, totals) {
            return Ok(());
        }
        let day = day_of(row.from);
        let in_period = self.reading.period.has(day);
        let times = row::check_times(row);
        if totals {
            self.notes.period_rows += u64::from(in_period);
            if times.is_ok() {
                self.advance(row, day);
            }
        }
        let skus = self.reading.skus;
        let geography = match skus.class(row.sku.as_deref(), row.sku_name.as_deref()) {
            Class::Known { geography } => geography,
            Class::Unlisted { geography } => {
                self.note_unlisted(row);
                geography
            }
            Class::Other => return Ok(()),
            Class::Unnamed => {
                self.notes.unnamed_rows += u64::from(totals && in_period);
                self.notes.uncounted_before += u64::from(totals && !in_period);
                return Ok(());
            }
        };
        times?;
        let Some(bytes) = row::bytes(row, self.reading.gb)? else {
            self.notes.rows_without_quantity += u64::from(totals && in_period);
            self.notes.uncounted_before += u64::from(totals && !in_period);
            return Ok(());
        };
        if in_period {
            self.tops.add(row, bytes);
        }
        if totals { self.total(row, day, geography, bytes) } else { Ok(()) }
    }

    fn is_in_time(&mut self, row: &UsageRow) -> bool {
        if row.from > self.reading.now {
            self.notes.future_rows += 1;
            return false;
        }
        if day_of(row.from) < plus_days(self.reading.period.first, -HISTORY_DAYS) {
            self.notes.early_rows += 1;
            return false;
        }
        true
    }

    fn is_repeated(&mut self, row: &UsageRow, totals: bool) -> bool {
        let is_repeated = !self.seen.insert(fingerprint(row, totals));
        self.notes.duplicates_unchecked = self.seen.has_forgotten();
        self.notes.duplicate_rows += u64::from(is_repeated);
        is_repeated
    }

    /// A row whose time has settled proves that the record has come as far as its end; one that has not, as its
    /// beginning.
    fn advance(&mut self, row: &UsageRow, day: Date) {
        let reached = if row.to <= self.settled() { row.to } else { row.from };
        self.as_of = self.as_of.max(Some(reached));
        self.first = Some(self.first.map_or(day, |first| first.min(day)));
        self.forget_early();
    }

    fn note_unlisted(&mut self, row: &UsageRow) {
        if self.notes.unlisted_skus.len() < MAX_NAMED {
            let key = key(row.sku.as_deref(), row.sku_name.as_deref());
            self.notes.unlisted_skus.insert(top::bounded(&key).to_owned());
        }
    }

    fn total(&mut self, row: &UsageRow, day: Date, geography: &str, bytes: i128) -> Result<(), RowError> {
        let sku = self.sku(row);
        let line = self.days.entry((day, sku, geography.to_owned())).or_default();
        *line = line.checked_add(bytes).ok_or(RowError::TooMuch)?;
        if self.as_of.is_some_and(|as_of| row.to > as_of || row.from >= as_of) {
            *self.late.entry(hour_of(row.from)).or_default() += bytes;
        }
        if self.reading.period.has(day) {
            self.notes.outbound_rows += 1;
            self.notes.corrections += u64::from(bytes < 0);
            self.notes.estimated_rows += u64::from(row.is_estimated == Some(true));
            self.money(row);
        }
        Ok(())
    }

    fn sku(&mut self, row: &UsageRow) -> String {
        let sku = key(row.sku.as_deref(), row.sku_name.as_deref());
        let sku = top::bounded(&sku);
        if self.skus.contains(sku) {
            return sku.to_owned();
        }
        if self.skus.len() >= MAX_SKUS {
            self.notes.skus_merged = true;
            return OTHER_SKUS.to_owned();
        }
        self.skus.insert(sku.to_owned());
        sku.to_owned()
    }

    fn money(&mut self, row: &UsageRow) {
        let currency = row.currency.as_deref().map(str::trim).filter(|currency| !currency.is_empty());
        if let Some(currency) = currency.filter(|_| self.currencies.len() < MAX_NAMED) {
            self.currencies.insert(top::bounded(currency).to_owned());
        }
        let amount = row.amount.and_then(|amount| crate::units::decimal(&format!("{amount:e}")));
        let (Some(amount), Some(currency)) = (amount, currency) else {
            self.notes.rows_without_amount += 1;
            return;
        };
        if self.amounts.len() >= MAX_NAMED && !self.amounts.contains_key(currency) {
            self.notes.rows_without_amount += 1;
            return;
        }
        let sum = self.amounts.entry(top::bounded(currency).to_owned()).or_default();
        match sum.checked_add(amount) {
            Some(total) => *sum = total,
            None => self.notes.rows_without_amount += 1,
        }
    }

    /// The totals.
    #[must_use]
    pub fn finish(self) -> Usage {
        let known = self.known();
        let period = self.reading.period;
        let transfer = |((day, sku, geography), bytes): (&(Date, String, String), &i128)| Transfer {
            day: *day,
            sku: sku.clone(),
            geography: geography.clone(),
            bytes: *bytes,
        };
        let all: Vec<Transfer> = self.days.iter().map(transfer).collect();
        let transfers: Vec<Transfer> = all.iter().filter(|transfer| period.has(transfer.day)).cloned().collect();
        let complete = self.notes.rows_without_amount == 0 && self.notes.outbound_rows > 0;
        let amount = self.amounts.iter().next().filter(|_| complete && self.currencies.len() == 1);
        Usage {
            period,
            billed: transfers.iter().map(|transfer| transfer.bytes).sum(),
            transfers,
            all,
            as_of: known.as_of,
            after_as_of: known.after_as_of,
            known: known.days,
            silent_days: known.silent,
            missing_days: known.missing,
            amount: amount.map(|(currency, amount)| (amount.normalize(), currency.clone())),
            currencies: self.currencies.into_iter().collect(),
            tops: self.tops.finish(),
            notes: self.notes,
        }
    }
}

impl Notes {
    /// Rows of the period that may be outbound and are in no sum.
    #[must_use]
    pub fn uncounted_rows(&self) -> u64 {
        self.unnamed_rows + self.rows_without_quantity
    }
}

impl Usage {
    /// Hours from `as_of` to `now`; absent when nothing is known.
    #[must_use]
    pub fn lag_hours(&self, now: Timestamp) -> Option<f64> {
        self.as_of.map(|as_of| now.duration_since(as_of).as_secs_f64().max(0.0) / 3600.0)
    }

    /// Whether the period began so long ago that there should be rows of it.
    #[must_use]
    pub fn is_due(&self, now: Timestamp, max_lag: SignedDuration) -> bool {
        now >= midnight(plus_days(self.period.first, 1)).checked_add(max_lag).unwrap_or(Timestamp::MAX)
    }

    /// Whether there should be rows of the period, and there is none.
    #[must_use]
    pub fn is_missing(&self, now: Timestamp, max_lag: SignedDuration) -> bool {
        self.notes.period_rows == 0 && self.is_due(now, max_lag)
    }
}

#[cfg(test)]
mod tests;

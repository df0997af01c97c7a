//! Whole days that are known, and how far the record of outbound rows has come.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::{Fold, Usage};
use crate::forecast::DayTotal;
use crate::period::{Period, day_of, days_between, hour_of, midnight, plus_days};
use crate::tariff::{Transfer, carry_back};

/// So long rows are waited for that stop where nearly every day had one: rows of other things are no proof that there
/// was no traffic.
const WAIT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Days before a silence that tell whether it is usual; of so many one may be silent.
const DAYS_BEFORE: i64 = 14;
/// Fewer tell nothing: a week has days of work and others.
const MIN_DAYS_BEFORE: i64 = 7;

/// What is known of days.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) days: Vec<DayTotal>,
    /// Days among these without an outbound row.
    pub(super) silent: u32,
    /// Days after these that should have an outbound row by now.
    pub(super) missing: u32,
    pub(super) as_of: Option<Timestamp>,
    pub(super) after_as_of: i128,
}

impl Fold<'_> {
    /// Rows that end until here are not expected to grow.
    pub(super) fn settled(&self) -> Timestamp {
        self.reading.now.checked_sub(self.reading.settle).unwrap_or(Timestamp::MIN)
    }

    /// Whole days from the first one with outbound traffic to the last that has settled. Days of the period before it
    /// are known too: nothing was transferred on them.
    pub(super) fn known(&self) -> Known {
        let (Some(first), Some(as_of)) = (self.first, self.as_of) else { return Known::default() };
        let mut totals: BTreeMap<Date, i128> = BTreeMap::new();
        for ((day, ..), bytes) in &self.days {
            *totals.entry(*day).or_default() += bytes;
        }
        let first = totals.keys().next().map_or(first, |outbound| (*outbound).min(self.reading.period.first));
        let whole = day_of(as_of.min(self.settled()));
        let (end, due) = self.without_late(&totals, whole);
        let (end, due) = (end.max(first.min(whole)), due.max(first.min(whole)));
        let days: Vec<Date> = (0..days_between(first, end)).map(|offset| plus_days(first, offset)).collect();
        let silent = days.iter().filter(|day| !totals.contains_key(*day)).count();
        let amounts = amounts(totals, self.reading.period);
        let total = |day: Date| DayTotal { day, amount: amounts.get(&day).copied().unwrap_or(0.0) };
        let (as_of, after_as_of) =
            if end < whole { (midnight(end), self.since(end)) } else { (as_of, self.after(as_of)) };
        Known {
            days: days.into_iter().map(total).collect(),
            silent: u32::try_from(silent).unwrap_or(u32::MAX),
            missing: u32::try_from(days_between(end, due)).unwrap_or(0),
            as_of: Some(as_of),
            after_as_of,
        }
    }

    /// The end without the last days that have no outbound row and may still get one, and the end of those that should
    /// have one by now: rows of other SKUs are no proof that these days had no traffic.
    fn without_late(&self, totals: &BTreeMap<Date, i128>, end: Date) -> (Date, Date) {
        let due = self.back_to(totals, end, self.reading.max_lag);
        let spoke = totals.range(..due).next_back().map(|(day, _)| plus_days(*day, 1));
        let is_unusual = spoke.is_some_and(|until| is_daily_before(totals, until));
        (if is_unusual { self.back_to(totals, due, WAIT.max(self.reading.max_lag)) } else { due }, due)
    }

    /// The end without the last days that have no outbound row and are over for less than `wait`.
    fn back_to(&self, totals: &BTreeMap<Date, i128>, mut end: Date, wait: SignedDuration) -> Date {
        let late = self.reading.now.checked_sub(wait).unwrap_or(Timestamp::MIN);
        while midnight(end) > late && !totals.contains_key(&plus_days(end, -1)) {
            end = plus_days(end, -1);
        }
        end
    }

    /// Bytes of the period in rows that begin at `as_of` or later, or are not over then.
    fn after(&self, as_of: Timestamp) -> i128 {
        let late = self.late.range(hour_of(as_of)..).filter(|(from, _)| self.reading.period.has(day_of(**from)));
        late.map(|(_, bytes)| *bytes).sum()
    }

    /// Bytes of the period from this day on.
    fn since(&self, first: Date) -> i128 {
        let days = self.days.iter().filter(|((day, ..), _)| *day >= first && self.reading.period.has(*day));
        days.map(|(_, bytes)| *bytes).sum()
    }

    /// How far back `late` has to reach: what can begin after the last whole day.
    pub(super) fn forget_early(&mut self) {
        let oldest = self.as_of.and_then(|as_of| hour_of(as_of).checked_sub(SignedDuration::from_hours(48)).ok());
        if let Some(oldest) = oldest {
            self.late = self.late.split_off(&oldest);
        }
    }
}

/// Whether nearly every day of the two weeks before `until` had an outbound row, or of the time since the first one.
fn is_daily_before(totals: &BTreeMap<Date, i128>, until: Date) -> bool {
    let Some(first) = totals.keys().next() else { return false };
    let from = plus_days(until, -DAYS_BEFORE).max(*first);
    let days = days_between(from, until);
    let silent = days - i64::try_from(totals.range(from..until).count()).unwrap_or(0);
    days >= MIN_DAYS_BEFORE && silent <= days / DAYS_BEFORE
}

/// Never below 0. Corrections come off the days that they correct, whatever day they are dated on, and not off days of
/// another invoice.
fn amounts(mut totals: BTreeMap<Date, i128>, period: Period) -> BTreeMap<Date, f64> {
    let (mut before, mut inside): (Vec<_>, Vec<_>) = totals.iter_mut().partition(|(day, _)| !period.has(**day));
    for days in [&mut before, &mut inside] {
        let mut days: Vec<&mut i128> = days.iter_mut().map(|(_, bytes)| &mut **bytes).collect();
        carry_back(&mut days);
    }
    totals.into_iter().map(|(day, bytes)| (day, bytes.max(0) as f64)).collect()
}

impl Usage {
    /// The whole days of one SKU.
    #[must_use]
    pub fn known_of(&self, sku: &str) -> Vec<DayTotal> {
        let mut totals: BTreeMap<Date, i128> = BTreeMap::new();
        for transfer in self.all.iter().filter(|transfer| transfer.sku == sku) {
            *totals.entry(transfer.day).or_default() += transfer.bytes;
        }
        let amounts = amounts(totals, self.period);
        let amount = |day: Date| amounts.get(&day).copied().unwrap_or(0.0);
        self.known.iter().map(|total| DayTotal { day: total.day, amount: amount(total.day) }).collect()
    }

    /// SKUs of outbound rows, from the history on.
    #[must_use]
    pub fn skus(&self) -> BTreeSet<&str> {
        self.all.iter().map(|transfer| transfer.sku.as_str()).collect()
    }

    /// Whether there was traffic on a day that is known.
    #[must_use]
    pub fn had_traffic(&self) -> bool {
        self.known.iter().any(|day| day.amount > 0.0)
    }

    /// Whether the last days that are or should be known have rows of other things alone. They make sums and forecasts
    /// smaller without proving anything.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        let spoke = self.all.last().map(|transfer| transfer.day);
        let known = self.known.last().map(|total| total.day);
        self.missing_days > 0 || known.zip(spoke).is_some_and(|(known, spoke)| known > spoke)
    }

    /// Outbound bytes of another period, by day and SKU; empty where it lies before the history.
    #[must_use]
    pub fn transfers_of(&self, period: Period) -> Vec<Transfer> {
        self.all.iter().filter(|transfer| period.has(transfer.day)).cloned().collect()
    }
}

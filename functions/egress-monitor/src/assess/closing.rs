//! The month before, while usage of its last days still arrives.

use jiff::{SignedDuration, Timestamp};

use super::Inputs;
use crate::alerts::{Closing, Metric, Reading};
use crate::period::{Period, midnight, plus_days};
use crate::report::ClosingReport;
use crate::settings::Settings;
use crate::tariff::ScopeUse;
use crate::units::GbMeaning;

/// What is known of it.
pub(super) struct Before {
    period: Period,
    uses: Vec<ScopeUse>,
    is_partial: bool,
}

/// The month before, until its last day can be expected to be known.
fn open(period: Period, now: Timestamp, settings: &Settings) -> Option<Period> {
    let closed = period.start().checked_add(settings.max_lag() + SignedDuration::from_hours(24)).ok()?;
    let before = Period::of(midnight(plus_days(period.first, -1)), settings.invoice_start_day).ok()?;
    (now < closed && before.end == period.first).then_some(before)
}

/// What was read of it. Nothing where it has no rows, or corrections leave less than nothing.
pub(super) fn before(inputs: &Inputs<'_>, now: Timestamp, settings: &Settings) -> Option<Before> {
    let (period, usage) = (open(inputs.period, now, settings)?, inputs.usage.as_ref().ok()?);
    let transfers = usage.transfers_of(period);
    let billed: i128 = transfers.iter().map(|transfer| transfer.bytes).sum();
    let limit = settings.tariff.allowance(settings.gb_meaning).filter(|limit| *limit > 0)?;
    let uses = settings.tariff.uses(&transfers, limit);
    let is_partial = usage.notes.uncounted_before > 0;
    (!transfers.is_empty() && billed >= 0).then_some(Before { period, uses, is_partial })
}

/// For alerts: open until then, whatever could be read.
pub(super) fn observed(
    period: Period,
    before: Option<&Before>,
    now: Timestamp,
    settings: &Settings,
) -> Option<Closing> {
    let of = |used: &ScopeUse| Reading {
        scope: used.scope.clone(),
        metric: Metric::MonthToDate,
        bytes: used.used,
        limit: used.limit,
    };
    let readings = before.map(|before| before.uses.iter().map(of).collect()).unwrap_or_default();
    open(period, now, settings).map(|period| Closing { period: period.id(), readings })
}

impl Before {
    /// The fullest scope of it.
    pub(super) fn report(&self, gb: GbMeaning) -> ClosingReport {
        let fullest = self.uses.iter().max_by(|one, other| one.used.cmp(&other.used).then(other.scope.cmp(&one.scope)));
        ClosingReport {
            month: self.period.id(),
            scope: fullest.map_or_else(|| "tenancy".to_owned(), |used| used.scope.clone()),
            used_gb: fullest.map(|used| gb.gb(used.used)),
            limit_gb: fullest.map(|used| gb.gb(used.limit)),
            percent: fullest.map(|used| used.used as f64 / used.limit as f64 * 100.0),
            is_partial: self.is_partial,
        }
    }
}

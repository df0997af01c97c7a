//! The answer for each allowance.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::reasons::Reasons;
use crate::forecast::{DayTotal, Forecast, Insufficient, Question, forecast};
use crate::month::Usage;
use crate::period::{Period, day_of};
use crate::report::{ChartDay, Cost, ForecastReport, Scope, Status};
use crate::settings::Settings;
use crate::tariff::{AllowanceScope, ScopeUse};
use crate::traffic::Nowcast;
use crate::units::GbMeaning;

/// What is known of one allowance.
#[derive(Debug)]
pub(super) struct ScopeAnswer {
    pub(super) scope: String,
    /// Absent when the month to date is not known yet.
    pub(super) used: Option<i128>,
    over: Option<i128>,
    pub(super) limit: i128,
    pub(super) forecast: Option<Forecast>,
    known: Vec<DayTotal>,
    period: Period,
}

/// Of what the answers are.
pub(super) struct Known<'a> {
    pub(super) usage: &'a Usage,
    pub(super) status: Status,
    pub(super) nowcast: Option<&'a Nowcast>,
    pub(super) now: Timestamp,
}

/// One for each allowance.
pub(super) fn answers(of: &Known<'_>, settings: &Settings, reasons: &mut Reasons) -> Vec<ScopeAnswer> {
    let Known { usage, status, nowcast, now } = *of;
    let limit = settings.tariff.allowance(settings.gb_meaning).unwrap_or(0);
    let answer = |scope: &ScopeUse| {
        let known = match settings.tariff.allowance_scope {
            AllowanceScope::Tenancy => usage.known.clone(),
            AllowanceScope::Sku => usage.known_of(&scope.scope),
        };
        let share = match settings.tariff.allowance_scope {
            AllowanceScope::Tenancy => 1.0,
            AllowanceScope::Sku if usage.billed > 0 => scope.used as f64 / usage.billed as f64,
            // Of a month that has nothing yet, as the days before.
            AllowanceScope::Sku => share(&known, &usage.known),
        };
        let question = Question {
            known: &known,
            period: usage.period,
            so_far: scope.used as f64 + nowcast.map_or(0.0, |nowcast| nowcast.bytes) * share,
            today: day_of(now),
            limit: (limit > 0).then_some(limit as f64),
            seed: settings.seed,
        };
        // Nothing was ever seen: that nothing will come is no forecast.
        let is_blind = status == Status::UnknownYet && !usage.had_traffic();
        let forecast = if is_blind { Err(Insufficient { days: 0 }) } else { forecast(&question) };
        let forecast = forecast.map_err(|why| reasons.insufficient(why)).ok();
        if let Some(forecast) = &forecast {
            reasons.method(forecast.method);
        }
        let is_known = status.has_total();
        ScopeAnswer {
            scope: scope.scope.clone(),
            used: is_known.then_some(scope.used),
            // What is known in part may be beyond the allowance all the same.
            over: is_known.then(|| scope.over_bytes()).filter(|over| status == Status::Ok || *over > 0),
            limit,
            forecast,
            known,
            period: usage.period,
        }
    };
    uses(usage, limit, settings).iter().map(answer).collect()
}

/// What counts against each allowance: also those of SKUs that have no row this month yet.
fn uses(usage: &Usage, limit: i128, settings: &Settings) -> Vec<ScopeUse> {
    let mut uses = settings.tariff.uses(&usage.transfers, limit);
    if settings.tariff.allowance_scope == AllowanceScope::Sku {
        let has_row = |sku: &str| usage.transfers.iter().any(|transfer| transfer.sku == sku);
        let others = usage.skus().into_iter().filter(|sku| !has_row(sku));
        uses.extend(others.map(|sku| ScopeUse { scope: sku.to_owned(), used: 0, limit, over: BTreeMap::new() }));
        uses.sort_unstable_by(|one, other| one.scope.cmp(&other.scope));
    }
    uses
}

/// The part that these days are of all of them.
fn share(part: &[DayTotal], whole: &[DayTotal]) -> f64 {
    let sum = |days: &[DayTotal]| days.iter().map(|day| day.amount).sum::<f64>();
    let whole = sum(whole);
    if whole > 0.0 { sum(part) / whole } else { 0.0 }
}

/// What is paid beyond the allowance. Nothing to pay is 0 in any currency, and of a month that is known in part nobody
/// knows that it is nothing.
pub(super) fn cost(of: &Usage, status: Status, settings: &Settings, reasons: &mut Reasons) -> Option<Cost> {
    let (usage, tariff) = (of, &settings.tariff);
    let limit = tariff.allowance(settings.gb_meaning).unwrap_or(0);
    let amount = tariff.price(&tariff.uses(&usage.transfers, limit), settings.gb_meaning);
    let amount = amount.map_err(|why| reasons.no_price(&why)).ok()?;
    if amount.is_zero() && status != Status::Ok {
        return None;
    }
    let currency = match usage.currencies.as_slice() {
        [] => tariff.currency.clone(),
        [one] if amount.is_zero() || *one == tariff.currency => one.clone(),
        several => {
            reasons.currency(&tariff.currency, &several.join(", "));
            return None;
        }
    };
    Some(Cost { amount: amount.to_string(), currency })
}

impl ScopeAnswer {
    pub(super) fn report(&self, now: Timestamp, gb: GbMeaning) -> Scope {
        let percent = |bytes: f64| bytes / self.limit as f64 * 100.0;
        let in_gb = |bytes: f64| bytes / gb.bytes() as f64;
        Scope {
            scope: self.scope.clone(),
            used_gb: self.used.map(|used| gb.gb(used)),
            limit_gb: gb.gb(self.limit),
            percent: self.used.map(|used| percent(used as f64)),
            over_gb: self.over.map(|over| gb.gb(over)),
            forecast: self.forecast.as_ref().map(|forecast| ForecastReport {
                as_of: now,
                method: forecast.method,
                days: forecast.days,
                p50_gb: in_gb(forecast.p50),
                p80_gb: in_gb(forecast.p80),
                p95_gb: in_gb(forecast.p95),
                p50_percent: percent(forecast.p50),
                p80_percent: percent(forecast.p80),
                eta_100: forecast.eta,
            }),
        }
    }

    /// The month day by day: what is known, and what is expected from the last known day on.
    pub(super) fn days(&self, gb: GbMeaning) -> Vec<ChartDay> {
        let path = self.forecast.as_ref().map(|forecast| forecast.path.as_slice()).unwrap_or_default();
        let last = self.known.last().map(|total| total.day);
        let mut sum = 0.0;
        let day = |offset: i64| {
            let day = crate::period::plus_days(self.period.first, offset);
            let total = self.known.iter().find(|total| total.day == day);
            sum += total.map_or(0.0, |total| total.amount) / gb.bytes() as f64;
            let point = path.iter().find(|point| point.day == day && last.is_none_or(|last| day >= last));
            let ahead = |bytes: f64| bytes / gb.bytes() as f64;
            ChartDay {
                day,
                known_gb: total.map(|_| sum),
                p10_gb: point.map(|point| ahead(point.p10)),
                p50_gb: point.map(|point| ahead(point.p50)),
                p90_gb: point.map(|point| ahead(point.p90)),
            }
        };
        (0..self.period.days()).map(day).collect()
    }
}

//! How revenue grows, over whole periods alone.

use super::definitions::{COMPOUND_ANNUAL_RATE, GROWTH_BY_YEAR, GROWTH_TRAILING_12, MONTH_ON_MONTH_MEDIAN};
use super::{Inputs, basis};
use crate::intelligence::data::{FinancialIntelligence, PeriodGrowth, Trailing};
use crate::intelligence::fixed::to_f64;
use crate::intelligence::ledger::{Ledger, Why, absent};
use crate::intelligence::parts::days::Totals;
use crate::intelligence::periods::{Calendar, Month, day_name, month_name};
use crate::intelligence::role::Role;
use crate::statistics::describe::median;

const ROLES: [Role; 3] = [Role::Amount, Role::OrderDate, Role::Date];

pub(crate) fn compute(inputs: &Inputs<'_>, ledger: &mut Ledger, out: &mut FinancialIntelligence) {
    let growth = &mut out.growth;
    let calendar = inputs.money().and_then(|_| inputs.calendar());
    if let Ok(calendar) = &calendar {
        growth.first_day = Some(day_name(calendar.first));
        growth.last_day = Some(day_name(calendar.last));
        growth.tolerance_days = Some(calendar.tolerance as f64);
        growth.partial_periods = calendar.partial();
    }
    let years = calendar.as_ref().map_err(Why::clone).map(Calendar::years);
    let count = years.as_ref().map_or(0, |years| years.len() as u64);
    let by_year = years.as_ref().map_err(Why::clone).and_then(|years| by_year(years));
    growth.years = ledger.enter(&GROWTH_BY_YEAR, basis(inputs, &ROLES, count), by_year).unwrap_or_default();
    let months = calendar.map(|calendar| calendar.months());
    let whole = months.as_ref().map_or(0, |months| months.len() as u64);
    let trailing = months.as_ref().map_err(Why::clone).and_then(|months| trailing(months));
    growth.trailing_12 = ledger.enter(&GROWTH_TRAILING_12, basis(inputs, &ROLES, whole), trailing);
    let rate = years.and_then(|years| compound(&years));
    growth.compound_annual_rate = ledger.enter(&COMPOUND_ANNUAL_RATE, basis(inputs, &ROLES, count), rate);
    let changes = months.map(|months| changes(&months));
    let n = changes.as_ref().map_or(0, |changes| changes.len() as u64);
    let middle = changes.and_then(|changes| {
        median(&changes).ok_or_else(|| absent("there are no two whole months in a row, the first with revenue"))
    });
    growth.month_on_month_median = ledger.enter(&MONTH_ON_MONTH_MEDIAN, basis(inputs, &ROLES, n), middle);
}

fn by_year(years: &[(i64, Totals)]) -> Result<Vec<PeriodGrowth>, Why> {
    if years.is_empty() {
        return Err(absent("there is no whole calendar year"));
    }
    let of = |place: usize| {
        let (year, totals) = &years[place];
        let before = place.checked_sub(1).map(|before| years[before].1.amount);
        PeriodGrowth {
            period: format!("{year:04}"),
            revenue: to_f64(totals.amount),
            profit: super::profit(totals),
            change: before.and_then(|before| super::change(before, totals.amount)),
        }
    };
    Ok((0..years.len()).map(of).collect())
}

fn trailing(months: &[(Month, Totals)]) -> Result<Trailing, Why> {
    let Some(first) = months.len().checked_sub(24) else {
        return Err(absent("there are no 24 whole months"));
    };
    let sum = |months: &[(Month, Totals)]| months.iter().map(|(_, totals)| totals.amount).sum::<i128>();
    let (prior, last) = months[first..].split_at(12);
    Ok(Trailing {
        from: month_name(last[0].0),
        to: month_name(last[11].0),
        revenue: to_f64(sum(last)),
        prior_revenue: to_f64(sum(prior)),
        change: super::change(sum(prior), sum(last)),
    })
}

fn compound(years: &[(i64, Totals)]) -> Result<f64, Why> {
    let [(first, before), .., (last, after)] = years else {
        return Err(absent("there are no two whole calendar years"));
    };
    if before.amount <= 0 || after.amount <= 0 {
        return Err(absent("the first or the last whole year has no positive revenue"));
    }
    Ok((after.amount as f64 / before.amount as f64).powf(1.0 / (last - first) as f64) - 1.0)
}

fn changes(months: &[(Month, Totals)]) -> Vec<f64> {
    months.windows(2).filter_map(|pair| super::change(pair[0].1.amount, pair[1].1.amount)).collect()
}

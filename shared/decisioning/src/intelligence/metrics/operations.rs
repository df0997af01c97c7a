//! Deliveries, returns, capacity, projects.

use super::Inputs;
use super::definitions::{
    BUDGET_VARIANCE, COMPLETION_RATE, FILL_RATE, LEAD_TIME, ON_TIME_SHARE, PROJECT_DURATION, RETURN_RATE, UTILISATION,
};
use crate::intelligence::analyse::Read;
use crate::intelligence::data::{OperationalIntelligence, ProjectPerformance, ReturnRate, Spread};
use crate::intelligence::fixed::to_f64;
use crate::intelligence::ledger::{Basis, Ledger, Why, absent, missing};
use crate::intelligence::parts::days::{Histogram, Totals};
use crate::intelligence::parts::delivery::Delivery;
use crate::intelligence::parts::work::Work;
use crate::intelligence::role::Role;

/// A distribution in a few figures; `None` without observations.
pub(crate) fn spread(histogram: &Histogram) -> Option<Spread> {
    Some(Spread {
        count: histogram.count(),
        mean: histogram.mean()?,
        median: histogram.quantile(0.5)?,
        p95: histogram.quantile(0.95)?,
    })
}

pub(crate) fn compute(inputs: &Inputs<'_>, ledger: &mut Ledger, out: &mut OperationalIntelligence) {
    let delivery = inputs.reads.iter().find_map(|read| Some((read, read.gather.parts.delivery.as_ref()?)));
    deliveries(delivery, ledger, out);
    let work = inputs.reads.iter().find_map(|read| Some((read, read.gather.parts.work.as_ref()?)));
    projects(work, ledger, out);
}

fn has(read: Option<&Read>, role: Role) -> bool {
    read.is_some_and(|read| read.gather.of(role).is_some())
}

/// What a figure is, or which of the roles it needs has no column, or that no row has all of them.
fn needs<T>(read: Option<&Read>, roles: &[Role], found: Option<T>) -> Result<T, Why> {
    let lacking: Vec<Role> = roles.iter().copied().filter(|role| !has(read, *role)).collect();
    match (found, lacking.first()) {
        (Some(found), _) => Ok(found),
        (None, Some(role)) => Err(missing(&[*role])),
        (None, None) => Err(absent("no row has all the values it takes")),
    }
}

fn deliveries(table: Option<(&Read, &Delivery)>, ledger: &mut Ledger, out: &mut OperationalIntelligence) {
    let (read, part) = (table.map(|(read, _)| read), table.map(|(_, part)| part));
    let date = if has(read, Role::OrderDate) { Role::OrderDate } else { Role::Date };
    let lead = part.and_then(|part| spread(&part.lead));
    let n = lead.as_ref().map_or(0, |lead| lead.count);
    let roles = [Role::ShipDate, date];
    out.lead_time = ledger.enter(&LEAD_TIME, Basis::new(read, &roles, n), needs(read, &roles, lead));
    let roles = [Role::ShipDate, Role::PromisedDate];
    let n = part.map_or(0, |part| part.lateness.count());
    let on_time = part.filter(|_| n > 0).map(|part| 1.0 - part.lateness.count_above(0) as f64 / n as f64);
    out.on_time_share = ledger.enter(&ON_TIME_SHARE, Basis::new(read, &roles, n), needs(read, &roles, on_time));
    let roles = [Role::Quantity, Role::DeliveredQuantity];
    let n = part.map_or(0, |part| part.filled_rows);
    let filled = part.and_then(|part| super::share(part.supplied, part.ordered));
    out.fill_rate = ledger.enter(&FILL_RATE, Basis::new(read, &roles, n), needs(read, &roles, filled));
    let found = part.ok_or_else(|| missing(&[Role::Returned, Role::Quantity])).and_then(|part| returned(read, part));
    let n = part.map_or(0, |part| part.flagged.rows.max(part.signed.rows));
    let roles = [Role::Returned, Role::Quantity, Role::Amount];
    out.return_rate = ledger.enter(&RETURN_RATE, Basis::new(read, &roles, n), found);
}

/// Lines that came back by the flag; without one those with negative amounts, if there are any.
fn returned(read: Option<&Read>, part: &Delivery) -> Result<ReturnRate, Why> {
    let rate = |basis: &str, back: &Totals, all: &Totals, sold: i128| ReturnRate {
        basis: basis.to_owned(),
        row_share: back.rows as f64 / all.rows as f64,
        amount_share: super::share(back.amount.abs(), sold),
        rows: back.rows,
    };
    if part.flagged.rows > 0 {
        return Ok(rate("flag", &part.returns, &part.flagged, part.flagged.amount));
    }
    if part.negative.rows > 0 {
        let sold = part.signed.amount - part.negative.amount;
        return Ok(rate("negative", &part.negative, &part.signed, sold));
    }
    Err(match has(read, Role::Returned) {
        true => absent("no row says whether it came back"),
        false => absent("no column plays the part of returned, and no amount or quantity is negative"),
    })
}

fn projects(table: Option<(&Read, &Work)>, ledger: &mut Ledger, out: &mut OperationalIntelligence) {
    let (read, part) = (table.map(|(read, _)| read), table.map(|(_, part)| part));
    let roles = [Role::Used, Role::Capacity];
    let used = part.and_then(|part| super::share(part.hours_used, part.hours_available));
    let n = part.map_or(0, |part| part.used_rows);
    out.utilisation = ledger.enter(&UTILISATION, Basis::new(read, &roles, n), needs(read, &roles, used));
    let performance = &mut out.project_performance;
    let judged = part.map_or(0, |part| part.judged);
    let done = part.filter(|part| part.judged > part.dropped);
    let rate = done.map(|part| part.done as f64 / (part.judged - part.dropped) as f64);
    let roles = if has(read, Role::Status) { &[Role::Status][..] } else { &[Role::StartDate, Role::EndDate] };
    performance.completion_rate =
        ledger.enter(&COMPLETION_RATE, Basis::new(read, roles, judged), needs(read, roles, rate));
    budget(read, part, ledger, performance);
    let roles = [Role::StartDate, Role::EndDate];
    let duration = part.and_then(|part| spread(&part.duration));
    let n = duration.as_ref().map_or(0, |duration| duration.count);
    let found = needs(read, &roles, duration);
    performance.duration = ledger.enter(&PROJECT_DURATION, Basis::new(read, &roles, n), found);
    performance.ended_on_time_share = part
        .filter(|part| part.lateness.count() > 0)
        .map(|part| 1.0 - part.lateness.count_above(0) as f64 / part.lateness.count() as f64);
}

fn budget(read: Option<&Read>, part: Option<&Work>, ledger: &mut Ledger, out: &mut ProjectPerformance) {
    let spent = if has(read, Role::Actual) { Role::Actual } else { Role::Cost };
    let roles = [Role::Budget, spent];
    let known = part.filter(|part| part.budgeted_rows > 0);
    let variance = known.and_then(|part| super::share(part.spent - part.budgeted, part.budgeted));
    let n = part.map_or(0, |part| part.budgeted_rows);
    let found = needs(read, &roles, variance);
    out.budget_variance = ledger.enter(&BUDGET_VARIANCE, Basis::new(read, &roles, n), found);
    out.total_budget = known.map(|part| to_f64(part.budgeted));
    out.total_actual = known.map(|part| to_f64(part.spent));
    out.over_budget_share = known.map(|part| part.over_budget as f64 / part.budgeted_rows as f64);
}

//! What is owed, since when, and how fast the rest was paid.

use super::definitions::{
    AGEING, AR_TO_REVENUE, CASH_CONVERSION_CYCLE, COLLECTION_EFFICIENCY, DAYS_SALES_OUTSTANDING, OUTSTANDING_AR,
    OVERDUE_SHARE, PAYMENT_BEHAVIOUR,
};
use super::operations::spread;
use super::{Inputs, addable};
use crate::intelligence::analyse::Read;
use crate::intelligence::data::{AgeBucket, CustomerIntelligence, FinancialIntelligence};
use crate::intelligence::fixed::to_f64;
use crate::intelligence::ledger::{Basis, Ledger, Why, absent, missing};
use crate::intelligence::parts::receivables::{Open, Receivables};
use crate::intelligence::periods::day_name;
use crate::intelligence::role::Role;

const ROLES: [Role; 7] =
    [Role::Amount, Role::OrderDate, Role::Date, Role::DueDate, Role::PaidDate, Role::PaidAmount, Role::OpenAmount];
/// Ages by the first and last day past the due day.
const AGES: [(&str, i64, i64); 5] =
    [("not_due", i64::MIN, 0), ("1_30", 1, 30), ("31_60", 31, 60), ("61_90", 61, 90), ("over_90", 91, i64::MAX)];

fn found<'a>(inputs: &Inputs<'a>) -> Result<(&'a Read, &'a Receivables), Why> {
    let table = inputs.reads.iter().find_map(|read| Some((read, read.gather.parts.receivables.as_ref()?)));
    let nothing = "no table holds invoices: due or paid dates, paid or open amounts";
    table.ok_or_else(|| Why::NotApplicable(nothing.to_owned()))
}

/// What is open as of a day.
struct State<'a> {
    part: &'a Receivables,
    as_of: i64,
    outstanding: i128,
    billed: i128,
    billed_in_year: i128,
}

fn state<'a>(inputs: &Inputs<'a>) -> Result<State<'a>, Why> {
    let (read, part) = found(inputs)?;
    addable(read)?;
    if !part.tells_open() {
        return Err(missing(&[Role::PaidDate, Role::PaidAmount, Role::OpenAmount]));
    }
    let as_of = inputs.as_of.or(part.last_day).ok_or_else(|| absent("no row has a plausible date"))?;
    let days = part.billed.sorted();
    let sum = |from: i64| days.iter().filter(|(day, _)| *day > from).map(|(_, billed)| billed.amount).sum::<i128>();
    let outstanding = part.open.values().map(|open| open.amount).sum();
    let billed = sum(i64::MIN) + part.undated.amount;
    Ok(State { part, as_of, outstanding, billed, billed_in_year: sum(as_of - 365) })
}

pub(crate) fn compute(inputs: &Inputs<'_>, ledger: &mut Ledger, out: &mut FinancialIntelligence) {
    let state = state(inputs);
    let cash = &mut out.cash_flow_intelligence;
    let invoices = state.as_ref().map_or(0, |s| s.part.billed.sorted().iter().map(|(_, b)| b.rows).sum::<u64>());
    let open_rows = state.as_ref().map_or(0, |s| s.part.open.values().map(|open| open.rows).sum());
    let read = found(inputs).ok().map(|(read, _)| read);
    let basis = |n| Basis::new(read, &ROLES, n);
    let state = state.as_ref().map_err(Why::clone);
    cash.as_of = state.as_ref().ok().map(|state| day_name(state.as_of));
    cash.outstanding_ar =
        ledger.enter(&OUTSTANDING_AR, basis(invoices), state.clone().map(|state| to_f64(state.outstanding)));
    cash.overdue_share = ledger.enter(&OVERDUE_SHARE, basis(open_rows), state.clone().and_then(overdue));
    let ages = state.clone().and_then(|state| due(read).map(|()| ageing(state)));
    cash.ageing = ledger.enter(&AGEING, basis(open_rows), ages).unwrap_or_default();
    let ratio = state.clone().and_then(|state| {
        super::share(state.outstanding, state.billed_in_year)
            .ok_or_else(|| absent("nothing was billed in the last 365 days"))
    });
    let days = ratio.clone().map(|ratio| ratio * 365.0);
    cash.days_sales_outstanding = ledger.enter(&DAYS_SALES_OUTSTANDING, basis(invoices), days);
    let efficiency = state.and_then(|state| due(read).and_then(|()| efficiency(state)));
    cash.collection_efficiency = ledger.enter(&COLLECTION_EFFICIENCY, basis(invoices), efficiency);
    cash.liquidity_risk = ratio.as_ref().ok().map(|ratio| risk(*ratio).to_owned());
    out.working_capital.ar_to_revenue_ratio = ledger.enter(&AR_TO_REVENUE, basis(invoices), ratio);
    let cycle = "no column tells of stock and payables, which it needs beside receivables";
    ledger.enter::<f64>(&CASH_CONVERSION_CYCLE, basis(0), Err(Why::NotApplicable(cycle.to_owned())));
}

fn due(read: Option<&Read>) -> Result<(), Why> {
    if read.is_some_and(|read| read.gather.of(Role::DueDate).is_some()) {
        Ok(())
    } else {
        Err(missing(&[Role::DueDate]))
    }
}

fn overdue(state: &State<'_>) -> Result<f64, Why> {
    let past = |(due, _): &(&Option<i64>, &Open)| due.is_some_and(|due| due < state.as_of);
    let dated: i128 = state.part.open.iter().filter(|(due, _)| due.is_some()).map(|(_, open)| open.amount).sum();
    let overdue: i128 = state.part.open.iter().filter(past).map(|(_, open)| open.amount).sum();
    if state.part.open.is_empty() {
        return Err(absent("nothing is outstanding"));
    }
    super::share(overdue, dated).ok_or_else(|| absent("no open amount has a due day, or they add up to nothing"))
}

fn ageing(state: &State<'_>) -> Vec<AgeBucket> {
    let bucket = |age: &str, fits: &dyn Fn(Option<i64>) -> bool| {
        let open = state.part.open.iter().filter(|(due, _)| fits(due.map(|due| state.as_of - due)));
        let (rows, amount) = open.fold((0, 0), |sum, (_, open)| (sum.0 + open.rows, sum.1 + open.amount));
        let share = super::share(amount, state.outstanding);
        AgeBucket { age: age.to_owned(), amount: to_f64(amount), share, rows }
    };
    let mut buckets: Vec<AgeBucket> = AGES
        .iter()
        .map(|(age, first, last)| bucket(age, &|past| past.is_some_and(|past| (*first..=*last).contains(&past))))
        .collect();
    buckets.push(bucket("no_due_day", &|past| past.is_none()));
    buckets
}

fn efficiency(state: &State<'_>) -> Result<f64, Why> {
    let not_due = |(due, _): &(&Option<i64>, &Open)| due.is_some_and(|due| due >= state.as_of);
    let current: i128 = state.part.open.iter().filter(not_due).map(|(_, open)| open.amount).sum();
    let share = super::share(state.billed - state.outstanding, state.billed - current);
    share.map(|share| share * 100.0).ok_or_else(|| absent("nothing that was billed is due"))
}

fn risk(ratio: f64) -> &'static str {
    match ratio {
        r if r > 0.6 => "critical",
        r if r > 0.4 => "high",
        r if r > 0.2 => "medium",
        _ => "low",
    }
}

pub(crate) fn payments(inputs: &Inputs<'_>, ledger: &mut Ledger, out: &mut CustomerIntelligence) {
    let table = found(inputs);
    let days = table.as_ref().map_err(Why::clone).and_then(|(_, part)| {
        spread(&part.days_to_pay).ok_or_else(|| absent("no row has both an invoice date and a paid date"))
    });
    let read = table.as_ref().ok().map(|(read, _)| *read);
    let n = days.as_ref().map_or(0, |days| days.count);
    let roles = [Role::OrderDate, Role::Date, Role::PaidDate, Role::DueDate];
    out.payment_behavior_analysis.days_to_pay = ledger.enter(&PAYMENT_BEHAVIOUR, Basis::new(read, &roles, n), days);
    out.payment_behavior_analysis.late_share = table.ok().and_then(|(_, part)| {
        let payments = part.lateness.count();
        (payments > 0).then(|| part.lateness.count_above(0) as f64 / payments as f64)
    });
}

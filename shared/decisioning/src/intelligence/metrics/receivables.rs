//! What is owed, since when, and how fast the rest was paid.

use super::definitions::{
    AGEING, AR_TO_REVENUE, CASH_CONVERSION_CYCLE, COLLECTION_EFFICIENCY, DAYS_SALES_OUTSTANDING, OUTSTANDING_AR,
    OVERDUE_AMOUNT, OVERDUE_SHARE, PAYMENT_BEHAVIOUR,
};
use super::operations::spread;
use super::{Inputs, addable};
use crate::intelligence::analyse::Read;
use crate::intelligence::data::{AgeBucket, CustomerIntelligence, FinancialIntelligence, Note};
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

/// What is open as of a day, of the rows that tell.
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
    if let (true, true, Some(latest)) = (part.is_told(), part.is_past(), part.latest) {
        let (latest, as_of) = (day_name(latest), day_name(as_of));
        return Err(Why::Absent(format!(
            "open amounts are those of {latest} and do not tell what was open on {as_of}"
        )));
    }
    if part.known.rows == 0 {
        return Err(absent("no row tells what is open"));
    }
    let days = part.known.billed.sorted();
    let sum = |from: i64| days.iter().filter(|(day, _)| *day > from).map(|(_, billed)| billed.amount).sum::<i128>();
    let outstanding = part.known.open.values().map(|open| open.amount).sum();
    let billed = sum(i64::MIN) + part.known.undated.amount;
    Ok(State { part, as_of, outstanding, billed, billed_in_year: sum(as_of - 365) })
}

impl State<'_> {
    /// Rows and sum of the open amounts whose days past the due day fit; those without such a day have none.
    fn open(&self, fits: impl Fn(Option<i64>) -> bool) -> Open {
        let open = self.part.known.open.iter().filter(|(due, _)| fits(due.map(|due| self.as_of - due)));
        open.fold(Open::default(), |sum, (_, open)| Open {
            rows: sum.rows + open.rows,
            amount: sum.amount + open.amount,
        })
    }
}

/// What there is to know besides the figures.
pub(crate) fn notes(inputs: &Inputs<'_>) -> Vec<Note> {
    let Ok((read, part)) = found(inputs) else { return Vec::new() };
    let unknown = if part.tells_open() { part.unknown } else { 0 };
    let told = [
        (
            "open_amount_unknown",
            unknown,
            true,
            "rows do not tell what is open on the day; receivables are over the others",
        ),
        ("later_invoices", part.later, false, "invoices after the day of `as_of` were left out of the receivables"),
        (
            "paid_before_invoiced",
            part.reversed,
            false,
            "rows were paid before they were invoiced; days to pay are without them",
        ),
    ];
    let note = |(code, count, loses_data, message): (&str, u64, bool, &str)| {
        let object = read.table.object.clone();
        (count > 0).then(|| Note { object, code: code.to_owned(), message: message.to_owned(), count, loses_data })
    };
    told.into_iter().filter_map(note).collect()
}

pub(crate) fn compute(inputs: &Inputs<'_>, ledger: &mut Ledger, out: &mut FinancialIntelligence) {
    let state = state(inputs);
    let cash = &mut out.cash_flow_intelligence;
    let invoices = state.as_ref().map_or(0, |state| state.part.known.rows);
    let open_rows = state.as_ref().map_or(0, |state| state.open(|_| true).rows);
    let due_rows = state.as_ref().map_or(0, |state| state.open(|past| past.is_some()).rows);
    let read = found(inputs).ok().map(|(read, _)| read);
    let basis = |n| Basis::new(read, &ROLES, n);
    let state = state.as_ref().map_err(Why::clone);
    cash.as_of = state.as_ref().ok().map(|state| day_name(state.as_of));
    cash.known_rows = state.as_ref().ok().map(|state| state.part.known.rows);
    cash.unknown_rows = state.as_ref().ok().map(|state| state.part.unknown);
    cash.outstanding_ar =
        ledger.enter(&OUTSTANDING_AR, basis(invoices), state.clone().map(|state| to_f64(state.outstanding)));
    let late = state.clone().and_then(|state| overdue(state, read));
    cash.overdue_amount = ledger.enter(&OVERDUE_AMOUNT, basis(due_rows), late.clone().map(to_f64));
    let share = state.clone().and_then(|state| overdue_share(state, late?));
    cash.overdue_share = ledger.enter(&OVERDUE_SHARE, basis(due_rows), share);
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

/// The sum of the ages past due. Of an open amount without a due day nobody knows; where nothing is open nothing is late.
fn overdue(state: &State<'_>, read: Option<&Read>) -> Result<i128, Why> {
    if !state.part.known.open.is_empty() {
        due(read)?;
        if state.open(|past| past.is_some()).rows == 0 {
            return Err(absent("no open amount has a due day"));
        }
    }
    Ok(state.open(|past| past.is_some_and(|past| past > 0)).amount)
}

fn overdue_share(state: &State<'_>, overdue: i128) -> Result<f64, Why> {
    if state.part.known.open.is_empty() {
        return Err(absent("nothing is outstanding"));
    }
    let dated = state.open(|past| past.is_some()).amount;
    super::share(overdue, dated).ok_or_else(|| absent("the open amounts with a due day add up to nothing"))
}

fn ageing(state: &State<'_>) -> Vec<AgeBucket> {
    let bucket = |age: &str, open: Open| {
        let share = super::share(open.amount, state.outstanding);
        AgeBucket { age: age.to_owned(), amount: to_f64(open.amount), share, rows: open.rows }
    };
    let of_age = |first: i64, last: i64| state.open(|past| past.is_some_and(|past| (first..=last).contains(&past)));
    let mut buckets: Vec<AgeBucket> =
        AGES.iter().map(|(age, first, last)| bucket(age, of_age(*first, *last))).collect();
    buckets.push(bucket("no_due_day", state.open(|past| past.is_none())));
    buckets
}

fn efficiency(state: &State<'_>) -> Result<f64, Why> {
    let current = state.open(|past| past.is_some_and(|past| past <= 0)).amount;
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

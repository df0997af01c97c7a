//! Retention by the month of the first purchase.

use std::collections::BTreeMap;

use super::definitions::COHORTS;
use super::people::People;
use super::{Inputs, basis};
use crate::intelligence::data::{Cohort, Cohorts, CustomerIntelligence};
use crate::intelligence::ledger::{Ledger, Why};
use crate::intelligence::periods::{Month, month_name, month_of};
use crate::intelligence::role::Role;

/// Cohorts that are listed, and ages.
const LISTED: usize = 60;

/// Customers and what they spent, by cohort and age in months.
type Cells = BTreeMap<(Month, i64), (u64, i128)>;

pub(crate) fn compute(
    inputs: &Inputs<'_>,
    people: Result<&People<'_>, &Why>,
    ledger: &mut Ledger,
    out: &mut CustomerIntelligence,
) {
    let found = people.map_err(Why::clone).and_then(|people| {
        let as_of = people.needed_day()?;
        let partial = inputs.calendar().is_ok_and(|calendar| calendar.last <= as_of && !calendar.last_month_is_whole());
        Ok(matrix(people, &cells(people), month_of(as_of), partial))
    });
    let n = people.map_or(0, |people| people.dated().count() as u64);
    let roles = [Role::Customer, Role::OrderDate, Role::Date, Role::Amount];
    out.cohorts = ledger.enter(&COHORTS, basis(inputs, &roles, n), found);
}

fn cells(people: &People<'_>) -> Cells {
    let mut cells = Cells::new();
    for person in people.dated() {
        let cohort = month_of(person.first);
        let mut counted = None;
        for visit in people.visits(person) {
            let month = month_of(visit.day);
            let cell = cells.entry((cohort, month - cohort)).or_default();
            cell.0 += u64::from(counted.replace(month) != Some(month));
            cell.1 += i128::from(visit.amount);
        }
    }
    cells
}

fn matrix(people: &People<'_>, cells: &Cells, last: Month, last_month_partial: bool) -> Cohorts {
    let sizes: Vec<(Month, u64)> =
        cells.iter().filter(|((_, age), _)| *age == 0).map(|((cohort, _), cell)| (*cohort, cell.0)).collect();
    let skipped = sizes.len().saturating_sub(LISTED);
    let row = |(cohort, size): &(Month, u64)| {
        let ages = || 0..=(last - cohort).min(LISTED as i64 - 1);
        let cell = |age: i64| cells.get(&(*cohort, age)).copied().unwrap_or_default();
        Cohort {
            month: month_name(*cohort),
            size: people.of_all(*size),
            active: ages().map(|age| people.of_all(cell(age).0)).collect(),
            revenue: ages().map(|age| people.money_of_all(cell(age).1)).collect(),
        }
    };
    let oldest = sizes.first().map_or(0, |(cohort, _)| last - cohort);
    Cohorts {
        count: sizes.len() as u64,
        rows: sizes.iter().skip(skipped).map(row).collect(),
        mean_retention: (0..=oldest.min(LISTED as i64 - 1)).map(|age| retention(cells, &sizes, last, age)).collect(),
        last_month_partial,
    }
}

/// The share of the customers old enough who bought at an age.
fn retention(cells: &Cells, sizes: &[(Month, u64)], last: Month, age: i64) -> Option<f64> {
    let old_enough = sizes.iter().filter(|(cohort, _)| cohort + age <= last);
    let (active, all) = old_enough.fold((0, 0), |sum, (cohort, size)| {
        (sum.0 + cells.get(&(*cohort, age)).map_or(0, |cell| cell.0), sum.1 + size)
    });
    (all > 0).then(|| active as f64 / all as f64)
}

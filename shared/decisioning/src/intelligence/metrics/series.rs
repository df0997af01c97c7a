//! Sales by month and by day, for those who look at trends.

use super::Inputs;
use crate::intelligence::data::{Series, SeriesPoint};
use crate::intelligence::fixed::to_f64;
use crate::intelligence::parts::days::Totals;
use crate::intelligence::periods::{day_name, month_name};
use crate::intelligence::role::Role;

/// Points of one series; earlier ones are left out.
const MAX_POINTS: usize = 1830;

pub(crate) fn of(inputs: &Inputs<'_>) -> Vec<Series> {
    let Ok(calendar) = inputs.calendar() else { return Vec::new() };
    let is_addable = inputs.money().is_ok();
    let has_units = inputs.sales_read().is_some_and(|read| read.gather.of(Role::Quantity).is_some());
    let point = |period: String, totals: &Totals| SeriesPoint {
        period,
        revenue: is_addable.then(|| to_f64(totals.amount)),
        profit: super::profit(totals).filter(|_| is_addable),
        quantity: has_units.then(|| to_f64(totals.quantity)),
        rows: totals.rows,
    };
    let months: Vec<SeriesPoint> =
        calendar.months().iter().map(|(month, totals)| point(month_name(*month), totals)).collect();
    let first = calendar.first.max(calendar.last + 1 - MAX_POINTS as i64);
    let mut days = calendar.days().iter().skip_while(|(day, _)| *day < first).peekable();
    let by_day: Vec<SeriesPoint> = (first..=calendar.last)
        .map(|day| {
            let found = days.next_if(|(next, _)| *next == day);
            point(day_name(day), found.map_or(&Totals::default(), |(_, totals)| totals))
        })
        .collect();
    let is_cut = |cut: bool, points: Vec<SeriesPoint>, period: &str, season| Series {
        period: period.to_owned(),
        season,
        points,
        is_cut: cut,
    };
    let skipped = months.len().saturating_sub(MAX_POINTS);
    let months: Vec<SeriesPoint> = months.into_iter().skip(skipped).collect();
    vec![is_cut(skipped > 0, months, "month", 12), is_cut(first > calendar.first, by_day, "day", 7)]
}

//! Whole months and years of a table, and which periods at either end are not whole.

use super::parts::days::Totals;
use crate::dataset::date::{Moment, civil_from_days, days_from_civil};

/// Days without sales at either end of a period that are never taken for missing data.
const LEAST_TOLERANCE: i64 = 3;
/// Longest pause between days with sales that is taken for regular, in days.
const MOST_TOLERANCE: i64 = 366;

/// Days with sales, and what they say about whole periods.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    days: Vec<(i64, Totals)>,
    pub(crate) first: i64,
    pub(crate) last: i64,
    /// Days without sales up to which a period at either end counts as whole.
    pub(crate) tolerance: i64,
}

/// A month, counted from year 0.
pub(crate) type Month = i64;

/// The month of a day.
pub(crate) fn month_of(day: i64) -> Month {
    let (year, month, _) = civil_from_days(day);
    year * 12 + month - 1
}

/// `2017-03`.
pub(crate) fn month_name(month: Month) -> String {
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}

/// `2017-03-31`.
pub(crate) fn day_name(day: i64) -> String {
    Moment::from_days(day).to_iso()
}

fn first_of_month(month: Month) -> i64 {
    days_from_civil(month.div_euclid(12), month.rem_euclid(12) + 1, 1)
}

impl Calendar {
    /// `None` without days.
    pub(crate) fn new(days: Vec<(i64, Totals)>) -> Option<Self> {
        let (first, last) = (days.first()?.0, days.last()?.0);
        let tolerance = tolerance(&days);
        Some(Self { days, first, last, tolerance })
    }

    /// Whether the days from `from` up to but not including `to` lie within the data, with some tolerance.
    fn is_whole(&self, from: i64, to: i64) -> bool {
        self.first <= from + self.tolerance && self.last >= to - 1 - self.tolerance
    }

    /// The whole months in order, those without sales included.
    pub(crate) fn months(&self) -> Vec<(Month, Totals)> {
        let whole = |month: &Month| self.is_whole(first_of_month(*month), first_of_month(month + 1));
        let months: Vec<Month> = (month_of(self.first)..=month_of(self.last)).filter(whole).collect();
        self.totals(&months, month_of)
    }

    /// The whole calendar years in order, those without sales included.
    pub(crate) fn years(&self) -> Vec<(i64, Totals)> {
        let year_of = |day: i64| civil_from_days(day).0;
        let whole = |year: &i64| self.is_whole(days_from_civil(*year, 1, 1), days_from_civil(year + 1, 1, 1));
        let years: Vec<i64> = (year_of(self.first)..=year_of(self.last)).filter(whole).collect();
        self.totals(&years, year_of)
    }

    fn totals(&self, periods: &[i64], period_of: impl Fn(i64) -> i64) -> Vec<(i64, Totals)> {
        let mut totals: Vec<(i64, Totals)> = periods.iter().map(|period| (*period, Totals::default())).collect();
        for (day, of_day) in &self.days {
            if let Ok(place) = periods.binary_search(&period_of(*day)) {
                totals[place].1.add(of_day);
            }
        }
        totals
    }

    /// Names of the months and years at either end that are not whole.
    pub(crate) fn partial(&self) -> Vec<String> {
        let mut names = Vec::new();
        for month in [month_of(self.first), month_of(self.last)] {
            if !self.is_whole(first_of_month(month), first_of_month(month + 1)) {
                names.push(month_name(month));
            }
        }
        for day in [self.first, self.last] {
            let year = civil_from_days(day).0;
            if !self.is_whole(days_from_civil(year, 1, 1), days_from_civil(year + 1, 1, 1)) {
                names.push(format!("{year:04}"));
            }
        }
        names.sort();
        names.dedup();
        names
    }

    /// Whether the last month is over.
    pub(crate) fn last_month_is_whole(&self) -> bool {
        let month = month_of(self.last);
        self.last >= first_of_month(month + 1) - 1 - self.tolerance
    }

    pub(crate) fn days(&self) -> &[(i64, Totals)] {
        &self.days
    }
}

/// The 95th percentile of the distances between days with sales, at most twice the median and one.
fn tolerance(days: &[(i64, Totals)]) -> i64 {
    let mut gaps: Vec<i64> = days.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    gaps.sort_unstable();
    let Some(median) = gaps.get(gaps.len() / 2) else { return LEAST_TOLERANCE };
    let high = gaps[(gaps.len() * 95 / 100).min(gaps.len() - 1)];
    high.min(2 * median + 1).clamp(LEAST_TOLERANCE, MOST_TOLERANCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(days: impl IntoIterator<Item = i64>) -> Calendar {
        Calendar::new(days.into_iter().map(|day| (day, Totals { rows: 1, ..Totals::default() })).collect()).unwrap()
    }

    fn day(text: &str) -> i64 {
        crate::dataset::date::parse(text).unwrap().moment.days()
    }

    #[test]
    fn periods_that_began_before_the_data_are_partial() {
        let daily = calendar(day("2014-01-03")..=day("2015-06-10"));
        assert_eq!(daily.partial(), ["2015", "2015-06"]);
        assert_eq!((daily.months().len(), daily.years().len()), (17, 1));
        assert!(!daily.last_month_is_whole());
        let late = calendar(day("2014-01-20")..=day("2014-12-31"));
        assert_eq!(late.partial(), ["2014", "2014-01"]);
    }

    #[test]
    fn monthly_figures_have_whole_months() {
        let firsts = (0..24).map(|month| first_of_month(2000 * 12 + month));
        let monthly = calendar(firsts);
        assert_eq!((monthly.months().len(), monthly.years().len(), monthly.partial().len()), (24, 2, 0));
    }

    #[test]
    fn a_gap_of_ten_years_is_months_without_sales() {
        let gap = calendar((day("2000-01-01")..=day("2000-12-31")).chain(day("2010-01-01")..=day("2010-12-31")));
        let months = gap.months();
        assert_eq!((months.len(), months.iter().filter(|(_, totals)| totals.rows == 0).count()), (132, 108));
    }

    #[test]
    fn one_day_is_no_whole_period() {
        let one = calendar([day("2020-05-05")]);
        assert_eq!((one.months().len(), one.years().len()), (0, 0));
        assert_eq!(
            (month_name(month_of(day("2020-05-05"))), day_name(0)),
            ("2020-05".to_owned(), "1970-01-01".to_owned())
        );
    }
}

//! Totals by day.

use crate::intelligence::wanted::{FIRST_DAY, LAST_DAY};

/// What happened on one day, in millionths.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Totals {
    pub(crate) rows: u64,
    /// Rows with an amount.
    pub(crate) valued: u64,
    pub(crate) amount: i128,
    /// Amount of the rows whose profit is known.
    pub(crate) costed: i128,
    pub(crate) profit: i128,
    pub(crate) costed_rows: u64,
    pub(crate) quantity: i128,
}

impl Totals {
    #[inline]
    pub(crate) fn add_row(&mut self, amount: Option<i64>, profit: Option<i64>, quantity: Option<i64>) {
        self.rows += 1;
        self.quantity += i128::from(quantity.unwrap_or(0));
        let Some(amount) = amount else { return };
        self.valued += 1;
        self.amount += i128::from(amount);
        if let Some(profit) = profit {
            self.costed += i128::from(amount);
            self.profit += i128::from(profit);
            self.costed_rows += 1;
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.valued += other.valued;
        self.amount += other.amount;
        self.costed += other.costed;
        self.profit += other.profit;
        self.costed_rows += other.costed_rows;
        self.quantity += other.quantity;
    }

    /// Profit as a share of the amount, where both are known.
    pub(crate) fn margin(&self) -> Option<f64> {
        (self.costed > 0).then(|| self.profit as f64 / self.costed as f64)
    }
}

/// Something by day; only days that occur take memory.
#[derive(Debug, Default)]
pub(crate) struct ByDay<T> {
    index: Vec<u32>,
    days: Vec<(i64, T)>,
}

impl<T: Default + Clone> ByDay<T> {
    /// What there is of a plausible day.
    #[inline]
    pub(crate) fn at(&mut self, day: i64) -> &mut T {
        if self.index.is_empty() {
            self.index = vec![u32::MAX; (LAST_DAY - FIRST_DAY + 1) as usize];
        }
        let place = (day.clamp(FIRST_DAY, LAST_DAY) - FIRST_DAY) as usize;
        if self.index[place] == u32::MAX {
            self.index[place] = self.days.len() as u32;
            self.days.push((day, T::default()));
        }
        let place = self.index[place] as usize;
        &mut self.days[place].1
    }

    /// The days that occur, in order.
    pub(crate) fn sorted(&self) -> Vec<(i64, T)> {
        let mut days = self.days.clone();
        days.sort_by_key(|(day, _)| *day);
        days
    }
}

/// How often each whole number occurred, for exact quantiles.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Histogram(std::collections::BTreeMap<i64, u64>);

impl Histogram {
    pub(crate) fn add(&mut self, value: i64) {
        self.add_many(value, 1);
    }

    pub(crate) fn add_many(&mut self, value: i64, count: u64) {
        *self.0.entry(value).or_insert(0) += count;
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.values().sum()
    }

    pub(crate) fn count_above(&self, bound: i64) -> u64 {
        self.0.range(bound + 1..).map(|(_, count)| count).sum()
    }

    pub(crate) fn mean(&self) -> Option<f64> {
        let total: i128 = self.0.iter().map(|(value, count)| i128::from(*value) * i128::from(*count)).sum();
        (!self.0.is_empty()).then(|| total as f64 / self.count() as f64)
    }

    /// The smallest value with at least this share of the occurrences up to it.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let needed = ((share * self.count() as f64).ceil() as u64).max(1);
        let mut running = 0;
        self.0
            .iter()
            .find(|(_, count)| {
                running += **count;
                running >= needed
            })
            .map(|(value, _)| *value as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occur() {
        let mut histogram = Histogram::default();
        [5, 1, 1, 2, 9].into_iter().for_each(|value| histogram.add(value));
        assert_eq!(
            (histogram.quantile(0.5), histogram.quantile(0.95), histogram.mean()),
            (Some(2.0), Some(9.0), Some(3.6))
        );
        assert_eq!((histogram.count_above(2), Histogram::default().quantile(0.5)), (2, None));
    }

    #[test]
    fn days_come_in_order() {
        let mut days = ByDay::<u32>::default();
        for day in [20_000, -3, 20_000, FIRST_DAY, LAST_DAY] {
            *days.at(day) += 1;
        }
        assert_eq!(days.sorted(), [(FIRST_DAY, 1), (-3, 1), (20_000, 2), (LAST_DAY, 1)]);
    }
}

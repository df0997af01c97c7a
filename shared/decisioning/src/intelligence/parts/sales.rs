//! Revenue, profit and quantity: in all, by currency, by day, by dimension, by discount, by product and year.

use std::collections::BTreeMap;

use super::days::{ByDay, Totals};
use super::{Places, Worth, at};
use crate::dataset::date::civil_from_days;
use crate::intelligence::compact::{Compact, Entry};
use crate::intelligence::fixed;
use crate::intelligence::limits::Limits;
use crate::intelligence::role::Role;
use crate::intelligence::wanted::Wanted;

/// Different discounts that are counted one by one; with more they are no rates.
const MAX_DISCOUNTS: usize = 10_000;
/// Pairs of product and year that are compared.
const MAX_PRODUCT_YEARS: usize = 1_000_000;

/// The totals of a table of sales.
#[derive(Debug)]
pub(crate) struct Sales {
    worth: Worth,
    date: Option<usize>,
    currency: Option<usize>,
    discount: Option<usize>,
    product: Option<usize>,
    pub(crate) total: Totals,
    pub(crate) undated: Totals,
    /// Totals by the place of the currency; rows without one come last.
    pub(crate) currencies: BTreeMap<Option<i64>, Totals>,
    pub(crate) days: ByDay<Totals>,
    pub(crate) dimensions: Vec<Dimension>,
    pub(crate) discounts: BTreeMap<i64, Totals>,
    /// Amount and discount of the rows with both, where discounts are too many to be rates.
    pub(crate) too_many_discounts: bool,
    pub(crate) product_years: Compact<ProductYear>,
    pub(crate) negative: Totals,
}

/// Totals by the members of one column.
#[derive(Debug)]
pub(crate) struct Dimension {
    /// The place of the column's cells.
    pub(crate) place: usize,
    /// By the place of the member.
    pub(crate) members: Vec<Totals>,
    /// Rows without a member.
    pub(crate) rest: Totals,
}

/// Sales of a product in one calendar year.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProductYear {
    product: u64,
    pub(crate) year: i32,
    pub(crate) rows: u32,
    pub(crate) amount: i64,
    pub(crate) quantity: i64,
}

impl ProductYear {
    pub(crate) fn product(&self) -> u64 {
        self.product
    }
}

impl Entry for ProductYear {
    type Key = (u64, i32);
    fn key(&self) -> (u64, i32) {
        (self.product, self.year)
    }
    fn hash(&self) -> u64 {
        self.product
    }
    fn add(&mut self, other: &Self) {
        self.rows = self.rows.saturating_add(other.rows);
        self.amount = self.amount.saturating_add(other.amount);
        self.quantity = self.quantity.saturating_add(other.quantity);
    }
}

impl Sales {
    pub(crate) fn new(places: &Places, worth: Worth, date: Option<usize>, limits: &Limits) -> Self {
        let dimensions = places.all(&[Role::Category, Role::Region, Role::Product]);
        let of = |place| Dimension { place, members: Vec::new(), rest: Totals::default() };
        Self {
            worth,
            date,
            currency: places.of(Role::Currency),
            discount: places.of(Role::Discount),
            product: places.of(Role::Product).or_else(|| places.of(Role::Category)),
            total: Totals::default(),
            undated: Totals::default(),
            currencies: BTreeMap::new(),
            days: ByDay::default(),
            dimensions: dimensions.into_iter().map(of).collect(),
            discounts: BTreeMap::new(),
            too_many_discounts: false,
            product_years: Compact::new(MAX_PRODUCT_YEARS.min(limits.max_purchases)),
            negative: Totals::default(),
        }
    }

    #[inline]
    pub(crate) fn row(&mut self, row: &[i64], wanted: &[Wanted]) {
        let amount = self.worth.amount(row);
        let profit = amount.and_then(|amount| self.worth.profit(row, amount));
        let quantity = self.worth.quantity(row);
        self.total.add_row(amount, profit, quantity);
        if amount.is_some_and(|amount| amount < 0) {
            self.negative.add_row(amount, profit, quantity);
        }
        if self.currency.is_some() {
            self.currencies.entry(at(row, self.currency)).or_default().add_row(amount, profit, quantity);
        }
        let day = at(row, self.date);
        let of_day = match day {
            Some(day) => self.days.at(day),
            None => &mut self.undated,
        };
        of_day.add_row(amount, profit, quantity);
        for dimension in &mut self.dimensions {
            dimension.totals(at(row, Some(dimension.place))).add_row(amount, profit, quantity);
        }
        if let Some(discount) = at(row, self.discount) {
            self.add_discount(discount, amount, profit, quantity);
        }
        if let (Some(day), Some(amount), Some(quantity)) = (day, amount, quantity) {
            self.add_product(row, wanted, day, amount, quantity);
        }
    }

    fn add_discount(&mut self, discount: i64, amount: Option<i64>, profit: Option<i64>, quantity: Option<i64>) {
        if self.too_many_discounts {
            return;
        }
        self.discounts.entry(discount).or_default().add_row(amount, profit, quantity);
        if self.discounts.len() > MAX_DISCOUNTS {
            self.discounts.clear();
            self.too_many_discounts = true;
        }
    }

    fn add_product(&mut self, row: &[i64], wanted: &[Wanted], day: i64, amount: i64, quantity: i64) {
        let Some((place, member)) = self.product.and_then(|place| Some((place, at(row, Some(place))?))) else { return };
        let product = wanted[place].members.hash(member as usize);
        let year = self.year_of(day);
        self.product_years.add(ProductYear { product, year, rows: 1, amount, quantity });
    }

    fn year_of(&self, day: i64) -> i32 {
        civil_from_days(day).0 as i32
    }

    /// Whether quantities and products are there to compare years by.
    pub(crate) fn compares_products(&self) -> Option<usize> {
        self.product
    }

    pub(crate) fn close(&mut self) {
        self.product_years.close();
    }

    /// The largest discount.
    pub(crate) fn discount_range(&self) -> Option<(f64, f64)> {
        let first = self.discounts.first_key_value()?.0;
        let last = self.discounts.last_key_value()?.0;
        Some((fixed::to_f64((*first).into()), fixed::to_f64((*last).into())))
    }
}

impl Dimension {
    #[inline]
    fn totals(&mut self, member: Option<i64>) -> &mut Totals {
        let Some(member) = member.and_then(|member| usize::try_from(member).ok()) else { return &mut self.rest };
        if member >= self.members.len() {
            self.members.resize(member + 1, Totals::default());
        }
        &mut self.members[member]
    }
}

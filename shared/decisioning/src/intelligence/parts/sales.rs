//! Revenue, profit and quantity: in all, by currency, by day, by dimension, by discount, by product and year.

use std::collections::BTreeMap;

use super::days::{ByDay, Totals};
use super::{Places, Rows, Worth, at};
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
/// Pairs of product and year at hand, so many of each product.
const RECENT_PRODUCT_YEARS: usize = 1 << 14;
/// See [`RECENT_PRODUCT_YEARS`].
const YEARS_AT_HAND: usize = 4;

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
    /// The lines of the last rows, kept for their memory.
    lines: Vec<Line>,
}

/// What a row is worth.
#[derive(Debug, Clone, Copy)]
struct Line {
    amount: Option<i64>,
    profit: Option<i64>,
    quantity: Option<i64>,
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
            product_years: Compact::new(MAX_PRODUCT_YEARS.min(limits.max_purchases), RECENT_PRODUCT_YEARS),
            negative: Totals::default(),
            lines: Vec::new(),
        }
    }

    /// Adds up rows, for one kind of total after the other.
    pub(crate) fn rows(&mut self, rows: &Rows<'_>, wanted: &[Wanted]) {
        let mut lines = std::mem::take(&mut self.lines);
        lines.clear();
        lines.extend(rows.clone().map(|row| Line::of(&self.worth, row)));
        for line in &lines {
            line.add_to(&mut self.total);
            if line.amount.is_some_and(|amount| amount < 0) {
                line.add_to(&mut self.negative);
            }
        }
        let both = || rows.clone().zip(&lines);
        if self.currency.is_some() {
            both().for_each(|(row, line)| line.add_to(self.currencies.entry(at(row, self.currency)).or_default()));
        }
        for (row, line) in both() {
            line.add_to(at(row, self.date).map_or(&mut self.undated, |day| self.days.at(day)));
        }
        for dimension in &mut self.dimensions {
            both().for_each(|(row, line)| line.add_to(dimension.totals(at(row, Some(dimension.place)))));
        }
        if self.discount.is_some() {
            both().for_each(|(row, line)| self.add_discount(row, line));
        }
        if let Some(product) = self.product {
            both().for_each(|(row, line)| self.add_product(row, line, product, &wanted[product]));
        }
        self.lines = lines;
    }

    fn add_discount(&mut self, row: &[i64], line: &Line) {
        let Some(discount) = at(row, self.discount).filter(|_| !self.too_many_discounts) else { return };
        line.add_to(self.discounts.entry(discount).or_default());
        if self.discounts.len() > MAX_DISCOUNTS {
            self.discounts.clear();
            self.too_many_discounts = true;
        }
    }

    #[inline]
    fn add_product(&mut self, row: &[i64], line: &Line, product: usize, wanted: &Wanted) {
        let Line { amount: Some(amount), quantity: Some(quantity), .. } = *line else { return };
        let (Some(day), Some(member)) = (at(row, self.date), at(row, Some(product))) else { return };
        let product = wanted.members.hash(member as usize);
        let year = year_of(day);
        let place = member as usize * YEARS_AT_HAND + year as usize % YEARS_AT_HAND;
        self.product_years.add_at(place, ProductYear { product, year, rows: 1, amount, quantity });
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

fn year_of(day: i64) -> i32 {
    civil_from_days(day).0 as i32
}

impl Line {
    #[inline]
    fn of(worth: &Worth, row: &[i64]) -> Self {
        let amount = worth.amount(row);
        let profit = amount.and_then(|amount| worth.profit(row, amount));
        Self { amount, profit, quantity: worth.quantity(row) }
    }

    #[inline]
    fn add_to(&self, totals: &mut Totals) {
        totals.add_row(self.amount, self.profit, self.quantity);
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

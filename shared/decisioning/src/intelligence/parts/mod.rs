//! What is added up while the rows of a table go by, in memory that does not grow with their number.

pub(crate) mod customers;
pub(crate) mod days;
pub(crate) mod delivery;
pub(crate) mod orders;
pub(crate) mod receivables;
pub(crate) mod sales;
pub(crate) mod work;

use self::customers::Customers;
use self::delivery::Delivery;
use self::orders::Orders;
use self::receivables::Receivables;
use self::sales::Sales;
use self::work::Work;
use super::fixed;
use super::limits::Limits;
use super::role::Role;
use super::wanted::{INVALID, Wanted};
use crate::dataset::cell::Cell;

/// Which parts a table serves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Areas {
    /// Revenue, orders and customers.
    pub(crate) sales: bool,
    /// Shipping.
    pub(crate) delivery: bool,
    /// Invoices and payments.
    pub(crate) receivables: bool,
    /// Projects and capacity.
    pub(crate) work: bool,
}

impl Areas {
    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// Where the cells of each role are within a row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places(Vec<(Role, usize)>);

impl Places {
    pub(crate) fn new(wanted: &[Wanted]) -> Self {
        Self(wanted.iter().enumerate().map(|(place, wanted)| (wanted.role, place)).collect())
    }

    pub(crate) fn of(&self, role: Role) -> Option<usize> {
        self.0.iter().find(|(of, _)| *of == role).map(|(_, place)| *place)
    }

    pub(crate) fn all(&self, roles: &[Role]) -> Vec<usize> {
        self.0.iter().filter(|(of, _)| roles.contains(of)).map(|(_, place)| *place).collect()
    }
}

/// Rows one after the other, each with a cell for every wanted column.
pub(crate) type Rows<'a> = std::slice::ChunksExact<'a, i64>;

/// The value of a cell, if there is one.
#[inline]
pub(crate) fn at(row: &[i64], place: Option<usize>) -> Option<i64> {
    row.get(place?).copied().filter(|value| *value > INVALID)
}

/// Whether a cell holds something that cannot be read.
pub(crate) fn is_invalid(row: &[i64], place: Option<usize>) -> bool {
    place.and_then(|place| row.get(place)) == Some(&INVALID)
}

/// What a line is worth, by the columns that there are.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Worth {
    amount: Option<usize>,
    quantity: Option<usize>,
    price: Option<usize>,
    cost: Option<usize>,
    profit: Option<usize>,
    is_unit_cost: bool,
}

impl Worth {
    pub(crate) fn new(places: &Places, wanted: &[Wanted]) -> Self {
        let cost = places.of(Role::Cost);
        Self {
            amount: places.of(Role::Amount),
            quantity: places.of(Role::Quantity),
            price: places.of(Role::Price),
            is_unit_cost: cost.is_some_and(|place| is_of_one_unit(&wanted[place].column)),
            cost,
            profit: places.of(Role::Profit),
        }
    }

    /// The amount; without such a column quantity times price.
    pub(crate) fn amount(&self, row: &[i64]) -> Option<i64> {
        match self.amount {
            Some(_) => at(row, self.amount),
            None => fixed::product(at(row, self.quantity)?, at(row, self.price)?),
        }
    }

    /// Amount less cost, by the profit where it is given.
    pub(crate) fn profit(&self, row: &[i64], amount: i64) -> Option<i64> {
        if self.profit.is_some() {
            return at(row, self.profit);
        }
        let cost = at(row, self.cost)?;
        let cost = if self.is_unit_cost { fixed::product(cost, at(row, self.quantity)?)? } else { cost };
        amount.checked_sub(cost)
    }

    pub(crate) fn quantity(&self, row: &[i64]) -> Option<i64> {
        at(row, self.quantity)
    }
}

/// Words before `unit` with which it is a part of a company.
const OF_A_COMPANY: [&str; 7] =
    ["administrative", "business", "operating", "operational", "organizational", "sales", "strategic"];

/// Whether a header says that the cost is that of one unit, as `unit_cost` and `CostPerPiece` do, by its whole words:
/// `opportunity_cost` does not, and neither does `business_unit_cost`.
fn is_of_one_unit(header: &str) -> bool {
    let words = crate::discovery::pii::words(header);
    let is_thing = |place: usize| place == 0 || !OF_A_COMPANY.contains(&words[place - 1].as_str());
    words.iter().enumerate().any(|(place, word)| match word.as_str() {
        "per" | "unitcost" => true,
        "unit" => is_thing(place),
        _ => false,
    })
}

/// All that is added up over one table.
pub(crate) struct Parts {
    /// The place of the currency and the hash of the one that is used.
    currency: Option<(usize, u64)>,
    /// Rows of other currencies, which were left out.
    pub(crate) other_currency: u64,
    pub(crate) sales: Option<Sales>,
    pub(crate) orders: Option<Orders>,
    pub(crate) customers: Option<Customers>,
    pub(crate) delivery: Option<Delivery>,
    pub(crate) receivables: Option<Receivables>,
    pub(crate) work: Option<Work>,
}

impl Parts {
    pub(crate) fn new(wanted: &[Wanted], areas: Areas, currency: Option<&str>, limits: &Limits) -> Self {
        let places = Places::new(wanted);
        let worth = Worth::new(&places, wanted);
        let hash = |text: &str| match Cell::Text(text).read() {
            crate::dataset::cell::Reading::Value(value, _) => value.hash(),
            crate::dataset::cell::Reading::Null(_) => 0,
        };
        let date = places.of(Role::OrderDate).or_else(|| places.of(Role::Date));
        Self {
            currency: places.of(Role::Currency).zip(currency.map(hash)),
            other_currency: 0,
            sales: areas.sales.then(|| Sales::new(&places, worth, date, limits)),
            orders: Orders::new(&places, worth, date, limits).filter(|_| areas.sales),
            customers: Customers::new(&places, worth, date, limits).filter(|_| areas.sales),
            delivery: areas.delivery.then(|| Delivery::new(&places, worth, date)),
            receivables: areas.receivables.then(|| Receivables::new(&places, worth, date)),
            work: areas.work.then(|| Work::new(&places)),
        }
    }

    /// Whether a row is in the currency that is used; those that are not are counted.
    #[inline]
    pub(crate) fn counts(&mut self, row: &[i64], wanted: &[Wanted]) -> bool {
        let Some((place, hash)) = self.currency else { return true };
        let own = at(row, Some(place)).map(|member| wanted[place].members.hash(member as usize));
        self.other_currency += u64::from(own != Some(hash));
        own == Some(hash)
    }

    /// Adds up rows.
    pub(crate) fn rows(&mut self, rows: Rows<'_>, wanted: &[Wanted]) {
        if let Some(sales) = &mut self.sales {
            sales.rows(&rows, wanted);
        }
        if let Some(orders) = &mut self.orders {
            rows.clone().for_each(|row| orders.row(row));
        }
        if let Some(customers) = &mut self.customers {
            rows.clone().for_each(|row| customers.row(row));
        }
        if let Some(delivery) = &mut self.delivery {
            rows.clone().for_each(|row| delivery.row(row));
        }
        if let Some(receivables) = &mut self.receivables {
            rows.clone().for_each(|row| receivables.row(row));
        }
        if let Some(work) = &mut self.work {
            rows.for_each(|row| work.row(row, wanted));
        }
    }

    /// Ends the table; to be called once before its figures are asked for.
    pub(crate) fn close(&mut self) {
        if let Some(sales) = &mut self.sales {
            sales.close();
        }
        if let Some(orders) = &mut self.orders {
            orders.found.close();
        }
        if let Some(customers) = &mut self.customers {
            customers.close();
        }
        if let Some(receivables) = &mut self.receivables {
            receivables.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_of_one_unit_are_known_by_whole_words() {
        for (header, expected) in [
            ("unit_cost", true),
            ("Unit Cost", true),
            ("costPerUnit", true),
            ("cost_per_piece", true),
            ("Cost per hour", true),
            ("unitcost", true),
            ("cost of unit", true),
            ("cost", false),
            ("total_cost", false),
            ("opportunity_cost", false),
            ("community_cost", false),
            ("business_unit_cost", false),
            ("Operating Unit Costs", false),
            ("super_cost", false),
            ("personnel_cost", false),
        ] {
            assert_eq!(is_of_one_unit(header), expected, "{header}");
        }
    }
}

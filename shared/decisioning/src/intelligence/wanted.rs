//! One column that plays a part: reads its cells into whole numbers and counts what it met.

use std::collections::BTreeSet;

use super::fixed;
use super::members::{Members, Names};
use super::memo::Memo;
use super::role::{Kind, Role};
use crate::dataset::Cell;
use crate::dataset::cell::{Form, Reading, Value};
use crate::dataset::date::{Moment, Order, days_from_civil, iso_day};

/// A cell without a value.
pub(crate) const ABSENT: i64 = i64::MIN;
/// A cell that does not hold what its role demands.
pub(crate) const INVALID: i64 = i64::MIN + 1;
/// The first and the last day that are plausible, 1900-01-01 and 2199-12-31, counted from 1970-01-01.
pub(crate) const FIRST_DAY: i64 = -25_567;
/// See [`FIRST_DAY`].
pub(crate) const LAST_DAY: i64 = 84_005;

/// Texts of a column that are remembered.
const MEMO: usize = 1 << 11;
/// The same of products.
const MEMO_OF_PRODUCTS: usize = 1 << 12;
/// Order ids come again with the next lines of the order, and then never.
const MEMO_OF_ORDERS: usize = 1 << 4;

/// A column that is read.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) role: Role,
    pub(crate) column: String,
    /// Whether names must not be shown.
    pub(crate) is_personal: bool,
    kind: Kind,
    is_day_first: bool,
    pub(crate) filled: u64,
    pub(crate) invalid: u64,
    pub(crate) members: Members,
    pub(crate) names: Names,
    /// Currency signs of the amounts, with a blank for amounts without any.
    pub(crate) signs: BTreeSet<char>,
    last_sign: Option<char>,
    day_first: u64,
    month_first: u64,
    ambiguous: u64,
    memo: Memo,
}

impl Wanted {
    pub(crate) fn new(role: Role, column: &str, is_personal: bool, is_day_first: bool, most: usize) -> Self {
        Self {
            role,
            column: column.to_owned(),
            is_personal,
            kind: role.kind(),
            is_day_first,
            filled: 0,
            invalid: 0,
            members: Members::new(most),
            names: Names::new(most),
            signs: BTreeSet::new(),
            last_sign: None,
            day_first: 0,
            month_first: 0,
            ambiguous: 0,
            memo: Memo::new(match role {
                Role::OrderId => MEMO_OF_ORDERS,
                Role::Product => MEMO_OF_PRODUCTS,
                _ => MEMO,
            }),
        }
    }

    /// Whether its dates turned out to be written in the other order of day and month.
    pub(crate) fn is_mistaken(&self) -> bool {
        let against = if self.is_day_first { self.month_first } else { self.day_first };
        let for_it = if self.is_day_first { self.day_first } else { self.month_first };
        self.ambiguous > 0 && against > 0 && for_it == 0
    }

    /// Whether its dates are read with the day first.
    pub(crate) fn is_day_first(&self) -> bool {
        self.is_day_first
    }

    /// Reads one cell.
    #[inline]
    pub(crate) fn read(&mut self, cell: Cell<'_>) -> i64 {
        match cell {
            Cell::Text(text) => self.read_text(text),
            _ => self.read_anew(cell),
        }
    }

    /// Reads one cell of text.
    #[inline]
    pub(crate) fn read_text(&mut self, text: &str) -> i64 {
        if let Some(found) = self.read_plain(text) {
            self.filled += 1;
            return found;
        }
        let found = self.read_anew(Cell::Text(text));
        // Amounts seldom come again, and each may bring a currency sign.
        if found > INVALID && !self.role.is_money() {
            self.memo.put(text, found);
        }
        found
    }

    /// The quick way for what most cells hold; gives what [`Wanted::read_anew`] would give.
    #[inline]
    fn read_plain(&mut self, text: &str) -> Option<i64> {
        let quick = match self.kind {
            Kind::Number => fixed::from_text(text).inspect(|_| self.note_sign(' ')),
            Kind::Day => iso_day(text).filter(|day| (FIRST_DAY..=LAST_DAY).contains(day)),
            Kind::Flag | Kind::Key | Kind::Member => None,
        };
        quick.or_else(|| self.memo.get(text))
    }

    fn read_anew(&mut self, cell: Cell<'_>) -> i64 {
        let Reading::Value(value, form) = cell.read() else { return ABSENT };
        let found = match self.kind {
            Kind::Number => self.number(&value, form, cell),
            Kind::Day => self.day(&value, form),
            Kind::Flag => flag(&value).map(i64::from),
            Kind::Key => Some(self.key(&value)),
            Kind::Member => self.members.place(value.hash(), || text(&value)).map(i64::from),
        };
        match found {
            Some(found) => {
                self.filled += 1;
                found
            }
            None => {
                self.invalid += 1;
                INVALID
            }
        }
    }

    /// A cell as it was read, in a form that does not depend on what was read before.
    pub(crate) fn stable(&self, cell: i64) -> u64 {
        match self.kind {
            Kind::Member if cell > INVALID => self.members.hash(cell as usize),
            _ => cell.cast_unsigned(),
        }
    }

    fn number(&mut self, value: &Value<'_>, form: Form, cell: Cell<'_>) -> Option<i64> {
        let number = fixed::from_f64(value.as_f64()?)?;
        self.note_sign(if form == Form::Formatted { currency_sign(cell) } else { ' ' });
        Some(number)
    }

    #[inline]
    fn note_sign(&mut self, sign: char) {
        if self.role.is_money() && self.last_sign != Some(sign) {
            self.last_sign = Some(sign);
            self.signs.insert(sign);
        }
    }

    fn key(&mut self, value: &Value<'_>) -> i64 {
        let hash = value.hash();
        if self.role == Role::Customer && !self.is_personal {
            self.names.note(hash, || text(value));
        }
        hash.cast_signed().max(INVALID + 1)
    }

    fn day(&mut self, value: &Value<'_>, form: Form) -> Option<i64> {
        let days = match *value {
            Value::Time(moment) => self.in_order(moment, form).days(),
            Value::Int(compact) => from_compact(compact)?,
            _ => return None,
        };
        (FIRST_DAY..=LAST_DAY).contains(&days).then_some(days)
    }

    fn in_order(&mut self, moment: Moment, form: Form) -> Moment {
        let Form::Dated(order) = form else { return moment };
        match order {
            Order::DayFirst => self.day_first += 1,
            Order::MonthFirst => self.month_first += 1,
            Order::Ambiguous => {
                self.ambiguous += 1;
                return if self.is_day_first { moment.exchanged() } else { moment };
            }
            Order::Certain => {}
        }
        moment
    }
}

fn text(value: &Value<'_>) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Time(value) => value.to_iso(),
        Value::Text(value) => (*value).to_owned(),
    }
}

fn currency_sign(cell: Cell<'_>) -> char {
    let Cell::Text(text) = cell else { return ' ' };
    text.chars().find(|c| matches!(c, '$' | '€' | '£' | '¥')).unwrap_or(' ')
}

/// A day written as `YYYYMMDD`.
fn from_compact(number: i64) -> Option<i64> {
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    let is_plausible = (1900..2200).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    is_plausible.then(|| days_from_civil(year, month, day))
}

fn flag(value: &Value<'_>) -> Option<bool> {
    const YES: [&str; 6] = ["y", "t", "returned", "refunded", "x", "return"];
    const NO: [&str; 5] = ["n", "f", "kept", "not returned", "none"];
    let is = |list: &[&str], text: &str| list.iter().any(|word| text.eq_ignore_ascii_case(word));
    match *value {
        Value::Bool(flag) => Some(flag),
        Value::Int(number) => Some(number != 0),
        Value::Text(text) if is(&YES, text) => Some(true),
        Value::Text(text) if is(&NO, text) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(role: Role, text: &str, expected: i64) {
        let mut wanted = Wanted::new(role, "c", false, false, 10);
        assert_eq!(wanted.read(Cell::Text(text)), expected, "{role:?} {text:?}");
    }

    #[test]
    fn cells_by_role() {
        check(Role::Amount, "261.96", 261_960_000);
        check(Role::Amount, "$1,200", 1_200_000_000);
        check(Role::Amount, "n/a", ABSENT);
        check(Role::Amount, "abc", INVALID);
        check(Role::Amount, "1e300", INVALID);
        check(Role::OrderDate, "1970-01-02", 1);
        check(Role::OrderDate, "19700103", 2);
        check(Role::OrderDate, "0001-01-01", INVALID);
        check(Role::OrderDate, "9999-12-31", INVALID);
        check(Role::Returned, "Yes", 1);
        check(Role::Returned, "perhaps", INVALID);
        check(Role::Region, "West", 0);
    }

    #[test]
    fn bounds_of_plausible_days() {
        assert_eq!((days_from_civil(1900, 1, 1), days_from_civil(2199, 12, 31)), (FIRST_DAY, LAST_DAY));
    }

    #[test]
    fn the_order_of_day_and_month_may_turn_out_later() {
        let mut wanted = Wanted::new(Role::OrderDate, "c", false, false, 10);
        wanted.read(Cell::Text("3/4/2020"));
        assert!(!wanted.is_mistaken());
        wanted.read(Cell::Text("23/4/2020"));
        assert!(wanted.is_mistaken());
        let mut turned = Wanted::new(Role::OrderDate, "c", false, true, 10);
        assert_eq!(turned.read(Cell::Text("3/4/2020")), days_from_civil(2020, 4, 3));
    }
}

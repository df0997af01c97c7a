//! Invoices: what was billed, what is open and since when, how fast the rest was paid.

use std::collections::BTreeMap;

use super::days::{ByDay, Histogram};
use super::{Places, Worth, at, is_invalid};
use crate::intelligence::role::Role;

/// Money that is open, in millionths.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Open {
    pub(crate) rows: u64,
    pub(crate) amount: i128,
}

impl Open {
    fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.amount += other.amount;
    }
}

impl From<i64> for Open {
    fn from(amount: i64) -> Self {
        Self { rows: 1, amount: amount.into() }
    }
}

/// Rows of which it is known what is open.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) rows: u64,
    /// Billed by day; undated invoices are in `undated`.
    pub(crate) billed: ByDay<Open>,
    pub(crate) undated: Open,
    /// Open amounts, none of them 0, by the day they are due.
    pub(crate) open: BTreeMap<Option<i64>, Open>,
}

impl Known {
    fn bill(&mut self, day: Option<i64>, billed: Open) {
        match day {
            Some(day) => self.billed.at(day).add(billed),
            None => self.undated.add(billed),
        }
    }

    fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.bill(None, other.undated);
        other.billed.sorted().into_iter().for_each(|(day, billed)| self.bill(Some(day), billed));
        other.open.iter().for_each(|(due, open)| self.open.entry(*due).or_default().add(*open));
    }
}

/// What is open of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Owed {
    /// So much on the day as of which all is judged.
    Then(i64),
    /// So much on the last day of the data; since when is not told.
    Now(i64),
    Unknown,
}

/// What the column of paid dates says of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Paid {
    /// There is no such column, or no day in it.
    Never,
    On(i64),
    /// After the day as of which all is judged.
    Later,
    /// There is something that is no day.
    Unreadable,
}

/// The invoices of a table.
#[derive(Debug)]
pub(crate) struct Receivables {
    worth: Worth,
    invoiced: Option<usize>,
    due: Option<usize>,
    paid: Option<usize>,
    paid_amount: Option<usize>,
    open_amount: Option<usize>,
    /// Judged as of this day; payments and invoices after it have not happened. The data's last day when absent.
    as_of: Option<i64>,
    /// The last day on which something was invoiced or paid, up to that day.
    pub(crate) last_day: Option<i64>,
    /// The last day of all.
    pub(crate) latest: Option<i64>,
    /// Rows whose open amount is known.
    pub(crate) known: Known,
    /// Rows whose open amount on the data's last day is known, and on no other.
    now: Known,
    /// Rows whose open amount is unknown.
    pub(crate) unknown: u64,
    /// Invoices after the day as of which all is judged.
    pub(crate) later: u64,
    /// Days from invoice to payment.
    pub(crate) days_to_pay: Histogram,
    /// Days from the due day to payment; above 0 is late.
    pub(crate) lateness: Histogram,
    /// Paid before it was invoiced.
    pub(crate) reversed: u64,
}

impl Receivables {
    pub(crate) fn new(places: &Places, worth: Worth, date: Option<usize>) -> Self {
        Self {
            worth,
            invoiced: date,
            due: places.of(Role::DueDate),
            paid: places.of(Role::PaidDate),
            paid_amount: places.of(Role::PaidAmount),
            open_amount: places.of(Role::OpenAmount),
            as_of: None,
            last_day: None,
            latest: None,
            known: Known::default(),
            now: Known::default(),
            unknown: 0,
            later: 0,
            days_to_pay: Histogram::default(),
            lateness: Histogram::default(),
            reversed: 0,
        }
    }

    /// Judges as of a day.
    pub(crate) fn as_of(&mut self, day: Option<i64>) {
        self.as_of = day;
    }

    #[inline]
    pub(crate) fn row(&mut self, row: &[i64]) {
        let (invoiced, paid) = (at(row, self.invoiced), self.paid(row));
        self.latest = self.latest.max(invoiced).max(at(row, self.paid));
        if invoiced.zip(self.as_of).is_some_and(|(day, as_of)| day > as_of) {
            self.later += 1;
            return;
        }
        self.last_day = self.last_day.max(invoiced);
        let amount = self.worth.amount(row);
        match self.owed(row, amount, paid) {
            Owed::Then(open) => enter(&mut self.known, at(row, self.due), open, invoiced, amount),
            Owed::Now(open) => enter(&mut self.now, at(row, self.due), open, invoiced, amount),
            Owed::Unknown => self.unknown += 1,
        }
        if let Paid::On(paid) = paid {
            self.last_day = self.last_day.max(Some(paid));
            self.add_payment(row, invoiced, paid);
        }
    }

    fn paid(&self, row: &[i64]) -> Paid {
        match at(row, self.paid) {
            Some(paid) if self.as_of.is_some_and(|as_of| paid > as_of) => Paid::Later,
            Some(paid) => Paid::On(paid),
            None if is_invalid(row, self.paid) => Paid::Unreadable,
            None => Paid::Never,
        }
    }

    /// What is open: the column that says so, else the amount less what was paid, else all of it while unpaid.
    fn owed(&self, row: &[i64], amount: Option<i64>, paid: Paid) -> Owed {
        if self.open_amount.is_some() {
            return at(row, self.open_amount).map_or(Owed::Unknown, Owed::Now);
        }
        if self.paid_amount.is_some() {
            return self.after_payment(row, amount, paid);
        }
        match (paid, amount) {
            (Paid::On(_), _) => Owed::Then(0),
            (Paid::Never | Paid::Later, Some(amount)) if self.paid.is_some() => Owed::Then(amount),
            _ => Owed::Unknown,
        }
    }

    /// The amount less what was paid. An empty cell is no payment, unless there is the day of one; a payment without a
    /// day was made at any time.
    fn after_payment(&self, row: &[i64], amount: Option<i64>, paid: Paid) -> Owed {
        let Some(amount) = amount else { return Owed::Unknown };
        let is_unreadable = is_invalid(row, self.paid_amount);
        match (paid, at(row, self.paid_amount)) {
            (Paid::Later, _) => Owed::Then(amount),
            (Paid::Never, Some(0)) => Owed::Then(amount),
            (Paid::Never, None) if !is_unreadable => Owed::Then(amount),
            (_, None) => Owed::Unknown,
            (Paid::On(_), Some(part)) => amount.checked_sub(part).map_or(Owed::Unknown, Owed::Then),
            (_, Some(part)) => amount.checked_sub(part).map_or(Owed::Unknown, Owed::Now),
        }
    }

    fn add_payment(&mut self, row: &[i64], invoiced: Option<i64>, paid: i64) {
        match invoiced {
            Some(invoiced) if paid < invoiced => self.reversed += 1,
            Some(invoiced) => self.days_to_pay.add(paid - invoiced),
            None => {}
        }
        if let Some(due) = at(row, self.due) {
            self.lateness.add(paid - due);
        }
    }

    /// Ends the table: what was open on its last day counts where that is the day as of which all is judged.
    pub(crate) fn close(&mut self) {
        let now = std::mem::take(&mut self.now);
        if self.is_past() {
            self.unknown += now.rows;
        } else {
            self.known.add(&now);
        }
    }

    /// Whether the day as of which all is judged is before the last one of the data.
    pub(crate) fn is_past(&self) -> bool {
        self.as_of.zip(self.latest).is_some_and(|(as_of, latest)| as_of < latest)
    }

    /// Whether a column says what is open, whatever else there is.
    pub(crate) fn is_told(&self) -> bool {
        self.open_amount.is_some()
    }

    /// Whether open amounts can be told from the columns that there are.
    pub(crate) fn tells_open(&self) -> bool {
        self.open_amount.is_some() || self.paid_amount.is_some() || self.paid.is_some()
    }
}

fn enter(known: &mut Known, due: Option<i64>, open: i64, invoiced: Option<i64>, amount: Option<i64>) {
    known.rows += 1;
    if open != 0 {
        known.open.entry(due).or_default().add(open.into());
    }
    if let Some(amount) = amount {
        known.bill(invoiced, amount.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intelligence::wanted::{ABSENT, INVALID, Wanted};

    /// The open amount of an invoice of 100 as of day 50, by its paid day and what was paid.
    fn owed(roles: &[Role], row: &[i64]) -> Owed {
        let wanted: Vec<Wanted> = roles.iter().map(|role| Wanted::new(*role, "c", false, false, 9)).collect();
        let places = Places::new(&wanted);
        let mut part = Receivables::new(&places, Worth::new(&places, &wanted), None);
        part.as_of(Some(50));
        part.owed(row, Some(100), part.paid(row))
    }

    #[test]
    fn a_payment_counts_from_its_day_on() {
        let roles = [Role::PaidDate, Role::PaidAmount];
        for (paid, part, expected) in [
            (40, 30, Owed::Then(70)),
            (60, 30, Owed::Then(100)),
            (60, INVALID, Owed::Then(100)),
            (40, ABSENT, Owed::Unknown),
            (40, INVALID, Owed::Unknown),
            (ABSENT, ABSENT, Owed::Then(100)),
            (ABSENT, 0, Owed::Then(100)),
            (ABSENT, 30, Owed::Now(70)),
            (ABSENT, INVALID, Owed::Unknown),
            (INVALID, ABSENT, Owed::Unknown),
            (INVALID, 30, Owed::Now(70)),
        ] {
            assert_eq!(owed(&roles, &[paid, part]), expected, "{paid} {part}");
        }
    }

    #[test]
    fn an_unreadable_cell_is_neither_paid_nor_unpaid() {
        for (paid, expected) in
            [(40, Owed::Then(0)), (60, Owed::Then(100)), (ABSENT, Owed::Then(100)), (INVALID, Owed::Unknown)]
        {
            assert_eq!(owed(&[Role::PaidDate], &[paid]), expected, "{paid}");
        }
        for (open, expected) in
            [(0, Owed::Now(0)), (5, Owed::Now(5)), (ABSENT, Owed::Unknown), (INVALID, Owed::Unknown)]
        {
            assert_eq!(owed(&[Role::OpenAmount, Role::PaidDate], &[open, 40]), expected, "{open}");
        }
        assert_eq!(owed(&[Role::DueDate], &[40]), Owed::Unknown);
    }
}

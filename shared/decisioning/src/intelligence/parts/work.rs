//! Projects and capacity: budget against cost, what was finished and when, hours used of those available.

use super::days::Histogram;
use super::{Places, at};
use crate::intelligence::role::Role;
use crate::intelligence::wanted::Wanted;

/// Words of a state that mean that the work is done.
const DONE: [&str; 7] = ["done", "complete", "completed", "closed", "finished", "delivered", "resolved"];
/// Words of a state that mean that the work was given up.
const DROPPED: [&str; 5] = ["cancelled", "canceled", "abandoned", "rejected", "void"];

/// The projects of a table.
#[derive(Debug)]
pub(crate) struct Work {
    budget: Option<usize>,
    actual: Option<usize>,
    used: Option<usize>,
    capacity: Option<usize>,
    status: Option<usize>,
    start: Option<usize>,
    end: Option<usize>,
    due: Option<usize>,
    pub(crate) budgeted_rows: u64,
    pub(crate) budgeted: i128,
    pub(crate) spent: i128,
    pub(crate) over_budget: u64,
    pub(crate) used_rows: u64,
    pub(crate) hours_used: i128,
    pub(crate) hours_available: i128,
    /// Rows whose completion is known, those that are done and those that were given up.
    pub(crate) judged: u64,
    pub(crate) done: u64,
    pub(crate) dropped: u64,
    /// Days from start to end.
    pub(crate) duration: Histogram,
    /// Days from the due day to the end.
    pub(crate) lateness: Histogram,
}

impl Work {
    pub(crate) fn new(places: &Places) -> Self {
        Self {
            budget: places.of(Role::Budget),
            actual: places.of(Role::Actual).or_else(|| places.of(Role::Cost)),
            used: places.of(Role::Used),
            capacity: places.of(Role::Capacity),
            status: places.of(Role::Status),
            start: places.of(Role::StartDate),
            end: places.of(Role::EndDate),
            due: places.of(Role::DueDate),
            budgeted_rows: 0,
            budgeted: 0,
            spent: 0,
            over_budget: 0,
            used_rows: 0,
            hours_used: 0,
            hours_available: 0,
            judged: 0,
            done: 0,
            dropped: 0,
            duration: Histogram::default(),
            lateness: Histogram::default(),
        }
    }

    pub(crate) fn row(&mut self, row: &[i64], wanted: &[Wanted]) {
        if let (Some(budget), Some(actual)) = (at(row, self.budget), at(row, self.actual)) {
            self.budgeted_rows += 1;
            self.budgeted += i128::from(budget);
            self.spent += i128::from(actual);
            self.over_budget += u64::from(actual > budget);
        }
        if let (Some(used), Some(capacity)) = (at(row, self.used), at(row, self.capacity)) {
            self.used_rows += 1;
            self.hours_used += i128::from(used);
            self.hours_available += i128::from(capacity);
        }
        self.judge(row, wanted);
        if let (Some(start), Some(end)) = (at(row, self.start), at(row, self.end)) {
            self.duration.add(end - start);
        }
        if let (Some(due), Some(end)) = (at(row, self.due), at(row, self.end)) {
            self.lateness.add(end - due);
        }
    }

    /// By the state where there is one, else by whether there is an end.
    fn judge(&mut self, row: &[i64], wanted: &[Wanted]) {
        if let (Some(place), Some(member)) = (self.status, at(row, self.status)) {
            let name = wanted[place].members.name(member as usize).to_ascii_lowercase();
            self.judged += 1;
            self.done += u64::from(DONE.contains(&name.as_str()));
            self.dropped += u64::from(DROPPED.contains(&name.as_str()));
        } else if self.status.is_none() && self.end.is_some() && at(row, self.start).is_some() {
            self.judged += 1;
            self.done += u64::from(at(row, self.end).is_some());
        }
    }
}

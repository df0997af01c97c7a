//! Keeps account of every figure: where it is, what it comes from, or why it is not there.

use super::analyse::Read;
use super::data::{MetricRecord, MetricStatus};
use super::request::Group;
use super::role::Role;

/// A figure by definition.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// Its name.
    pub metric: &'static str,
    /// Its group.
    pub group: Group,
    /// Where it stands in the data.
    pub pointer: &'static str,
    /// How it is computed.
    pub formula: &'static str,
    /// What its observations are.
    pub n_of: &'static str,
    /// Observations for a figure that can be relied on.
    pub n_required: u64,
}

/// Why a figure is not there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Why {
    /// Something is missing.
    Absent(String),
    /// The tables hold nothing of what it is about.
    NotApplicable(String),
}

/// Says that a role has no column.
pub(crate) fn missing(roles: &[Role]) -> Why {
    let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    Why::Absent(format!("no column plays the part of {}", names.join(" or ")))
}

/// Says why, in words.
pub(crate) fn absent(reason: &str) -> Why {
    Why::Absent(reason.to_owned())
}

/// What a figure comes from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Basis {
    table: Option<String>,
    columns: Vec<String>,
    n: u64,
}

impl Basis {
    /// The columns of a table that play these parts, and the number of observations.
    pub(crate) fn new(read: Option<&Read>, roles: &[Role], n: u64) -> Self {
        let Some(read) = read else { return Self { n, ..Self::default() } };
        let used = read.gather.wanted.iter().filter(|wanted| roles.contains(&wanted.role));
        Self { table: Some(read.table.name.clone()), columns: used.map(|wanted| wanted.column.clone()).collect(), n }
    }
}

/// The account.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    groups: Vec<Group>,
    pub(crate) records: Vec<MetricRecord>,
}

impl Ledger {
    pub(crate) fn new(groups: Vec<Group>) -> Self {
        Self { groups, records: Vec::new() }
    }

    pub(crate) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Whether figures of this group are asked for.
    pub(crate) fn wants(&self, group: Group) -> bool {
        self.groups.contains(&group)
    }

    /// Enters a figure and hands it on.
    pub(crate) fn enter<T>(&mut self, definition: &Definition, basis: Basis, found: Result<T, Why>) -> Option<T> {
        let (status, reason, value) = match found {
            Ok(value) => (MetricStatus::Computed, None, Some(value)),
            Err(Why::Absent(reason)) => (MetricStatus::Absent, Some(reason), None),
            Err(Why::NotApplicable(reason)) => (MetricStatus::NotApplicable, Some(reason), None),
        };
        self.records.push(MetricRecord {
            metric: definition.metric.to_owned(),
            group: Some(definition.group),
            status,
            reason,
            pointer: definition.pointer.to_owned(),
            table: basis.table,
            columns: basis.columns,
            n: basis.n,
            n_of: definition.n_of.to_owned(),
            n_required: definition.n_required,
            formula: definition.formula.to_owned(),
        });
        value
    }

    /// Figures that count as asked for, and those computed.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let count = |status: MetricStatus| self.records.iter().filter(|r| r.status == status).count() as u64;
        let computed = count(MetricStatus::Computed);
        (computed + count(MetricStatus::Absent), computed)
    }

    /// The least share of needed observations over the computed figures, and whose it is.
    pub(crate) fn adequacy(&self) -> (f64, Option<String>) {
        let computed = self.records.iter().filter(|record| record.status == MetricStatus::Computed);
        let share = |record: &MetricRecord| (record.n as f64 / record.n_required.max(1) as f64).min(1.0);
        let least = computed.map(|record| (share(record), record)).reduce(|a, b| if b.0 < a.0 { b } else { a });
        match least {
            Some((share, record)) => (share, (share < 1.0).then(|| record.metric.clone())),
            None => (0.0, None),
        }
    }
}

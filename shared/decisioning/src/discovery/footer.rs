//! What the object's own footer says of a column whose rows were not all read.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::pii::{self, Evidence, PiiFlag};
use super::profile::{Count, LogicalType};
use super::sketches::{Rendered, rendered};
use super::summarise::{self, MASK};
use crate::dataset::cell::Reading;
use crate::dataset::{Cell, Declared, ValueType};

/// Characters of a text that are shown.
const SHOWN_CHARS: usize = 200;

/// What the object's own footer says of a column; its writer says so, nobody has checked it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FooterProfile {
    /// Always `footer`.
    pub source: &'static str,
    /// Always false: the cells behind these figures were not all read.
    pub exact: bool,
    /// Rows that the figures are about, read or not.
    pub rows: u64,
    /// Null cells; absent when a row group does not say.
    pub null_count: Option<u64>,
    /// Share of null cells; absent when a row group does not say.
    pub null_share: Option<f64>,
    /// Smallest value or `[masked]`; absent when a row group does not say or its word cannot be relied on.
    pub min: Option<Value>,
    /// Largest value or `[masked]`; absent for the same reasons.
    pub max: Option<Value>,
    /// Different values, between those of the richest row group and the sum of all; absent when a row group
    /// does not say.
    pub distinct: Option<Count>,
}

/// The same before it is known whether the column holds personal data.
pub(crate) struct Footer {
    pub(crate) rows: u64,
    value_type: ValueType,
    null_count: Option<u64>,
    distinct: Option<(u64, u64)>,
    min: Option<Rendered>,
    max: Option<Rendered>,
}

impl Footer {
    pub(crate) fn of(declared: &Declared<'_>) -> Self {
        Self {
            rows: declared.rows,
            value_type: declared.value_type,
            null_count: declared.null_count,
            distinct: declared.distinct,
            min: declared.min.and_then(own),
            max: declared.max.and_then(own),
        }
    }

    /// The type of values that nobody has looked at.
    pub(crate) fn logical_type(&self) -> LogicalType {
        if self.null_count == Some(self.rows) {
            return LogicalType::Empty;
        }
        match self.value_type {
            ValueType::Boolean => LogicalType::Boolean,
            ValueType::Integer => LogicalType::Integer,
            ValueType::Decimal => LogicalType::Decimal,
            ValueType::Date => LogicalType::Date,
            ValueType::Moment => LogicalType::Datetime,
            ValueType::Text => LogicalType::Text,
            ValueType::Uuid => LogicalType::Uuid,
        }
    }

    /// The smallest and the largest value stand in for values that were not read.
    pub(crate) fn examine(&self, evidence: &mut Evidence) {
        for value in [&self.min, &self.max].into_iter().flatten() {
            evidence.examine(&text_of(value));
        }
    }

    pub(crate) fn profile(&self, pii: &[PiiFlag]) -> FooterProfile {
        let shown = |value: &Rendered| match value {
            _ if !pii.is_empty() || pii::looks_personal(&text_of(value)) => MASK.into(),
            Rendered::Text(text) => text.chars().take(SHOWN_CHARS).collect::<String>().into(),
            value => value.to_json(),
        };
        let distinct = |(lower, upper)| Count { value: lower, exact: false, lower, upper, method: "footer" };
        FooterProfile {
            source: "footer",
            exact: false,
            rows: self.rows,
            null_count: self.null_count,
            null_share: self.null_count.and_then(|nulls| summarise::share(nulls, self.rows)),
            min: self.min.as_ref().map(shown),
            max: self.max.as_ref().map(shown),
            distinct: self.distinct.map(distinct),
        }
    }
}

fn own(cell: Cell<'_>) -> Option<Rendered> {
    // A text in a typed format is that text, whatever it looks like.
    if let Cell::Text(text) = cell {
        return Some(Rendered::Text(text.to_owned()));
    }
    match cell.read() {
        Reading::Value(value, _) => Some(rendered(&value)),
        Reading::Null(_) => None,
    }
}

fn text_of(value: &Rendered) -> String {
    match value {
        Rendered::Text(text) => text.clone(),
        Rendered::Int(i) => i.to_string(),
        _ => String::new(),
    }
}

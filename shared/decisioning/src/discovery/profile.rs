//! The shapes of a table's profile, as they stand in `data.tables`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::alerts::Alert;
use super::domains::Roles;
use super::footer::FooterProfile;
use super::keys::{CandidateKey, Duplicates};
use super::pii::PiiFlag;
use super::quality::TableQuality;
use crate::dataset::Format;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogicalType {
    /// Whole numbers.
    Integer,
    /// Numbers, some with a fraction.
    Decimal,
    /// Truth values; 0 and 1 stay integers.
    Boolean,
    /// Days.
    Date,
    /// Moments with a time of day.
    Datetime,
    /// Anything else, also codes with leading zeros.
    Text,
    /// Universally unique identifiers in the form of RFC 9562.
    Uuid,
    /// Lists or maps of a typed format; their contents are not profiled.
    Nested,
    /// No value at all.
    Empty,
}

impl LogicalType {
    /// Whether values can be added up.
    #[must_use]
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal)
    }

    /// Whether values are dates or moments.
    #[must_use]
    pub fn is_temporal(self) -> bool {
        matches!(self, Self::Date | Self::Datetime)
    }
}

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Semantics {
    /// Names a thing; adding such numbers up has no meaning.
    Identifier,
    /// A value that recurs in many rows.
    Category,
    /// A quantity.
    Measure,
    /// A point in time.
    Time,
    /// Words.
    FreeText,
    /// Nothing to tell.
    Unknown,
}

/// A count that is exact or comes from a sketch.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Count {
    /// The count or its estimate.
    pub value: u64,
    /// Whether it was counted.
    pub exact: bool,
    /// Lower end of the 95 % interval; the value itself when exact.
    pub lower: u64,
    /// Upper end of the 95 % interval; the value itself when exact.
    pub upper: u64,
    /// How it came about: `counted`, `hyperloglog`, `footer`, or `none` for the bounds that are certain
    /// without counting.
    pub method: &'static str,
}

/// Figures of the numbers of a column; absent where the values are masked.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct NumericProfile {
    /// Finite numbers.
    pub count: u64,
    /// Smallest number.
    pub min: f64,
    /// Largest number.
    pub max: f64,
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Sample standard deviation.
    pub standard_deviation: Option<f64>,
    /// Adjusted Fisher-Pearson skewness.
    pub skewness: Option<f64>,
    /// Sum; absent for identifiers.
    pub sum: Option<f64>,
    /// Numbers that are 0.
    pub zero_count: u64,
    /// Numbers below 0.
    pub negative_count: u64,
    /// Infinite values, which the other figures leave out.
    pub infinite_count: u64,
    /// Quantiles by name, `p01` to `p99`.
    pub quantiles: BTreeMap<&'static str, f64>,
    /// Whether the quantiles come from all values.
    pub quantiles_exact: bool,
    /// Largest expected error of a quantile's rank, as a share of 1; 0 when exact.
    pub quantiles_rank_error: f64,
}

/// Lengths of the texts of a column, in characters.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TextProfile {
    /// Shortest.
    pub min_length: u64,
    /// Longest.
    pub max_length: u64,
    /// Mean.
    pub mean_length: f64,
}

/// Lists or maps of a column, by their number of entries.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct NestedProfile {
    /// Lists without an entry.
    pub empty_count: u64,
    /// Entries of the shortest list; absent when there is no list.
    pub min_length: Option<u64>,
    /// Entries of the longest list; absent when there is no list.
    pub max_length: Option<u64>,
    /// Mean number of entries; absent when there is no list.
    pub mean_length: Option<f64>,
    /// Rows of which nothing is known, because their part of the column could not be read.
    pub unread_rows: u64,
}

/// The span of a column of dates.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DateProfile {
    /// Earliest, ISO 8601.
    pub first: String,
    /// Latest, ISO 8601.
    pub last: String,
    /// Days between them.
    pub span_days: i64,
    /// Usual distance between neighbouring different days: `daily`, `weekly`, `monthly`, `quarterly`, `yearly`,
    /// `irregular`; absent when there are too many values or fewer than three.
    pub cadence: Option<&'static str>,
    /// Median distance in days behind the cadence.
    pub cadence_days: Option<f64>,
    /// `month_first`, `day_first` or `ambiguous` where the numbers had to tell.
    pub day_month_order: Option<&'static str>,
}

/// One of the most frequent values.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TopValue {
    /// The value, or `[masked]`.
    pub value: serde_json::Value,
    /// How often it occurs.
    pub count: u64,
    /// Share of the non-null cells.
    pub share: f64,
}

/// The most frequent values.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TopValues {
    /// Whether they were counted.
    pub exact: bool,
    /// How much higher a count may really be; 0 when exact.
    pub count_error: u64,
    /// Falling by count.
    pub values: Vec<TopValue>,
}

/// One column.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ColumnProfile {
    /// Name from the header or the schema.
    pub name: String,
    /// Type that the format declares; absent for text formats.
    pub physical_type: Option<String>,
    /// Type that the values have.
    pub logical_type: LogicalType,
    /// What the column is for.
    pub semantics: Semantics,
    /// Share of the non-null cells that have the logical type; absent when all are null.
    pub conforming_share: Option<f64>,
    /// Cells, null ones included; of nested columns the rows that could be read.
    pub count: u64,
    /// Null cells.
    pub null_count: u64,
    /// Share of null cells; absent without rows.
    pub null_share: Option<f64>,
    /// How nulls were written; `absent` are cells that a row does not have.
    pub null_tokens: BTreeMap<String, u64>,
    /// Different values.
    pub distinct: Count,
    /// Whether no value repeats; absent when only a sample could be checked and none repeated in it.
    pub unique: Option<bool>,
    /// Figures of numbers.
    pub numeric: Option<NumericProfile>,
    /// Lengths of texts.
    pub text: Option<TextProfile>,
    /// Span of dates.
    pub dates: Option<DateProfile>,
    /// Lengths of lists and maps; only where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nested: Option<NestedProfile>,
    /// Most frequent values.
    pub top: TopValues,
    /// Signs of personal data; values of a flagged column are masked everywhere.
    pub pii: Vec<PiiFlag>,
    /// What had to be assumed.
    pub notes: Vec<String>,
    /// What the object's own footer says; only where not all rows were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub footer: Option<FooterProfile>,
}

impl ColumnProfile {
    /// Cells that are not null.
    #[must_use]
    pub fn filled(&self) -> u64 {
        self.count - self.null_count
    }
}

/// One table: an object that could be read.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TableProfile {
    /// Object name without folders and extensions, unique in the result.
    pub name: String,
    /// The object.
    pub object: String,
    /// Its format.
    pub format: Format,
    /// `gzip` where it was compressed as a whole.
    pub compression: Option<&'static str>,
    /// Delimiter of a CSV.
    pub delimiter: Option<char>,
    /// Whether a CSV has a header.
    pub has_header: Option<bool>,
    /// Whether all of the object was read.
    pub complete: bool,
    /// Rows read.
    pub row_count: u64,
    /// Rows that the object's own footer declares; absent for text formats.
    pub declared_rows: Option<u64>,
    /// Columns profiled; more than `columns` lists where the reply had no room for all.
    pub column_count: usize,
    /// Rows of a wrong shape.
    pub malformed_rows: u64,
    /// Blank lines, which are no rows; absent for formats without lines.
    pub blank_lines: Option<u64>,
    /// The columns in their order.
    pub columns: Vec<ColumnProfile>,
    /// Repeated rows.
    pub duplicates: Duplicates,
    /// Columns and pairs of columns that identify a row.
    pub candidate_keys: Vec<CandidateKey>,
    /// Which columns play the parts that later agents need.
    pub roles: Roles,
    /// What stands out, at most 500.
    pub alerts: Vec<Alert>,
    /// How good the table is.
    pub quality: TableQuality,
}

impl TableProfile {
    /// Rows that there are: those declared by the object itself where not all were read, else those read.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.declared_rows.filter(|_| !self.complete).map_or(self.row_count, |rows| rows.max(self.row_count))
    }
}

//! What a run says. A number that is not known is `null`, with a reason; it is never 0.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::alerts::Alert;
use crate::forecast::{Eta, Method};
use crate::month::Dimension;
use crate::period::Period;
use crate::tariff::AllowanceScope;
use crate::units::GbMeaning;

/// Whether the month to date is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is.
    Ok,
    /// Rows are in no sum: it is at least what is said.
    Partial,
    /// No outbound row of the month has arrived: it is so young that there need be none, or there are rows of other
    /// things alone.
    UnknownYet,
    /// It could not be read.
    Error,
}

impl Status {
    /// Whether there is a month to date.
    #[must_use]
    pub fn has_total(self) -> bool {
        matches!(self, Self::Ok | Self::Partial)
    }
}

/// Reasons for which a month is unknown although it is old enough.
pub(crate) const OUTBOUND_LATE: &str = "outbound_late";
pub(crate) const NO_OUTBOUND_ROWS: &str = "no_outbound_rows";

/// How far the numbers can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// There are none.
    None,
    /// Something that counts is missing.
    Low,
    /// Something that helps is missing.
    Medium,
    /// Nothing is missing.
    High,
}

/// Why a number is missing or to be taken with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// Stable name.
    pub code: String,
    /// For people.
    pub text: String,
}

/// What the bill knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Billed {
    /// Up to when.
    pub as_of: Timestamp,
    /// GB of all scopes.
    pub gb: f64,
    /// Exact bytes, as text since they can be more than a JSON number holds.
    pub bytes: String,
}

/// What was transferred since, by measurements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NowcastReport {
    /// Up to when.
    pub as_of: Timestamp,
    /// GB since `billed.as_of`, or since the month began.
    pub gb: f64,
    /// Billable bytes for each measured one.
    pub ratio: f64,
    /// Hours since then.
    pub hours: i64,
    /// Those that were measured.
    pub measured_hours: i64,
}

/// The last 6 hours beside the usual ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SpikeReport {
    /// Whether they are far above.
    pub is_spike: bool,
    /// GB of the last 6 hours.
    pub gb: f64,
    /// Median of the same hours before.
    pub usual_gb: f64,
    /// Both are of all measured traffic: how much of it is billable is not known.
    pub is_upper_bound: bool,
}

/// The month before, while usage of its last days still arrives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClosingReport {
    /// Its name.
    pub month: String,
    /// The fullest scope, which the numbers are of.
    pub scope: String,
    /// GB billed so far.
    pub used_gb: Option<f64>,
    /// GB that are free.
    pub limit_gb: Option<f64>,
    /// Percent of these.
    pub percent: Option<f64>,
    /// Rows are in no sum: it is at least that much.
    pub is_partial: bool,
}

/// What the month will come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ForecastReport {
    /// The run that it was made by.
    pub as_of: Timestamp,
    /// How.
    pub method: Method,
    /// Days that it rests on.
    pub days: usize,
    /// As likely above as below.
    pub p50_gb: f64,
    /// Four of five draws are below.
    pub p80_gb: f64,
    /// Nineteen of twenty draws are below.
    pub p95_gb: f64,
    /// The middle in percent of the limit.
    pub p50_percent: f64,
    /// `p80_gb` in percent of the limit.
    pub p80_percent: f64,
    /// When the limit is reached.
    pub eta_100: Option<Eta>,
}

/// What counts against one allowance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Scope {
    /// `tenancy`, or a SKU.
    pub scope: String,
    /// GB billed.
    pub used_gb: Option<f64>,
    /// GB that are free.
    pub limit_gb: f64,
    /// Percent of these.
    pub percent: Option<f64>,
    /// GB beyond.
    pub over_gb: Option<f64>,
    /// What the month will come to.
    pub forecast: Option<ForecastReport>,
}

/// Money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cost {
    /// Exact decimal, as text.
    pub amount: String,
    /// Currency.
    pub currency: String,
}

/// One contributor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Contribution {
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its GB of the month.
    pub gb: f64,
    /// Percent of what is billed.
    pub percent: Option<f64>,
}

/// The largest contributors of one dimension.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Contributors {
    /// What they are told apart by.
    pub by: Dimension,
    /// At most ten, the largest first; `null` when nobody can tell.
    pub top: Option<Vec<Contribution>>,
    /// Why nobody can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Percent of what is billed whose contributor is known.
    pub attributed_percent: Option<f64>,
    /// Most GB by which one of them can be wrong; 0 unless there were more than 20,000.
    pub error_gb: Option<f64>,
}

/// The month up to the end of one day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChartDay {
    /// The day.
    pub day: Date,
    /// GB up to its end; `null` for a day that is not known.
    pub known_gb: Option<f64>,
    /// One of ten draws is below.
    pub p10_gb: Option<f64>,
    /// The middle.
    pub p50_gb: Option<f64>,
    /// Nine of ten draws are below.
    pub p90_gb: Option<f64>,
}

/// What a run says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Whether the month to date is known.
    pub status: Status,
    /// When the run was made.
    pub as_of: Timestamp,
    /// Name of the month.
    pub month: String,
    /// Its days.
    pub period: Period,
    /// Hours that the bill is behind.
    pub lag_hours: Option<f64>,
    /// What GB means: the meter's own meaning is not confirmed.
    pub gb_meaning: GbMeaning,
    /// What the allowance is counted for: neither is this.
    pub allowance_scope: AllowanceScope,
    /// The scope that `used_gb`, `limit_gb`, `percent`, `forecast` and `eta_100` are of: the fullest.
    pub scope: String,
    /// GB billed.
    pub used_gb: Option<f64>,
    /// GB that are free.
    pub limit_gb: f64,
    /// Percent of these.
    pub percent: Option<f64>,
    /// What is paid beyond the allowance, by the tariff.
    pub cost: Option<Cost>,
    /// What the rows say is paid.
    pub billed_amount: Option<Cost>,
    /// What the bill knows.
    pub billed: Option<Billed>,
    /// What was transferred since.
    pub nowcast: Option<NowcastReport>,
    /// Traffic of the last hours; absent when too little was measured to tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spike: Option<SpikeReport>,
    /// The month before, in the first days of this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<ClosingReport>,
    /// What the month will come to.
    pub forecast: Option<ForecastReport>,
    /// When the limit is reached.
    pub eta_100: Option<Eta>,
    /// All scopes.
    pub scopes: Vec<Scope>,
    /// Who transfers most, by compartment, region and service; `null` when the month to date is not known.
    pub contributors: Option<Vec<Contributors>>,
    /// What people are told now.
    pub alerts: Vec<Alert>,
    /// What they are not told again yet.
    pub held_back: Vec<Alert>,
    /// How far the numbers can be trusted.
    pub confidence: Confidence,
    /// Why not further.
    pub reasons: Vec<Reason>,
    /// The month day by day, of `scope`.
    pub days: Vec<ChartDay>,
}

impl Report {
    /// Whether all is known that can be known by now.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let is_overdue = |reason: &Reason| [OUTBOUND_LATE, NO_OUTBOUND_ROWS].contains(&reason.code.as_str());
        match self.status {
            Status::Ok => true,
            Status::UnknownYet => !self.reasons.iter().any(is_overdue),
            Status::Partial | Status::Error => false,
        }
    }
}

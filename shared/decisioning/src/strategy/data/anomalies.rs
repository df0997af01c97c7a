//! Periods that stand out.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Periods that stand out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AnomalyDetection {
    /// By series and measure.
    pub series: Vec<SeriesAnomalies>,
    /// By all measures of a period together.
    pub periods: Option<PeriodAnomalies>,
}

/// Anomalies of one measure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesAnomalies {
    /// `month` or `day`.
    pub period: String,
    /// The measure.
    pub measure: String,
    /// `seasonal_hybrid_esd`, or `robust_z` for short series.
    pub method: String,
    /// Periods.
    pub n: u64,
    /// Level of the test, or the score from which a value counts.
    pub threshold: f64,
    /// Most anomalies that the test could find; absent for `robust_z`, which has no such bound.
    pub tested: Option<u64>,
    /// Anomalies.
    pub count: u64,
    /// Those with the highest scores, in order of time.
    pub anomalies: Vec<AnomalyPoint>,
}

/// A period that differs from what was to be expected.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AnomalyPoint {
    /// The period.
    pub period: String,
    /// Its value.
    pub value: f64,
    /// What season and trend give.
    pub expected: f64,
    /// Distance in robust standard deviations, with sign.
    pub score: f64,
    /// `above` or `below`.
    pub direction: String,
}

/// Periods that an isolation forest sets apart. Its rows are periods and its columns the measures of each, such as
/// revenue and orders of a month: it does not look at single rows of the tables.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PeriodAnomalies {
    /// `month` or `day`.
    pub period: String,
    /// The measures.
    pub measures: Vec<String>,
    /// Periods.
    pub n: u64,
    /// Seed of the forest.
    pub seed: u64,
    /// Score from which a period counts.
    pub threshold: f64,
    /// Periods that count.
    pub count: u64,
    /// Those with the highest scores, in order of time.
    pub anomalies: Vec<PeriodAnomaly>,
}

/// A period set apart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PeriodAnomaly {
    /// The period.
    pub period: String,
    /// 0 to 1.
    pub score: f64,
    /// Its values.
    pub values: BTreeMap<String, f64>,
    /// The measure that is farthest from its median; absent where no measure varies.
    pub farthest: Option<String>,
}

//! Sales over time, for those who look at trends.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Sales over time; periods without sales are there with zeros.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Series {
    /// `month` or `day`.
    pub period: String,
    /// Periods per season: 12 for months, 7 for days.
    pub season: u64,
    /// The periods in order, without partial ones at either end.
    pub points: Vec<SeriesPoint>,
    /// Whether earlier periods were left out for want of room.
    pub is_cut: bool,
}

/// One period.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesPoint {
    /// The period, as `2017-03` or `2017-03-31`.
    pub period: String,
    /// Revenue; `null` where amounts cannot be added up.
    pub revenue: Option<f64>,
    /// Profit, where known.
    pub profit: Option<f64>,
    /// Units.
    pub quantity: Option<f64>,
    /// Rows.
    pub rows: u64,
}

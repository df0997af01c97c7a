//! Trends of series.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Trends of the series.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrendAnalysis {
    /// One entry per measure of the series that was looked at.
    pub series: Vec<SeriesTrend>,
}

/// The trend of one measure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesTrend {
    /// `month` or `day`.
    pub period: String,
    /// `revenue`, `profit`, `quantity` or `rows`.
    pub measure: String,
    /// First period.
    pub from: String,
    /// Last period.
    pub to: String,
    /// Periods.
    pub n: u64,
    /// Periods per season.
    pub season: u64,
    /// `rising`, `falling` or `none`: by the adjusted p-value of the test that counts.
    pub direction: String,
    /// The test that counts.
    pub test: TrendTest,
    /// Why that form of the test counts.
    pub test_reason: String,
    /// The other forms, for comparison; they do not count as tests.
    pub other_forms: Vec<TrendTest>,
    /// Autocorrelation of the detrended values from one period to the next.
    pub lag_1_autocorrelation: Option<f64>,
    /// Autocorrelation of the detrended values from one season to the next.
    pub seasonal_autocorrelation: Option<f64>,
    /// Change per period.
    pub slope: SlopeReport,
    /// Strengths of trend and season.
    pub decomposition: Option<DecompositionReport>,
    /// The most likely change of level.
    pub change_point: Option<ChangeReport>,
    /// The next periods.
    pub forecast: Option<ForecastReport>,
}

/// A form of the Mann-Kendall test.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrendTest {
    /// `mann_kendall`, `hamed_rao` or `seasonal_mann_kendall`.
    pub method: String,
    /// Rising pairs less falling pairs.
    pub s: f64,
    /// The same as a share of all pairs: the effect, -1 to 1.
    pub tau: f64,
    /// Standardised.
    pub z: f64,
    /// Two-sided.
    pub p_value: f64,
    /// Adjusted over all tests of the run; absent for forms that do not count.
    pub p_adjusted: Option<f64>,
}

/// The Theil-Sen slope.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SlopeReport {
    /// Change per period.
    pub per_period: f64,
    /// Lower bound of the 95 % interval.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
    /// Change as a share of the median's size; absent where that is 0.
    pub share_of_median: Option<f64>,
}

/// A seasonal-trend decomposition.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DecompositionReport {
    /// 0 to 1; absent where neither trend nor remainder varies.
    pub trend_strength: Option<f64>,
    /// 0 to 1.
    pub seasonal_strength: Option<f64>,
    /// The mean season of each place in the period, from that of the first period of the series.
    pub season: Vec<f64>,
}

/// A change of level.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeReport {
    /// First period after it.
    pub at: String,
    /// Pettitt's statistic.
    pub k: f64,
    /// Approximate.
    pub p_value: f64,
    /// Adjusted over all tests of the run.
    pub p_adjusted: f64,
    /// Whether it counts.
    pub is_significant: bool,
    /// Median before.
    pub level_before: f64,
    /// Median after.
    pub level_after: f64,
}

/// A forecast.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ForecastReport {
    /// `seasonal_naive`, or the form of exponential smoothing, such as `ETS(M,A,M)`, which is kept where it was nearer.
    pub method: String,
    /// The next periods.
    pub points: Vec<f64>,
    /// Their sum.
    pub sum: f64,
    /// Sum of as many last periods.
    pub prior_sum: Option<f64>,
    /// Mean absolute scaled error over rolling origins; absent where it cannot be measured.
    pub mase: Option<f64>,
    /// The same of the seasonal naive forecast.
    pub baseline_mase: Option<f64>,
    /// The same of exponential smoothing, kept or not.
    pub smoothing_mase: Option<f64>,
    /// Origins.
    pub origins: u64,
    /// Distance within which eight of ten of these past forecasts were.
    pub range_80: Option<f64>,
}

//! Measurements of a cloud: reading them and adding to them.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use causeway_resilience::{Deadline, ServiceFailure};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The cloud's store of metrics.
#[async_trait]
pub trait Metrics: Send + Sync {
    /// Series of one metric. A moment without a measurement has no point, and a metric that nobody measured gives
    /// no series: neither is zero.
    ///
    /// # Errors
    /// The service's.
    async fn query(&self, query: &MetricQuery, deadline: Deadline) -> Result<Vec<Series>, ServiceFailure>;

    /// Adds measurements. Services take only recent ones: OCI from two hours ago to ten minutes ahead.
    ///
    /// # Errors
    /// The service's. What it takes and what it rejects of a call that works is in [`Published`].
    async fn publish(&self, measurements: &[Measurement], deadline: Deadline) -> Result<Published, ServiceFailure>;
}

/// A question about one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricQuery {
    /// Such as `oci_computeagent` or `AWS/EC2`.
    pub namespace: String,
    /// Such as `CpuUtilization`.
    pub metric: String,
    /// What is computed of the measurements of one interval.
    pub statistic: Statistic,
    /// Length of an interval: whole minutes up to an hour, whole hours up to a day.
    pub interval: Duration,
    /// First moment.
    pub from: Timestamp,
    /// End, exclusive.
    pub to: Timestamp,
    /// Only series with these dimensions.
    pub dimensions: BTreeMap<String, String>,
    /// Dimensions that tell series apart; those that differ in others only are put together. Empty: each series by
    /// itself.
    pub group_by: Vec<String>,
    /// OCID of the compartment, on OCI; that of the principal when absent.
    pub compartment: Option<String>,
}

/// What is computed of the measurements of one interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Arithmetic mean.
    Mean,
    /// Smallest.
    Min,
    /// Largest.
    Max,
    /// Sum.
    Sum,
    /// How many.
    Count,
    /// Percentile, from 0 to 100 exclusive.
    Percentile(f64),
}

/// One series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What tells it apart.
    pub dimensions: BTreeMap<String, String>,
    /// Unit, where the service knows it.
    pub unit: Option<String>,
    /// In order of time, each at the beginning of its interval.
    pub points: Vec<Point>,
}

/// One value of a series.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Beginning of the interval.
    pub at: Timestamp,
    /// The value; a finite number.
    pub value: f64,
}

/// A measurement to be added.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// Where it is filed. On OCI it must not begin with `oci_` or `oracle_`, on AWS not with `AWS/`.
    pub namespace: String,
    /// Name of the metric.
    pub name: String,
    /// Dimensions; at least one on OCI, which knows series by nothing else.
    pub dimensions: BTreeMap<String, String>,
    /// Unit for people, such as `bytes`.
    pub unit: Option<String>,
    /// OCID of the compartment, on OCI; that of the principal when absent.
    pub compartment: Option<String>,
    /// Values.
    pub points: Vec<Point>,
}

/// What became of measurements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Published {
    /// Points that were taken.
    pub accepted: usize,
    /// Why others were not, each with the name of the metric.
    pub rejected: Vec<String>,
}

//! Where numbers, words of operators and other vantage points' findings come from.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Call, MetricProbe};

/// Where a number comes from. One that cannot be had is not known, and never 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Number {
    /// The newest value of a metric.
    OciMetric(NumberMetric),
    /// The answer to a command over HTTP.
    Command(NumberCall),
}

/// The newest value of a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberMetric {
    /// Namespace of the metric.
    pub namespace: String,
    /// Its name.
    pub metric: String,
    /// Only series with these dimensions.
    #[serde(default)]
    pub dimensions: BTreeMap<String, String>,
    /// OCID of the compartment; that of the function when absent.
    #[serde(default)]
    pub compartment: Option<String>,
    /// A value that is older, in minutes, is none. Default 5.
    #[serde(default = "five")]
    pub max_age_minutes: u32,
    /// What several series come to; without it they are not known.
    #[serde(default)]
    pub fold: Option<Fold>,
    /// How many series there have to be; with fewer or more the number is not known. Any number when absent: a series that
    /// was never sent cannot be missed then.
    #[serde(default)]
    pub series: Option<u32>,
}

/// What several series come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fold {
    /// Their sum; not known while a series that was there a short time ago (twice `max_age_minutes`) has no value.
    Sum,
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// How many have a value.
    Count,
}

/// A number in the answer to a command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberCall {
    /// The command; its conditions have to hold.
    pub call: Call,
    /// JSONPath that selects the number, and nothing else.
    pub path: String,
}

/// A cluster whose nodes are counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterSource {
    /// Its name, unique for the tenant.
    pub id: String,
    /// Nodes that it needs.
    pub quorum: u32,
    /// Nodes that run.
    pub running: Number,
}

/// Where operators leave their word: an object that has a list of them, each signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EscalationSource {
    /// Name of the object in the function's bucket; nobody has asked for anything where there is none.
    pub object: String,
    /// The vault's OCID, name or ARN of the key with which they are signed, at least 32 bytes.
    pub secret: String,
}

/// What another vantage point finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VantageSource {
    /// Name of the vantage point, as quorums have it.
    pub vantage: String,
    /// The check that it is about.
    pub check: String,
    /// Where its findings are.
    pub from: VantageFrom,
}

/// Where findings of a vantage point are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VantageFrom {
    /// Results of a monitor of OCI Health Checks. Most of its own vantage points have to agree.
    OciHealthChecks(MonitorResults),
    /// A metric, such as `HealthCheckStatus` of `AWS/Route53`.
    Metric(MetricProbe),
    /// JSON over HTTP: `{"at": "2026-03-11T12:00:00Z", "verdict": "pass"}`.
    Results(ResultsCall),
}

/// Results of a monitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MonitorResults {
    /// OCID of the monitor, or of a probe that was made once.
    pub monitor: String,
    /// Only this target of it.
    #[serde(default)]
    pub target: Option<String>,
    /// The monitor's home region; that of the function when absent.
    #[serde(default)]
    pub region: Option<String>,
}

/// Findings over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResultsCall {
    /// As that of an HTTP probe.
    pub url: String,
    /// As those of an HTTP probe.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// As those of an HTTP probe.
    #[serde(default)]
    pub secret_headers: BTreeMap<String, String>,
}

fn five() -> u32 {
    5
}

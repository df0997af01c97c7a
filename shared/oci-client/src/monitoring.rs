//! Monitoring: queries, and metrics of one's own.

use std::collections::BTreeMap;

use causeway_oci_auth::encode::Query;
use causeway_oci_auth::endpoint::Service;
use causeway_resilience::retry::Idempotency;
use futures_util::stream::BoxStream;
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::site::Site;
use crate::{Client, Error, pages, time};

/// Calls of Monitoring.
#[derive(Debug, Clone)]
pub struct Monitoring {
    client: Client,
}

impl Client {
    /// Monitoring.
    #[must_use]
    pub fn monitoring(&self) -> Monitoring {
        Monitoring { client: self.clone() }
    }
}

/// A query for data points.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SummarizeMetrics {
    /// Such as `oci_computeagent`.
    pub namespace: String,
    /// In the Monitoring Query Language, such as `CpuUtilization[5m].mean()`.
    pub query: String,
    /// First moment; three hours ago when absent.
    #[serde(serialize_with = "time::write_some", skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// End, itself not included; now when absent.
    #[serde(serialize_with = "time::write_some", skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// Distance of the points, such as `1m`; at most the query's interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// Only data of this group; data without a group when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<String>,
}

/// One stream of data points.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricData {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// OCID of its compartment.
    pub compartment_id: String,
    /// What it is about; after `groupBy` only what was grouped by.
    #[serde(default)]
    pub dimensions: BTreeMap<String, String>,
    /// Such as `unit`.
    #[serde(default)]
    pub metadata: Option<BTreeMap<String, String>>,
    /// Distance of the points.
    pub resolution: Option<String>,
    /// Points in the order of time. Gaps are simply missing.
    #[serde(default)]
    pub aggregated_datapoints: Vec<AggregatedDatapoint>,
}

/// A value over an interval, at the interval's start.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct AggregatedDatapoint {
    /// Start of the interval.
    pub timestamp: Timestamp,
    /// The value; there may be none for an interval.
    pub value: Option<f64>,
}

/// A metric to be posted.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PostedMetric {
    /// A letter, then letters, digits and `_`; not starting with `oci_` or `oracle_`.
    pub namespace: String,
    /// OCID of the compartment.
    pub compartment_id: String,
    /// Its name.
    pub name: String,
    /// 1 to 20 of them.
    pub dimensions: BTreeMap<String, String>,
    /// Such as `unit`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// Its group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<String>,
    /// The points.
    pub datapoints: Vec<Datapoint>,
}

/// A point to be posted: less than 2 hours old and less than 10 minutes ahead.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Datapoint {
    /// When.
    #[serde(serialize_with = "time::write")]
    pub timestamp: Timestamp,
    /// How much.
    pub value: f64,
    /// How many values this one stands for; 1 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

/// Whether one bad metric fails all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BatchAtomicity {
    /// It does.
    Atomic,
    /// The others are taken.
    NonAtomic,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Posting<'a> {
    metric_data: &'a [PostedMetric],
    batch_atomicity: BatchAtomicity,
}

/// What became of posted metrics.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Posted {
    /// How many were not taken.
    pub failed_metrics_count: u32,
    /// Which, and why.
    #[serde(default)]
    failed_metrics: Option<Vec<FailedMetric>>,
}

impl Posted {
    /// Which metrics were not taken, and why.
    #[must_use]
    pub fn failed(&self) -> &[FailedMetric] {
        self.failed_metrics.as_deref().unwrap_or_default()
    }
}

/// A metric that was not taken.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedMetric {
    /// Why.
    pub message: String,
    /// The metric as it was sent.
    pub metric_data: Option<serde_json::Value>,
}

/// Which metrics are listed; all when nothing is given.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListMetrics {
    /// Of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Of this namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// With these dimensions.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub dimension_filters: BTreeMap<String, String>,
    /// One metric per value of these, such as `namespace` or `name`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub group_by: Vec<String>,
}

/// A listed metric. What was not grouped by is absent.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metric {
    /// Its name.
    pub name: Option<String>,
    /// Its namespace.
    pub namespace: Option<String>,
    /// OCID of its compartment.
    pub compartment_id: Option<String>,
    /// What it is about.
    #[serde(default)]
    pub dimensions: Option<BTreeMap<String, String>>,
}

/// Largest answer to a query, in bytes: 100,000 points of some 60 bytes, and the streams' heads.
const MAX_DATA: usize = 32 << 20;
/// The service's most metrics per call.
const MAX_POSTED: usize = 50;

impl Monitoring {
    /// `SummarizeMetricsData` of a compartment; with `subtree` of all below it, for the tenancy only. No data is an
    /// empty list, which says nothing about the value.
    ///
    /// # Errors
    /// [`Error`]; 400 `InvalidParameter` for a query that is none.
    pub async fn summarize(
        &self,
        compartment_id: &str,
        subtree: bool,
        query: &SummarizeMetrics,
    ) -> Result<Vec<MetricData>, Error> {
        let ask = self.ask(Service::Monitoring, "SummarizeMetricsData", "/metrics/actions/summarizeMetricsData");
        let ask = ask.query(&scope(compartment_id, subtree)).idempotency(Idempotency::Idempotent);
        ask.max_bytes(MAX_DATA).json(query).send().await?.json()
    }

    /// `PostMetricData` of up to 50 metrics, at the service's own address for it. Success of the call is not success
    /// of every metric: see [`Posted::failed`]. Not repeated when its fate is unknown: a point that is there twice
    /// counts twice in sums.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn post(&self, metrics: &[PostedMetric], atomicity: BatchAtomicity) -> Result<Posted, Error> {
        let mut ask = self.ask(Service::MonitoringIngestion, "PostMetricData", "/metrics");
        if metrics.is_empty() || metrics.len() > MAX_POSTED {
            ask.wrong(format!("{} metrics: 1 to {MAX_POSTED} can be posted at once", metrics.len()));
        }
        if metrics.iter().flat_map(|metric| &metric.datapoints).any(|point| !point.value.is_finite()) {
            ask.wrong("a value is no finite number".to_owned());
        }
        let posting = Posting { metric_data: metrics, batch_atomicity: atomicity };
        ask.idempotency(Idempotency::NotIdempotent).json(&posting).send().await?.json()
    }

    /// `ListMetrics`.
    #[must_use]
    pub fn metrics(
        &self,
        compartment_id: &str,
        subtree: bool,
        list: ListMetrics,
    ) -> BoxStream<'static, Result<Metric, Error>> {
        let this = self.clone();
        pages::by_header(scope(compartment_id, subtree), move || {
            let ask = this.ask(Service::Monitoring, "ListMetrics", "/metrics/actions/listMetrics");
            ask.idempotency(Idempotency::Idempotent).json(&list)
        })
    }

    fn ask(&self, service: Service, operation: &'static str, path: &str) -> crate::ask::Ask {
        self.client.ask(Site::Known(service), operation, Method::POST).path(path, &[])
    }
}

fn scope(compartment_id: &str, subtree: bool) -> Query {
    let query = Query::new().text("compartmentId", compartment_id);
    if subtree { query.flag("compartmentIdInSubtree", true) } else { query }
}

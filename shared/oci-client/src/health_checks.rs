//! Health Checks: probes from outside.

use std::collections::BTreeMap;

use causeway_oci_auth::encode::Query;
use causeway_oci_auth::endpoint::Service;
use futures_util::stream::BoxStream;
use http::Method;
use serde::{Deserialize, Serialize};

use crate::ask::Ask;
use crate::site::Site;
use crate::{Client, Error, pages};

/// Calls of Health Checks. Results are in the probe's home region: see [`Client::in_region`].
#[derive(Debug, Clone)]
pub struct HealthChecks {
    client: Client,
}

impl Client {
    /// Health Checks.
    #[must_use]
    pub fn health_checks(&self) -> HealthChecks {
        HealthChecks { client: self.clone() }
    }
}

/// A probe by HTTP, made once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewHttpProbe {
    /// OCID of the compartment.
    pub compartment_id: String,
    /// Names or addresses.
    pub targets: Vec<String>,
    /// `HTTP` or `HTTPS`.
    pub protocol: String,
    /// `GET` or `HEAD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Such as `/ready`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Port; the protocol's when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// 10, 20, 30 or 60 seconds.
    #[serde(rename = "timeoutInSeconds", skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
    /// Where from; the service's choice when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vantage_point_names: Vec<String>,
    /// Headers; the service refuses `Authorization`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

/// A probe made again and again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewHttpMonitor {
    /// What is probed.
    #[serde(flatten)]
    pub probe: NewHttpProbe,
    /// The name for people.
    pub display_name: String,
    /// How often, in seconds.
    #[serde(rename = "intervalInSeconds")]
    pub interval_seconds: u32,
    /// Whether it runs; it does when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_enabled: Option<bool>,
}

/// A probe or monitor.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpProbe {
    /// OCID; its results are found by it.
    pub id: String,
    /// Where the results are.
    pub results_url: Option<String>,
    /// Region in which it must be asked for.
    pub home_region: Option<String>,
}

/// What a probe found from one place.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProbeResult {
    /// Its key.
    pub key: Option<String>,
    /// What was probed.
    pub target: Option<String>,
    /// Where from.
    pub vantage_point_name: Option<String>,
    /// Whether the target answered as it should. Absent is not healthy.
    pub is_healthy: Option<bool>,
    /// Whether the time ran out.
    pub is_timed_out: Option<bool>,
    /// `NONE`, `DNS`, `TRANSPORT`, `NETWORK` or `SYSTEM`.
    pub error_category: Option<String>,
    /// For people.
    pub error_message: Option<String>,
    /// HTTP status of the target; pings have none.
    pub status_code: Option<i64>,
    /// How long it took, in ms.
    #[serde(rename = "duration", alias = "latencyInMs")]
    pub duration_ms: Option<f64>,
    /// When it started, in ms since 1970.
    #[serde(rename = "startTime")]
    pub start_time_ms: Option<f64>,
}

/// Which results are listed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListResults {
    /// Of this target.
    pub target: Option<String>,
    /// From this time on, in ms since 1970.
    pub from_ms: Option<i64>,
}

impl HealthChecks {
    /// `CreateOnDemandHttpProbe`. The results come later: see [`results`](Self::results).
    ///
    /// # Errors
    /// [`Error`].
    pub async fn probe(&self, probe: &NewHttpProbe) -> Result<HttpProbe, Error> {
        self.ask("CreateOnDemandHttpProbe", Method::POST)
            .path("/httpProbeResults", &[])
            .json(probe)
            .send()
            .await?
            .json()
    }

    /// `CreateHttpMonitor`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn create_monitor(&self, monitor: &NewHttpMonitor) -> Result<HttpProbe, Error> {
        let ask = self.ask("CreateHttpMonitor", Method::POST).path("/httpMonitors", &[]);
        ask.retry_token().json(monitor).send().await?.json()
    }

    /// `ListHttpProbeResults` or `ListPingProbeResults` of a probe or monitor, as its OCID says.
    #[must_use]
    pub fn results(&self, id: &str, list: &ListResults) -> BoxStream<'static, Result<ProbeResult, Error>> {
        let from = list.from_ms.map(|ms| format!("{ms}.0"));
        let query = Query::new().maybe("target", list.target.as_deref());
        let query = query.maybe("startTimeGreaterThanOrEqualTo", from.as_deref());
        let (this, id) = (self.clone(), id.to_owned());
        let (operation, path) = match is_ping(&id) {
            true => ("ListPingProbeResults", "/pingProbeResults/{p}"),
            false => ("ListHttpProbeResults", "/httpProbeResults/{p}"),
        };
        pages::by_header(query, move || this.ask(operation, Method::GET).path(path, &[("p", &id)]))
    }

    fn ask(&self, operation: &'static str, method: Method) -> Ask {
        self.client.ask(Site::Known(Service::HealthChecks), operation, method)
    }
}

/// Whether it is of the kind that pings: `ocid1.pingmonitor.…` or `ocid1.pingprobe.…`.
fn is_ping(ocid: &str) -> bool {
    ocid.split('.').nth(1).is_some_and(|kind| kind.starts_with("ping"))
}

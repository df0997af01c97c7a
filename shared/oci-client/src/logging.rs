//! Logging: writing entries to a custom log.

use causeway_oci_auth::endpoint::Service;
use causeway_resilience::retry::Idempotency;
use http::Method;
use jiff::Timestamp;
use serde::Serialize;

use crate::site::Site;
use crate::{Client, Error, time};

/// Calls of Logging ingestion.
#[derive(Debug, Clone)]
pub struct Logging {
    client: Client,
}

impl Client {
    /// Logging ingestion.
    #[must_use]
    pub fn logging(&self) -> Logging {
        Logging { client: self.clone() }
    }
}

/// Entries of one source.
#[derive(Debug, Clone, Serialize)]
pub struct LogBatch {
    /// Where they come from, such as a host or function.
    pub source: String,
    /// What they are, such as `com.example.decision`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What they are about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Time of the entries without one.
    #[serde(rename = "defaultlogentrytime", serialize_with = "time::write")]
    pub default_time: Timestamp,
    /// The entries.
    pub entries: Vec<LogEntry>,
}

/// One entry.
#[derive(Debug, Clone, Serialize)]
pub struct LogEntry {
    /// Unique, such as a UUID, so that readers can tell repeated entries.
    pub id: String,
    /// Text, which may be JSON.
    pub data: String,
    /// When; the batch's time when absent.
    #[serde(serialize_with = "time::write_some", skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details<'a> {
    specversion: &'static str,
    log_entry_batches: &'a [LogBatch],
}

impl Logging {
    /// `PutLogs`. Success means that they were accepted. Repeated when its fate is unknown: entries have ids, and one
    /// that is there twice is better than one that is lost.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn put(&self, log_id: &str, batches: &[LogBatch]) -> Result<(), Error> {
        let ask = self.client.ask(Site::Known(Service::LoggingIngestion), "PutLogs", Method::POST);
        let ask = ask.path("/logs/{l}/actions/push", &[("l", log_id)]).idempotency(Idempotency::Idempotent);
        ask.json(&Details { specversion: "1.0", log_entry_batches: batches }).send().await.map(drop)
    }
}

//! What a cloud's own monitoring finds at targets, from places of its own.

use async_trait::async_trait;
use causeway_resilience::{Deadline, ServiceFailure};
use jiff::Timestamp;

/// Monitors of a cloud.
#[async_trait]
pub trait Vantage: Send + Sync {
    /// The newest results of a monitor, in any order, at most a thousand. A place that did not look has none, which is
    /// neither well nor ill.
    ///
    /// # Errors
    /// The service's.
    async fn results(&self, question: &MonitorQuery, deadline: Deadline) -> Result<Vec<Sighting>, ServiceFailure>;
}

/// A question about one monitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonitorQuery {
    /// Its OCID.
    pub monitor: String,
    /// Only this target of it.
    pub target: Option<String>,
    /// Its home region; that of the function when absent.
    pub region: Option<String>,
    /// Only looks from this moment on.
    pub from: Timestamp,
}

/// What was found from one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Name of the place.
    pub place: String,
    /// What was looked at.
    pub target: String,
    /// When.
    pub at: Timestamp,
    /// Whether it answered as it should; absent where the service itself could not tell.
    pub is_healthy: Option<bool>,
}

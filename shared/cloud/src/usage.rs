//! What was used, and what it cost.

use async_trait::async_trait;
use causeway_resilience::{Deadline, ServiceFailure};
use futures_util::stream::BoxStream;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The cloud's record of usage. It comes late and is corrected afterwards, so rows that are not there yet are no
/// proof of no usage.
#[async_trait]
pub trait Usage: Send + Sync {
    /// Rows in the order in which the service gives them, page after page.
    fn rows(&self, query: &UsageQuery, deadline: Deadline) -> BoxStream<'static, Result<UsageRow, ServiceFailure>>;
}

/// Which rows are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageQuery {
    /// First moment, which must be midnight UTC for days and months.
    pub from: Timestamp,
    /// End, exclusive.
    pub to: Timestamp,
    /// Length of the time that one row is about.
    pub granularity: Granularity,
    /// What rows are told apart by, at most four on OCI.
    pub group_by: Vec<Dimension>,
    /// Only rows of these part numbers (OCI) or usage types (AWS); all when empty.
    pub skus: Vec<String>,
    /// Whether amounts of money are wanted beside quantities.
    pub with_cost: bool,
}

/// Length of the time that one row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Granularity {
    /// An hour.
    Hourly,
    /// A day of UTC.
    Daily,
    /// A month of UTC.
    Monthly,
}

/// What rows are told apart by. AWS knows service, SKU (its usage type) and region, at most two of them at once; name and
/// unit come with the SKU there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Service.
    Service,
    /// Part number.
    Sku,
    /// Name of the part.
    SkuName,
    /// Unit.
    Unit,
    /// Region.
    Region,
    /// Compartment.
    Compartment,
    /// Name of the compartment.
    CompartmentName,
    /// Resource.
    Resource,
}

/// One row; only what was grouped by is filled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UsageRow {
    /// First moment.
    pub from: Timestamp,
    /// End, exclusive.
    pub to: Timestamp,
    /// Service.
    pub service: Option<String>,
    /// Part number (OCI) or usage type (AWS).
    pub sku: Option<String>,
    /// Name of the part.
    pub sku_name: Option<String>,
    /// Unit as the service writes it, such as `GB Months` for transferred GB.
    pub unit: Option<String>,
    /// Quantity; corrections can be negative. Absent is unknown, not zero.
    pub quantity: Option<f64>,
    /// Money; absent where it was not asked for or is not known.
    pub amount: Option<f64>,
    /// Currency of `amount`.
    pub currency: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// OCID of the compartment.
    pub compartment: Option<String>,
    /// Name of the compartment.
    pub compartment_name: Option<String>,
    /// OCID of the resource.
    pub resource: Option<String>,
    /// Whether the service calls the numbers an estimate; absent where it does not say.
    pub is_estimated: Option<bool>,
}

//! An earlier result of this agent, as far as drift needs it.
//!
//! It may be old, shortened or not ours at all: whatever is missing is absent, and nothing of it is trusted
//! further than a comparison goes.

use causeway_cloud::Objects;
use causeway_cloud::object_store::path::Path;
use causeway_cloud::object_store::{self, ObjectStoreExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Largest earlier result that is read, in bytes.
const MAX_BASELINE_BYTES: u64 = 16 << 20;

/// Where the earlier result is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CompareWith {
    /// An object relative to the bucket.
    Object(String),
    /// Here.
    Result(Box<EarlierResult>),
}

/// An earlier reply of this agent; other members are ignored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EarlierResult {
    /// The findings of that time.
    pub data: EarlierData,
    /// When that survey began.
    #[serde(default)]
    pub timestamp: Option<String>,
}

/// The findings of an earlier reply.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EarlierData {
    /// The profiles.
    pub tables: Vec<EarlierTable>,
}

/// The profile of a table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EarlierTable {
    /// Its name.
    pub name: String,
    /// Its object.
    pub object: String,
    /// Rows that were read.
    pub row_count: u64,
    /// Columns that there were, listed or not.
    pub column_count: usize,
    /// Whether all of the object was read.
    pub complete: bool,
    /// Its columns.
    pub columns: Vec<EarlierColumn>,
}

/// The profile of a column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EarlierColumn {
    /// Its name.
    pub name: String,
    /// The type that its values had.
    pub logical_type: String,
    /// Cells.
    pub count: u64,
    /// Null cells.
    pub null_count: u64,
    /// Different values.
    pub distinct: EarlierCount,
    /// Figures of its numbers.
    pub numeric: Option<EarlierNumbers>,
    /// Most frequent values.
    pub top: EarlierTop,
}

/// A count.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EarlierCount {
    /// The count.
    pub value: u64,
    /// Whether it is exact.
    pub exact: bool,
}

/// Figures of numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EarlierNumbers {
    /// Finite numbers.
    pub count: u64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Sample standard deviation.
    pub standard_deviation: Option<f64>,
    /// Quantiles by name.
    pub quantiles: std::collections::BTreeMap<String, f64>,
    /// Whether they come from all values.
    pub quantiles_exact: bool,
}

/// Most frequent values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EarlierTop {
    /// Whether they were counted.
    pub exact: bool,
    /// The values.
    pub values: Vec<EarlierValue>,
}

/// A value and its count.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EarlierValue {
    /// The value.
    pub value: Value,
    /// How often it occurred.
    pub count: u64,
}

/// Reads an earlier result from an object.
///
/// # Errors
///
/// Why it cannot be used, without any of its content.
pub(crate) async fn read(objects: &Objects, place: &Path) -> Result<EarlierResult, &'static str> {
    let store = |error: object_store::Error| match error {
        object_store::Error::NotFound { .. } => "the earlier result is not there",
        object_store::Error::PermissionDenied { .. } => "the earlier result may not be read",
        _ => "the object store failed while the earlier result was read",
    };
    let meta = objects.head(place).await.map_err(store)?;
    if meta.size > MAX_BASELINE_BYTES {
        return Err("the earlier result is larger than 16 MiB");
    }
    let bytes = objects.get_range(place, 0..meta.size).await.map_err(store)?;
    serde_json::from_slice(&bytes).map_err(|_| "the earlier object is no result of this agent")
}

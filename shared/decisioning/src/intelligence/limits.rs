//! Bounds of an analysis: how much is read, and how much memory that may take.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::dataset::ReadLimits;

/// Bounds of one analysis. Whatever a bound cuts off is listed in the result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Objects that are looked at when the request brings no catalogue. Default 200.
    pub max_objects: usize,
    /// Rows of each object that are looked at to find roles when the request brings no catalogue. Default 2,000.
    pub peek_rows: u64,
    /// Bytes of each object after decompression. Default 2 GiB.
    pub max_bytes_per_object: u64,
    /// Columns of each table. Default 1,000.
    pub max_columns: usize,
    /// Longest record of a text format, in bytes. Default 1 MiB.
    pub max_record_bytes: usize,
    /// Largest Parquet column chunk, in bytes. Default 64 MiB.
    pub max_chunk_bytes: u64,
    /// Different products; a dimension with more is left out. Other dimensions may have a tenth. Default 500,000,
    /// about 80 MiB.
    pub max_members: usize,
    /// Different pairs of customer and day; above, customers are sampled by hash. Default 4,000,000 (36 bytes each).
    pub max_purchases: usize,
    /// Different customers whose figures are computed; above, they are sampled by hash. Default 1,000,000, about
    /// 130 MiB.
    pub max_customers: usize,
    /// Different orders; above, orders are sampled by hash. Default 2,500,000 (48 bytes each).
    pub max_orders: usize,
    /// Customers that the models of lifetime value are fitted to; above, they are sampled by hash. Default 25,000.
    pub max_fit_customers: usize,
    /// Bytes that the result may take as JSON. Default 4 MiB.
    pub max_reply_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_objects: 200,
            peek_rows: 2_000,
            max_bytes_per_object: 2 << 30,
            max_columns: 1_000,
            max_record_bytes: 1 << 20,
            max_chunk_bytes: 64 << 20,
            max_members: 500_000,
            max_purchases: 4_000_000,
            max_customers: 1_000_000,
            max_orders: 2_500_000,
            max_fit_customers: 25_000,
            max_reply_bytes: 4 << 20,
        }
    }
}

impl Limits {
    /// The part of the limits that concerns reading.
    #[must_use]
    pub fn reading(&self) -> ReadLimits {
        ReadLimits {
            max_bytes_per_object: self.max_bytes_per_object,
            sample_rows: 0,
            max_record_bytes: self.max_record_bytes.max(1024),
            max_columns: self.max_columns,
            max_chunk_bytes: self.max_chunk_bytes,
        }
    }
}

//! Bounds of a survey: how much is read, and how much memory that may take.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::dataset::ReadLimits;

/// Bounds of one survey. Whatever a bound cuts off is listed in the result, which is then `partial`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Objects that are read, in name order. Default 200.
    pub max_objects: usize,
    /// Bytes of each object after decompression. Default 2 GiB.
    pub max_bytes_per_object: u64,
    /// Rows of each object, from its start; 0 is all. Default 0.
    pub sample_rows: u64,
    /// Columns of each table. Default 1,000.
    pub max_columns: usize,
    /// Columns of all tables together; objects after the one that reaches it are deferred. Default 20,000,
    /// whose profiles take about 80 MiB.
    pub max_total_columns: usize,
    /// Longest record of a text format, in bytes. Default 1 MiB.
    pub max_record_bytes: usize,
    /// Largest Parquet column chunk, in bytes. Default 64 MiB.
    pub max_chunk_bytes: u64,
    /// Different values of a column that are counted exactly; sketches take over above. Default 50,000.
    pub max_distinct_exact: usize,
    /// Memory for the values of one table's columns together, in bytes; each column may use an equal part,
    /// at most an eighth. Default 128 MiB.
    pub max_dictionary_bytes: usize,
    /// Memory for the values that are kept of all tables to find links, in bytes. Default 64 MiB.
    pub max_link_bytes: usize,
    /// Cells of a table that are kept side by side, for correlations, column pairs and checks across
    /// columns. Default 1,000,000 (16 bytes each).
    pub max_sample_cells: usize,
    /// Rows whose hash is kept to find duplicates exactly. Default 1,000,000 (8 bytes each).
    pub max_row_hashes: usize,
    /// Most frequent values that are listed. Default 10.
    pub top_values: usize,
    /// Bytes that the result may take as JSON; details are left out, and counted, until it fits. Default 4 MiB,
    /// which leaves room for quoting within the 6 MiB that both platforms let through.
    pub max_reply_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_objects: 200,
            max_bytes_per_object: 2 << 30,
            sample_rows: 0,
            max_columns: 1_000,
            max_total_columns: 20_000,
            max_record_bytes: 1 << 20,
            max_chunk_bytes: 64 << 20,
            max_distinct_exact: 50_000,
            max_dictionary_bytes: 128 << 20,
            max_link_bytes: 64 << 20,
            max_sample_cells: 1_000_000,
            max_row_hashes: 1_000_000,
            top_values: 10,
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
            sample_rows: self.sample_rows,
            max_record_bytes: self.max_record_bytes.max(1024),
            max_columns: self.max_columns,
            max_chunk_bytes: self.max_chunk_bytes,
        }
    }
}

//! Settings of the discovery agent.

use std::time::Duration;

use causeway_cloud::state::Answers;
use causeway_decisioning::discovery::Limits;
use causeway_runtime::{Settings, Vars};

/// Which objects are read, and how much of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Prefix that is surveyed when a request names no source.
    pub prefix: Option<String>,
    /// Bounds of a survey.
    pub limits: Limits,
    /// How long work for a flow counts as going on without a sign of life.
    pub answer_lease: Duration,
}

impl Settings for Config {
    const PREFIX: &'static str = "DISCOVERY_";

    fn read(vars: &mut Vars) -> Self {
        Self {
            prefix: vars.optional_text(
                "DISCOVERY_PREFIX",
                "objects below this prefix are surveyed when a request names no source",
            ),
            limits: limits(vars),
            answer_lease: Duration::from_secs(vars.number(
                "AGENT_LEASE_SECONDS",
                Answers::LEASE.as_secs(),
                5..=900,
                "seconds until a flow's work is begun again whose process gives no sign of life, the same for all agents",
            )),
        }
    }
}

fn limits(vars: &mut Vars) -> Limits {
    let d = Limits::default();
    Limits {
        max_objects: vars.number(
            "DISCOVERY_MAX_OBJECTS",
            d.max_objects,
            1..=100_000,
            "objects that are read, in name order",
        ),
        max_bytes_per_object: vars.number(
            "DISCOVERY_MAX_BYTES_PER_OBJECT",
            d.max_bytes_per_object,
            1..=u64::MAX,
            "bytes of an object that are read, after decompression",
        ),
        sample_rows: vars.number(
            "DISCOVERY_SAMPLE_ROWS",
            d.sample_rows,
            0..=u64::MAX,
            "rows of an object that are read; 0 is all",
        ),
        max_distinct_exact: vars.number(
            "DISCOVERY_MAX_DISTINCT_EXACT",
            d.max_distinct_exact,
            16..=10_000_000,
            "different values of a column that are counted exactly; sketches take over above",
        ),
        max_dictionary_bytes: vars.number(
            "DISCOVERY_MAX_DICTIONARY_BYTES",
            d.max_dictionary_bytes,
            1 << 20..=16 << 30,
            "memory for the texts of one table's columns, in bytes",
        ),
        max_total_columns: vars.number(
            "DISCOVERY_MAX_TOTAL_COLUMNS",
            d.max_total_columns,
            1..=10_000_000,
            "columns of all tables together; their profiles take about 4 KiB each",
        ),
        max_reply_bytes: vars.number(
            "DISCOVERY_MAX_REPLY_BYTES",
            d.max_reply_bytes,
            1 << 16..=1 << 30,
            "bytes of the reply; details are left out, and counted, until it fits",
        ),
        max_chunk_bytes: vars.number(
            "DISCOVERY_MAX_CHUNK_BYTES",
            d.max_chunk_bytes,
            1 << 16..=4 << 30,
            "largest Parquet column chunk, in bytes",
        ),
        ..d
    }
}

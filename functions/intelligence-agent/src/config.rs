//! Settings of the intelligence agent.

use std::time::Duration;

use causeway_cloud::state::Answers;
use causeway_decisioning::intelligence::Limits;
use causeway_runtime::{Settings, Vars};

/// Which objects are analysed, and how much of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Prefix that is analysed when a request names no source.
    pub prefix: Option<String>,
    /// Bounds of an analysis.
    pub limits: Limits,
    /// How long work for a flow counts as going on without a sign of life.
    pub answer_lease: Duration,
}

impl Settings for Config {
    const PREFIX: &'static str = "INTELLIGENCE_";

    fn read(vars: &mut Vars) -> Self {
        Self {
            prefix: vars.optional_text(
                "INTELLIGENCE_PREFIX",
                "objects below this prefix are analysed when a request names no source",
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
            "INTELLIGENCE_MAX_OBJECTS",
            d.max_objects,
            1..=100_000,
            "objects that are looked at, in name order, when a request brings no catalogue",
        ),
        peek_rows: vars.number(
            "INTELLIGENCE_PEEK_ROWS",
            d.peek_rows,
            1..=u64::MAX,
            "rows of an object that are looked at to find the parts of its columns",
        ),
        max_bytes_per_object: vars.number(
            "INTELLIGENCE_MAX_BYTES_PER_OBJECT",
            d.max_bytes_per_object,
            1..=u64::MAX,
            "bytes of an object that are read, after decompression",
        ),
        max_members: vars.number(
            "INTELLIGENCE_MAX_MEMBERS",
            d.max_members,
            160..=100_000_000,
            "different products; other dimensions may have a tenth, and a dimension with more is left out",
        ),
        max_purchases: vars.number(
            "INTELLIGENCE_MAX_PURCHASES",
            d.max_purchases,
            16..=1_000_000_000,
            "different pairs of customer and day, 36 bytes each; above, customers are sampled by hash",
        ),
        max_customers: vars.number(
            "INTELLIGENCE_MAX_CUSTOMERS",
            d.max_customers,
            16..=1_000_000_000,
            "different customers, about 130 bytes each; above, they are sampled by hash",
        ),
        max_orders: vars.number(
            "INTELLIGENCE_MAX_ORDERS",
            d.max_orders,
            16..=1_000_000_000,
            "different orders, 48 bytes each; above, they are sampled by hash",
        ),
        max_chunk_bytes: vars.number(
            "INTELLIGENCE_MAX_CHUNK_BYTES",
            d.max_chunk_bytes,
            1 << 16..=4 << 30,
            "largest Parquet column chunk, in bytes",
        ),
        max_reply_bytes: vars.number(
            "INTELLIGENCE_MAX_REPLY_BYTES",
            d.max_reply_bytes,
            1 << 16..=1 << 30,
            "bytes of the reply; lists are shortened, which is told, until it fits",
        ),
        ..d
    }
}

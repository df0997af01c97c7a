//! Monitoring: posting metrics, querying them in MQL, listing them.

mod aggregate;
mod eval;
mod list;
mod mql;
mod parse;
mod post;
mod query;
mod streams;

pub(crate) use post::seed;

use crate::route::{Route, Service};

/// Queries, lists and (on any host) everything.
pub(crate) const SERVICE: Service = Service {
    name: "monitoring",
    hosts: &["telemetry", "telemetry-ingestion"],
    bases: &["/20180401"],
    routes: &[
        Route::post("PostMetricData", "/metrics", post::post),
        Route::post("SummarizeMetricsData", "/metrics/actions/summarizeMetricsData", query::summarize),
        Route::post("ListMetrics", "/metrics/actions/listMetrics", list::list),
    ],
};

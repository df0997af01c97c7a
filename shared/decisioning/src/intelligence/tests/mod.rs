//! The analysis on real and on broken data; the helpers are shared by the modules below.

mod broken;
mod customers;
mod known_answers;
mod laws;
mod partitions;
mod receivables;
mod replies;

use std::sync::Arc;

use causeway_cloud::Objects;
use futures_executor::block_on;
use jiff::Timestamp;

use super::data::{Data, MetricRecord};
use super::*;
use crate::result::Status;
pub(super) use crate::tests::{clock, store};

pub(super) fn run_with(objects: &Objects, request: &Request, limits: &Limits) -> Answer {
    block_on(analyse(objects, request, limits, &clock, None)).unwrap()
}

/// Analyses one table with a request in JSON.
pub(super) fn run(content: &str, request: &str) -> Answer {
    let objects = store(&[("orders.csv", content.as_bytes())]);
    run_with(&objects, &serde_json::from_str(request).unwrap(), &Limits::default())
}

/// The data as the next agent takes it.
pub(super) fn data(answer: &Answer) -> Data {
    serde_json::from_value(answer.data.clone()).unwrap()
}

pub(super) fn record(data: &Data, metric: &str) -> MetricRecord {
    data.coverage.metrics.iter().find(|r| r.metric == metric).unwrap_or_else(|| panic!("no {metric}")).clone()
}

pub(super) fn reason(data: &Data, metric: &str) -> String {
    record(data, metric).reason.unwrap_or_default()
}

pub(super) fn near(value: Option<f64>, expected: f64, tolerance: f64) {
    let value = value.unwrap_or(f64::NAN);
    assert!((value - expected).abs() <= tolerance, "{value} instead of {expected}");
}

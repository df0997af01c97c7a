//! A month of very many rows, page after page, through the whole process.

use std::fmt::Write;

use jiff::Timestamp;
use serde_json::json;
use tests::harness::{notice, peak_mb};

use crate::cloud::{Cloud, codes, tick};
use crate::rows::{day_of, later, midnight};
use crate::script::Answer;

const PAGE: usize = 1_000;
const MOST_MB: f64 = 64.0;
/// GB of a row.
const GB: f64 = 0.001;

/// Rows `first` to `first + PAGE` as the service writes them; each is of another service, or of another compartment.
fn page(by: &str, first: usize) -> String {
    let today = day_of(Timestamp::now());
    let mut body = String::from("{\"groupBy\":[],\"items\":[");
    for number in first..first + PAGE {
        let day = later(today, -1 - i64::try_from(number % 12).unwrap());
        let comma = if number == first { "" } else { "," };
        write!(
            body,
            "{comma}{{\"timeUsageStarted\":\"{}\",\"timeUsageEnded\":\"{}\",\"{by}\":\"{by} {number}\",\
             \"skuPartNumber\":\"B88327\",\"skuName\":\"Outbound Data Transfer Zone 1\",\"unit\":\"GB Months\",\
             \"computedQuantity\":{GB},\"computedAmount\":0,\"currency\":\" \",\"tags\":[]}}",
            midnight(day),
            midnight(later(day, 1)),
        )
        .unwrap();
    }
    body + "]}"
}

#[test]
fn a_flood_of_rows_is_read_in_bounded_memory() {
    let is_slow = std::env::var("TEST_SLOW").is_ok_and(|slow| slow == "1");
    let rows = if is_slow { 10_000_000 } else { 60_000 };
    let mut cloud = Cloud::start();
    cloud.begin_before(12);
    cloud.set("EGRESS_MONITOR_STOP_AFTER_SECONDS", "3000");
    cloud.script.set(move |question, token| {
        // The second question is about contributors.
        let is_second = question["groupBy"].to_string().contains("compartmentName");
        let first = token.map_or(0, |token| token.parse::<usize>().unwrap());
        let body = page(if is_second { "compartmentName" } else { "service" }, first);
        let answer = Answer { status: 200, next: None, body };
        Some(if first + PAGE < rows { answer.then(&(first + PAGE).to_string()) } else { answer })
    });
    let process = cloud.process();
    let start = std::time::Instant::now();
    let reply = tick(&process, 6_000);
    let peak = peak_mb(&process);
    notice(&format!(
        "twice {rows} rows in {} pages: {:.1} s, peak {peak:.1} MB (TEST_SLOW=1: 10,000,000)",
        cloud.script.asked(),
        start.elapsed().as_secs_f64()
    ));
    assert_eq!(reply["status"], "ok", "{:?}", codes(&reply));
    let bytes = (rows as u64 * 1_000_000).to_string();
    assert_eq!(reply["billed"]["bytes"], bytes.as_str(), "every row is in the sum");
    assert_eq!(cloud.script.asked(), 2 * rows / PAGE, "contributors are as many rows again");
    for by in ["compartment", "service"] {
        let contributors = reply["contributors"].as_array().unwrap().iter().find(|one| one["by"] == by).unwrap();
        assert_eq!(
            (contributors["top"].as_array().unwrap().len(), &contributors["attributed_percent"]),
            (10, &json!(100.0))
        );
    }
    assert!(peak < MOST_MB, "{peak} MB");
}

//! Cost Explorer as moto plays it, which answers what a test has put there before, one answer for each new question.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use causeway_cloud::Ports;
use causeway_cloud::conformance::usage;
use causeway_cloud::usage::{Dimension, Granularity, UsageQuery};
use causeway_resilience::Deadline;
use futures_util::TryStreamExt;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::aws_side::{KNOWN_KEY, ports};
use crate::moto::Moto;

const OUT: &str = "USE1-DataTransfer-Out-Bytes";

fn deadline() -> Deadline {
    Deadline::at(Instant::now() + Duration::from_secs(60))
}

/// What the next questions that are new are answered with.
fn prepare(moto: &Moto, results: &Value) {
    let body = json!({ "results": results }).to_string();
    let mut connection = TcpStream::connect(("127.0.0.1", moto.port)).unwrap();
    let head = format!(
        "POST /moto-api/static/ce/cost-and-usage-results HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    connection.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

fn group(keys: &[&str], gb: &str, unit: &str) -> Value {
    let metrics = json!({
        "UsageQuantity": { "Amount": gb, "Unit": unit }, "UnblendedCost": { "Amount": "1.25", "Unit": "USD" },
    });
    json!({ "Keys": keys, "Metrics": metrics })
}

fn day(first: u8, groups: &[Value]) -> Value {
    json!({
        "TimePeriod": { "Start": format!("2026-09-{first:02}"), "End": format!("2026-09-{:02}", first + 1) },
        "Total": {}, "Groups": groups, "Estimated": first > 1,
    })
}

#[tokio::test]
async fn usage_keeps_its_promises() {
    let Some(moto) = Moto::start() else { return };
    let sum = json!({ "ResultsByTime": [day(1, &[group(&[OUT], "30.5", "GB")])] });
    let hours = group(&["BoxUsage:t3.micro"], "24", "Hrs");
    let all = json!({ "ResultsByTime": [day(1, &[group(&[OUT], "30.5", "GB"), hours])] });
    prepare(&moto, &json!([sum, all]));
    let port = ports(&moto.url(), KNOWN_KEY, &[]).usage().unwrap();
    let day: Timestamp = "2026-09-01T00:00:00Z".parse().unwrap();
    let prepared = usage::Prepared { day, sku: OUT, quantity: 30.5, deadline: deadline() };
    usage::all(port.as_ref(), &prepared).await.unwrap();
}

/// moto answers a question with another token as a new one.
#[tokio::test]
async fn pages_services_and_money() {
    let Some(moto) = Moto::start() else { return };
    let compute = "Amazon Elastic Compute Cloud - Compute";
    let first = json!({
        "ResultsByTime": [day(1, &[group(&[compute, OUT], "100", "GB")])], "NextPageToken": "two",
    });
    let second = json!({ "ResultsByTime": [day(2, &[group(&["Amazon Simple Storage Service", OUT], "0.5", "GB")])] });
    prepare(&moto, &json!([first, second]));
    let port = ports(&moto.url(), KNOWN_KEY, &[]).usage().unwrap();
    let query = UsageQuery {
        from: "2026-09-01T00:00:00Z".parse().unwrap(),
        to: "2026-09-03T00:00:00Z".parse().unwrap(),
        granularity: Granularity::Daily,
        group_by: vec![Dimension::Service, Dimension::Sku],
        skus: Vec::new(),
        with_cost: true,
    };
    let rows: Vec<_> = port.rows(&query, deadline()).try_collect().await.unwrap();
    let told: Vec<_> =
        rows.iter().map(|row| (row.service.as_deref().unwrap(), row.quantity, row.is_estimated)).collect();
    assert_eq!(told, [(compute, Some(100.0), Some(false)), ("Amazon Simple Storage Service", Some(0.5), Some(true))]);
    let money: Vec<_> = rows.iter().map(|row| (row.amount, row.currency.as_deref())).collect();
    assert_eq!(money, [(Some(1.25), Some("USD")); 2]);
}

//! `oci usage-api`: usage summaries.

use serde_json::{Value, json};

use super::harness::{Cloud, check};

const REQUEST: &str = "usage-api usage-summary request-summarized-usages";
const SEPTEMBER: [&str; 4] =
    ["--time-usage-started", "2026-09-01T00:00:00Z", "--time-usage-ended", "2026-10-01T00:00:00Z"];

fn row(day: u8, service: &str, sku: &str, quantity: f64) -> Value {
    json!({
        "timeUsageStarted": format!("2026-09-{day:02}T00:00:00Z"),
        "timeUsageEnded": format!("2026-09-{:02}T00:00:00Z", day + 1),
        "service": service,
        "skuPartNumber": sku,
        "skuName": "Outbound Data Transfer Zone 1",
        "unit": "GB Months",
        "currency": "USD",
        "computedQuantity": quantity,
        "computedAmount": quantity / 100.0,
        "lagHours": 30,
    })
}

#[test]
fn summaries() {
    let Some(cloud) = Cloud::start("usage") else { return };
    cloud.stop_clock("2026-09-05T12:00:00Z");
    let mut rows = vec![
        row(1, "VCN", "B88327", 100.0),
        row(1, "Object Storage", "B88327", 20.0),
        row(2, "VCN", "B88327", 50.0),
        row(2, "VCN", "B93455", 7.0),
        // Ends at midnight, 12 hours ago: not there yet.
        row(4, "VCN", "B88327", 1000.0),
    ];
    rows[2]["corrections"] = json!([{ "afterHours": 48, "computedQuantity": 60.0, "computedAmount": 0.6 }]);
    cloud.admin("POST", "usage", &json!(rows));
    let tenancy = cloud.emulator.tenancy().to_owned();
    let ask = |granularity: &str, more: &[&str]| {
        let first = ["--tenant-id", &tenancy, "--granularity", granularity, "--query-type", "USAGE"];
        cloud.oci(REQUEST, &[&first[..], &SEPTEMBER, more].concat())
    };
    let sums = |answer: &Value, member: &str| -> Vec<(String, f64)> {
        let items = answer["data"]["items"].as_array().unwrap_or_else(|| panic!("no items: {answer}")).iter();
        let text = |one: &Value| one[member].as_str().unwrap_or_else(|| panic!("no {member}: {one}")).to_owned();
        items.map(|one| (text(one), one["computed-quantity"].as_f64().unwrap())).collect()
    };
    let pair = |name: &str, quantity: f64| (name.to_owned(), quantity);
    let month = ask("MONTHLY", &["--group-by", r#"["skuPartNumber"]"#]);
    assert_eq!(sums(&month, "sku-part-number"), [pair("B88327", 180.0), pair("B93455", 7.0)]);
    check(
        &month["data"]["items"][0],
        [
            ("/time-usage-started", json!("2026-09-01T00:00:00+00:00")),
            ("/time-usage-ended", json!("2026-10-01T00:00:00+00:00")),
            ("/currency", json!("USD")),
            ("/service", Value::Null),
        ],
    );
    let days = ask("DAILY", &["--group-by", r#"["service","skuPartNumber"]"#]);
    let expected = [pair("Object Storage", 20.0), pair("VCN", 100.0), pair("VCN", 60.0), pair("VCN", 7.0)];
    assert_eq!(sums(&days, "service"), expected);
    let filter =
        r#"{"operator":"AND","dimensions":[{"key":"service","value":"VCN"},{"key":"skuPartNumber","value":"B88327"}]}"#;
    let filtered = ask("DAILY", &["--group-by", r#"["unit"]"#, "--filter", filter]);
    assert_eq!(sums(&filtered, "unit"), [pair("GB Months", 100.0), pair("GB Months", 60.0)]);
    let whole = ask("DAILY", &["--is-aggregate-by-time", "true", "--group-by", r#"["unit"]"#]);
    assert_eq!(sums(&whole, "unit"), [pair("GB Months", 187.0)]);
    let first = ask("DAILY", &["--limit", "3", "--group-by", r#"["service","skuPartNumber"]"#]);
    let page = first["opc-next-page"].as_str().expect("a next page").to_owned();
    let rest = ask("DAILY", &["--limit", "3", "--page", &page, "--group-by", r#"["service","skuPartNumber"]"#]);
    assert_eq!([sums(&first, "service"), sums(&rest, "service")].concat(), expected);
}

#[test]
fn refusals() {
    let Some(cloud) = Cloud::start("usage refusals") else { return };
    let tenancy = cloud.emulator.tenancy().to_owned();
    let invalid = |more: &[&str]| {
        cloud.fails((400, "InvalidParameter"), REQUEST, &[&["--tenant-id", tenancy.as_str()], more].concat())
    };
    let from = ["--granularity", "DAILY", "--time-usage-started", "2026-09-01T00:30:00Z", "--time-usage-ended"];
    let message = invalid(&[&from[..], &["2026-09-02T00:00:00Z"]].concat());
    assert!(message.starts_with("UTC date does not have the right precision"), "{message}");
    let five = r#"["service","skuName","unit","region","platform"]"#;
    let message = invalid(&[&["--granularity", "DAILY", "--group-by", five], &SEPTEMBER[..]].concat());
    assert_eq!(message, "Usage is grouped by at most 4 members.");
    let message = invalid(&[&["--granularity", "TOTAL"], &SEPTEMBER[..]].concat());
    assert_eq!(message, "The granularity TOTAL is not supported.");
    let other = [&["--tenant-id", "ocid1.tenancy.oc1..aaaaother", "--granularity", "DAILY"], &SEPTEMBER[..]].concat();
    cloud.fails((404, "NotAuthorizedOrNotFound"), REQUEST, &other);
}

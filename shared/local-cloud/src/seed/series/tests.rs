use std::fs;

use serde_json::{Value, json};

use super::*;

fn metric(more: &Value) -> Metric {
    let mut all = json!({ "namespace": "n", "name": "m" });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

fn points(csv: &str, more: &Value) -> Result<Vec<(i64, f64)>, String> {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("t.csv"), csv).unwrap();
    let mut all = json!({ "csv": "t.csv" });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let series = read(&metric(&all), directory.path())?;
    Ok(series.points.iter().map(|point| (point.at_ms, point.value)).collect())
}

#[test]
fn traces_come_in_several_forms() {
    let check = |csv: &str, more: Value, expected: &[(i64, f64)]| {
        assert_eq!(points(csv, &more).as_deref(), Ok(expected), "{csv}");
    };
    let two = [(0, 1.5), (60_000, 2.0)];
    check("timestamp,value\n1970-01-01T00:00:00Z,1.5\n1970-01-01T00:01:00Z,2\n", json!({}), &two);
    check("\u{feff}timestamp,value\r\n1970-01-01 00:01:00,2\r\n1970-01-01 00:00:00,1.5\r\n", json!({}), &two);
    check("0,1.5\n60,2\n", json!({}), &two);
    check("time,host,cpu\n0,a,1.5\n60,a,2\n", json!({ "timestampColumn": "time", "valueColumn": "cpu" }), &two);
    check("1.5\n2\n", json!({ "stepSeconds": 60, "startsAt": "1970-01-01T00:00:00Z" }), &two);
    check("value\n1.5\n2\n", json!({ "stepSeconds": 60, "startsAt": "1970-01-01T00:00:00Z" }), &two);
    check("0,1.5\n30,\n60,2\n", json!({}), &two);
    check("1000000,1.5\n1000060,2\n", json!({ "startsAt": "1970-01-01T00:00:00Z" }), &two);
    check("1700000000000,1\n", json!({}), &[(1_700_000_000_000, 1.0)]);
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let check = |csv: &str, more: Value, expected: &str| {
        let error = points(csv, &more).unwrap_err();
        assert!(error.contains(expected), "{csv}: {error}");
    };
    check("0,1\nx,2\n", json!({}), "t.csv:2: expected a time such as");
    check("0,1\n1,many\n", json!({}), "t.csv:2: expected a finite number, found \"many\"");
    check("0,1\n1,NaN\n", json!({}), "t.csv:2: expected a finite number");
    check("0,1\n1\n", json!({}), "t.csv:2: expected 2 fields");
    check("a,b,c\n1,2,3\n", json!({}), "there are 3");
    check("a,b\n1,2\n", json!({ "valueColumn": "c" }), "there is no column \"c\"");
    check("1\n2\n", json!({}), "need stepSeconds");
    check("0,1\n", json!({ "stepSeconds": 60 }), "stepSeconds is for values without timestamps");
    check("", json!({}), "at least one point");
    check("1e300,1\n", json!({}), "out of range");
    check("0,1\n", json!({ "values": [1] }), "exactly one of");
}

#[test]
fn the_last_point_goes_where_it_shall() {
    let now: Timestamp = "2026-01-31T08:00:00Z".parse().unwrap();
    let end = |more: Value| {
        let series = read(&metric(&more), Path::new(".")).unwrap();
        series.points.last().unwrap().at_ms + series.shift(now)
    };
    assert_eq!(end(json!({ "values": [1, null, 3], "stepSeconds": 60 })), now.as_millisecond());
    let fixed = json!({ "values": [1, 2], "stepSeconds": 60, "endsAt": "2026-01-01T00:00:00Z" });
    assert_eq!(end(fixed), "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap().as_millisecond());
    let given = json!({ "datapoints": [{ "timestamp": "2026-01-02T00:00:00Z", "value": 1 }] });
    assert_eq!(end(given), "2026-01-02T00:00:00Z".parse::<Timestamp>().unwrap().as_millisecond());
}

#[test]
fn no_file_is_read_without_bound() {
    let check = |csv: &str, expected: &str| {
        let error = points(csv, &json!({})).unwrap_err();
        assert!(error.contains(expected) && error.len() < 1000, "{expected}: {}...", &error[..error.len().min(300)]);
    };
    check(&"1".repeat(1_000_000), "expected rows of at most 65536 bytes");
    check(&format!("0,1\n{}", "x".repeat(1_000_000)), "expected rows of at most 65536 bytes");
    check(&format!("0,1\n\"{}", "60,2\n".repeat(200_000)), "expected rows of at most 65536 bytes");
    check(&format!("0,1\n{}", "\n".repeat(1_000_000)), "expected rows of at most 65536 bytes");
    let many = format!("0,1\n{}", "60,2\n".repeat(200_000));
    assert_eq!(points(&many, &json!({})).unwrap().len(), 200_001);
    for special in ["/dev/zero", "/dev/null", "."] {
        let error = read(&metric(&json!({ "csv": special })), Path::new("/")).unwrap_err();
        assert!(error.contains("expected a regular file"), "{error}");
    }
}

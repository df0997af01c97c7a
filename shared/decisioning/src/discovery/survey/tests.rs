//! The survey on real and on broken data; the helpers are shared by the modules below.

mod broken;
mod drift;
mod formats;
mod known_answers;
mod laws;
mod lost_rows;
mod parquet_files;
mod parquet_types;
mod replaced;
mod small_replies;

use std::io::Write;
use std::sync::Arc;

use futures_executor::block_on;
use jiff::Timestamp;
use serde_json::Value;

use super::*;
use crate::result::Status;
pub(super) use crate::tests::{clock, store};

pub(super) fn run_with(objects: &Objects, request: &Request, limits: &Limits) -> Answer {
    block_on(survey(objects, request, limits, &clock, None)).unwrap()
}

pub(super) fn run(objects: &[(&str, &[u8])]) -> Answer {
    run_with(&store(objects), &Request::default(), &Limits::default())
}

pub(super) fn column<'a>(result: &'a Answer, table: usize, name: &str) -> &'a Value {
    let columns = result.data["tables"][table]["columns"].as_array().unwrap();
    columns.iter().find(|c| c["name"] == name).unwrap_or_else(|| panic!("no column {name}"))
}

pub(super) fn codes(result: &Answer) -> Vec<String> {
    result.data["issues"].as_array().unwrap().iter().map(|i| i["code"].as_str().unwrap().to_owned()).collect()
}

pub(super) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn the_envelope_has_nine_keys() {
    let result = serde_json::to_value(run(&[("a.csv", b"x,y\n1,2\n3,4\n")])).unwrap();
    let mut keys: Vec<&String> = result.as_object().unwrap().keys().collect();
    keys.sort();
    let expected = [
        "agent_name",
        "confidence_score",
        "data",
        "execution_time",
        "insights",
        "recommendations",
        "status",
        "task_id",
        "timestamp",
    ];
    assert_eq!(keys, expected);
    assert_eq!(result["task_id"], "discovery_1700000000");
    assert_eq!(result["timestamp"], "2023-11-14T22:13:20Z");
}

#[test]
fn the_schema_describes_the_data() {
    let schema = serde_json::to_value(schemars::schema_for!(Answer)).unwrap();
    let place = schema["properties"]["data"]["$ref"].as_str().unwrap();
    let data = &schema.pointer(place.trim_start_matches('#')).unwrap()["properties"];
    let result = run(&[("a.csv", b"x,y\n1,2\n")]);
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let (mut described, mut given) = (keys(data), keys(&result.data));
    described.sort();
    given.sort();
    assert_eq!(described, given);
    assert!(schema["properties"].get("shape").is_none(), "the marker of the type is no part of the reply");
}

#[test]
fn every_statement_points_to_something() {
    let result = run(&[("a.csv", b"id,email,amount\n1,ann@example.org,5\n2,bob@example.org,\n2,bob@example.org,\n")]);
    let check = |list: &str, statements: &[String]| {
        let evidence = result.data[list].as_array().unwrap();
        assert_eq!(evidence.len(), statements.len());
        for pointer in evidence.iter().flat_map(|e| e.as_array().unwrap()) {
            assert!(result.data.pointer(pointer.as_str().unwrap()).is_some(), "{pointer}");
        }
    };
    check("evidence", &result.insights);
    check("recommendation_evidence", &result.recommendations);
}

#[test]
fn when_time_is_up_the_rest_is_deferred() {
    let ticks = std::sync::atomic::AtomicI64::new(0);
    let clock = || Timestamp::from_second(ticks.fetch_add(1, std::sync::atomic::Ordering::Relaxed)).unwrap();
    let objects: Vec<(String, Vec<u8>)> = (0..30).map(|i| (format!("t{i:02}.csv"), b"a,b\n1,2\n".to_vec())).collect();
    let listed: Vec<(&str, &[u8])> = objects.iter().map(|(n, c)| (n.as_str(), c.as_slice())).collect();
    let deadline = Some(Timestamp::from_second(20).unwrap());
    let result = block_on(survey(&store(&listed), &Request::default(), &Limits::default(), &clock, deadline)).unwrap();
    assert_eq!(result.status, Status::Partial);
    let deferred = result.data["coverage"]["deferred"].as_array().unwrap().len();
    let profiled = result.data["data_ecosystem"]["total_entities"].as_u64().unwrap();
    assert!(profiled > 3 && deferred as u64 + profiled == 30, "{profiled} {deferred}");
}

#[test]
fn a_deadline_already_past_reads_nothing_and_says_so() {
    let objects = store(&[("a.csv", b"a,b\n1,2\n")]);
    let past = Some(Timestamp::from_second(1).unwrap());
    let result = block_on(survey(&objects, &Request::default(), &Limits::default(), &clock, past)).unwrap();
    assert_eq!((result.status, result.data["coverage"]["deferred"][0].as_str()), (Status::Error, Some("a.csv")));
}

#[test]
fn object_limits_are_told() {
    let objects = store(&[("a.csv", b"a,b\n1,2\n"), ("b.csv", b"a,b\n1,2\n")]);
    let result = run_with(&objects, &Request::default(), &Limits { max_objects: 1, ..Limits::default() });
    assert_eq!((result.status, codes(&result)), (Status::Partial, vec!["object_limit".to_owned()]));
    let rows = run_with(&objects, &Request::default(), &Limits { sample_rows: 1, ..Limits::default() });
    assert_eq!(rows.status, Status::Success, "one row is all there is");
}

#[test]
fn personal_values_are_shown_nowhere() {
    let rows: String =
        (0..200).map(|i| format!("user{i}@secret.example,Person Hidden{i},+1 555 010 {i:04},{i}\n")).collect();
    let content = format!("email,customer_name,phone,visits\n{rows}");
    let other = "email\nuser1@secret.example\nuser2@secret.example\nnobody@secret.example\n";
    let result = run(&[("a.csv", content.as_bytes()), ("b.csv", other.as_bytes())]);
    let text = serde_json::to_string(&result).unwrap();
    for leak in ["secret.example", "Hidden", "555 010"] {
        assert!(!text.contains(leak), "{leak}");
    }
    assert_eq!(column(&result, 0, "email")["top"]["values"][0]["value"], "[masked]");
}

#[test]
fn timeliness_needs_a_day_to_judge_against() {
    let objects = store(&[("a.csv", b"order_date,qty\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n2024-01-04,4\n")]);
    let part = |request: &Request| {
        let result = run_with(&objects, request, &Limits::default());
        result.data["tables"][0]["quality"]["parts"][4].clone()
    };
    assert!(part(&Request::default())["value"].is_null());
    let request = Request { as_of: Some("2024-01-05".parse().unwrap()), ..Request::default() };
    assert_eq!(part(&request)["value"], 1.0);
}

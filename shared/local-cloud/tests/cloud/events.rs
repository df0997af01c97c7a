//! Asynchronous calls of Lambda: accepted at once, tried again, told in the log.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use causeway_local_cloud::Limits;
use serde_json::{Value, json};

use super::support::{Local, PATIENCE, header, post, probe, seconds, spoiled};

const PATH: &str = "/2015-03-31/functions/probe/invocations";

/// Sends an event; its request id.
async fn event(local: &Local, body: &Value) -> String {
    let mut request = post(PATH, body.to_string());
    request.headers_mut().insert("x-amz-invocation-type", "Event".parse().unwrap());
    let response = local.send(request).await;
    assert_eq!((response.status().as_u16(), response.body().len()), (202, 0), "{response:?}");
    header(&response, "x-amzn-requestid").to_owned()
}

fn waiting(waits: &[f64]) -> Limits {
    Limits { event_retry_waits: waits.iter().map(|wait| seconds(*wait)).collect(), ..Limits::default() }
}

/// Waits for a line of this kind; all lines about events up to then.
async fn until_told(local: &Local, message: &str) -> Vec<Value> {
    let started = Instant::now();
    loop {
        let lines = local.told("lambda.event.").await;
        if lines.iter().any(|line| line["message"] == message) {
            return lines;
        }
        assert!(started.elapsed() < PATIENCE, "no {message}: {lines:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Message, try and error type of each line.
fn summary(lines: &[Value]) -> Vec<(&str, u64, &str)> {
    lines
        .iter()
        .map(|line| {
            let message = line["message"].as_str().unwrap().trim_start_matches("lambda.event.");
            (message, line["try"].as_u64().unwrap(), line["error_type"].as_str().unwrap_or(""))
        })
        .collect()
}

fn counter(directory: &Path) -> PathBuf {
    directory.join("calls")
}

fn calls(file: &Path) -> Vec<String> {
    std::fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_failed_event_is_tried_twice_more_with_its_id() {
    let local = Local::start(vec![probe()], waiting(&[0.05, 0.1])).await;
    let directory = tempfile::tempdir().unwrap();
    let file = counter(directory.path());
    let id = event(&local, &json!({ "op": "fail-times", "file": file, "times": 2 })).await;
    let lines = until_told(&local, "lambda.event.done").await;
    assert_eq!(summary(&lines), [("failed", 1, "as_told"), ("failed", 2, "as_told"), ("done", 3, "")]);
    assert_eq!((&lines[0]["retry_in_seconds"], &lines[1]["retry_in_seconds"]), (&json!(0.05), &json!(0.1)));
    assert!(lines.iter().all(|line| line["function_request_id"] == id.as_str() && line["tries"] == 3), "{lines:?}");
    assert_eq!(calls(&file), [id.as_str(); 3]);
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn after_the_last_try_an_event_is_given_up() {
    let local = Local::start(vec![probe()], waiting(&[0.01, 0.01])).await;
    let directory = tempfile::tempdir().unwrap();
    let file = counter(directory.path());
    event(&local, &json!({ "op": "fail-times", "file": file, "times": 9 })).await;
    let lines = until_told(&local, "lambda.event.discarded").await;
    assert_eq!(summary(&lines), [("failed", 1, "as_told"), ("failed", 2, "as_told"), ("discarded", 3, "as_told")]);
    tokio::time::sleep(seconds(0.1)).await;
    assert_eq!(calls(&file).len(), 3, "and not a fourth time");
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn what_succeeds_or_is_refused_runs_once() {
    let local = Local::start(vec![probe()], waiting(&[0.01, 0.01])).await;
    event(&local, &json!({ "op": "say", "text": "once" })).await;
    let lines = until_told(&local, "lambda.event.done").await;
    assert_eq!(summary(&lines), [("done", 1, "")]);
    assert_eq!(local.log().await.iter().filter(|line| *line == "once").count(), 1);
    local.cloud.shutdown().await;
    let none = Local::start(vec![probe()], waiting(&[])).await;
    event(&none, &json!({ "op": "fail" })).await;
    assert_eq!(summary(&until_told(&none, "lambda.event.discarded").await), [("discarded", 1, "as_told")]);
    none.cloud.shutdown().await;
}

#[tokio::test]
async fn deaths_timeouts_and_failed_starts_are_failures_too() {
    let limits = Limits { call_timeout: seconds(1.0), ..waiting(&[0.01]) };
    let local = Local::start(vec![probe()], limits).await;
    for (body, error) in [
        (json!({ "op": "exit", "code": 3 }), "Runtime.ExitError"),
        (json!({ "op": "block", "ms": 60_000 }), "Sandbox.Timedout"),
    ] {
        let id = event(&local, &body).await;
        let started = Instant::now();
        let lines = loop {
            let lines = local.told("lambda.event.").await;
            let own: Vec<Value> = lines.into_iter().filter(|line| line["function_request_id"] == id.as_str()).collect();
            if own.len() == 2 {
                break own;
            }
            assert!(started.elapsed() < PATIENCE, "{own:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        assert_eq!(summary(&lines), [("failed", 1, error), ("discarded", 2, error)]);
    }
    local.cloud.shutdown().await;
    let local = Local::start(vec![spoiled("fail-at-start")], waiting(&[])).await;
    event(&local, &json!({})).await;
    let lines = until_told(&local, "lambda.event.discarded").await;
    assert_eq!(summary(&lines), [("discarded", 1, "Runtime.ExitError")]);
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn an_event_waits_for_a_process_without_losing_a_try() {
    let limits = Limits { max_processes: 1, queue_timeout: seconds(0.1), ..waiting(&[]) };
    let local = Local::start(vec![probe()], limits).await;
    let busy = local.post(PATH, json!({ "op": "sleep", "ms": 700 }).to_string());
    let (busy, ()) = tokio::join!(busy, async {
        tokio::time::sleep(seconds(0.3)).await;
        event(&local, &json!({ "op": "pid" })).await;
        until_told(&local, "lambda.event.postponed").await;
    });
    assert_eq!(busy.status(), 200);
    let lines = until_told(&local, "lambda.event.done").await;
    assert_eq!(summary(&lines), [("postponed", 0, "Timed out - server too busy"), ("done", 1, "")]);
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn an_event_that_would_be_too_old_is_given_up() {
    let limits = Limits { event_max_age: seconds(0.5), ..waiting(&[60.0]) };
    let local = Local::start(vec![probe()], limits).await;
    event(&local, &json!({ "op": "fail" })).await;
    let lines = until_told(&local, "lambda.event.discarded").await;
    assert_eq!(
        (summary(&lines), &lines[0]["reason"]),
        (vec![("discarded", 1, "as_told")], &json!("the event is too old"))
    );
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn at_the_end_waiting_events_are_dropped_with_a_line() {
    let local = Local::start(vec![probe()], waiting(&[3600.0])).await;
    let waits = event(&local, &json!({ "op": "fail" })).await;
    until_told(&local, "lambda.event.failed").await;
    let runs = event(&local, &json!({ "op": "sleep", "ms": 25_000 })).await;
    let started = Instant::now();
    local.cloud.shutdown().await;
    assert!(started.elapsed() < seconds(4.0), "nobody waits for an hour, nor for a call");
    let lines = local.told("lambda.event.dropped").await;
    let mut ids: Vec<&str> = lines.iter().map(|line| line["function_request_id"].as_str().unwrap()).collect();
    let mut expected = [waits.as_str(), runs.as_str()];
    ids.sort_unstable();
    expected.sort_unstable();
    assert_eq!(ids, expected, "as soon as the shutdown is over, every line is there");
    let late = local.post(PATH, "{}").await;
    assert_eq!(late.status(), 500, "{late:?}");
}

#[tokio::test]
async fn waiting_events_have_bounded_room() {
    let local = Local::start(vec![probe()], Limits { max_processes: 1, ..waiting(&[3600.0]) }).await;
    let big = json!({ "op": "say", "text": "x".repeat(1_000_000) }).to_string();
    let mut statuses = Vec::new();
    event(&local, &json!({ "op": "sleep", "ms": 20_000 })).await;
    for _ in 0..70 {
        let mut request = post(PATH, big.clone());
        request.headers_mut().insert("x-amz-invocation-type", "Event".parse().unwrap());
        let response = local.send(request).await;
        statuses.push(response.status().as_u16());
    }
    let accepted = statuses.iter().filter(|status| **status == 202).count();
    assert!((60..=67).contains(&accepted) && statuses.last() == Some(&429), "{statuses:?}");
    local.cloud.shutdown().await;
    assert_eq!(local.told("lambda.event.dropped").await.len(), accepted + 1);
}

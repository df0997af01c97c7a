//! Results of runs on their sides.

use std::sync::Arc;
use std::time::{Duration, Instant};

use causeway_cloud::Objects;
use causeway_cloud::results::{ObjectResults, Results, RunResult};
use causeway_cloud::state::Clock;
use causeway_resilience::Deadline;
use causeway_resilience::service::Kind;
use jiff::Timestamp;

use super::super::SidedResults;
use super::stage::{Health, Place, Stage};

use Health::{Out, Well};

fn results(stage: &Stage) -> SidedResults {
    let make =
        |objects: Objects| ObjectResults::new(objects, "results", Arc::clone(&stage.clock) as Arc<dyn Clock>, None);
    let [first, second] = [&stage.first, &stage.second].map(|place| Arc::new(place.clone()) as Objects);
    SidedResults::new(make(first), &second, make, stage.chains())
}

fn result(run_id: &str) -> RunResult {
    let started: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
    RunResult {
        run_id: run_id.to_owned(),
        analysis_type: "financial_health".to_owned(),
        status: "success".to_owned(),
        started,
        ended: started,
        agent_results: "{}".to_owned(),
        executive_summary: "{}".to_owned(),
        business_health: Some(70.0),
        document: format!("{{\"run\":\"{run_id}\"}}").into(),
        retention_days: 30,
    }
}

async fn index(place: &Place, folder: &str) -> Vec<String> {
    let Some(text) = place.text(&format!("{folder}results/index/2026-03.json")).await else { return Vec::new() };
    let index: serde_json::Value = serde_json::from_str(&text).unwrap();
    let runs = index["value"]["runs"].as_array().unwrap().iter();
    runs.map(|run| run["run_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_result_of_the_second_side_comes_to_the_first_when_that_is_back() {
    let stage = Stage::new();
    let process = results(&stage);
    stage.sides(Out, Well);
    for run in ["side2.a", "side2.b"] {
        process.store(&result(run), Deadline::NONE).await.unwrap();
    }
    assert_eq!(index(&stage.second, "own/").await, ["side2.b", "side2.a"]);
    let refused = process.store(&result("c"), Deadline::NONE).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Unavailable, "a run of the first side waits for it");
    stage.sides(Well, Well);
    stage.pass(400);
    results(&stage).store(&result("c"), Deadline::NONE).await.unwrap();
    let mut all = index(&stage.first, "").await;
    all.sort();
    assert_eq!(all, ["c", "side2.a", "side2.b"]);
    assert_eq!(stage.first.text("results/side2.a.json").await.as_deref(), Some(r#"{"run":"side2.a"}"#));
    assert!(!stage.second.names().await.iter().any(|name| name.starts_with("pending-results/")));
    assert!(!stage.second.names().await.iter().any(|name| name.ends_with("/c.json")), "it is not on both");
}

#[tokio::test]
async fn another_result_under_the_name_of_a_run_is_refused_as_on_one_side() {
    let stage = Stage::new();
    for run in ["a", "side2.a"] {
        let process = results(&stage);
        process.store(&result(run), Deadline::NONE).await.unwrap();
        process.store(&result(run), Deadline::NONE).await.unwrap();
        let other = RunResult { document: "{}".into(), ..result(run) };
        let refused = process.store(&other, Deadline::NONE).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Invalid, "{run}");
    }
}

#[tokio::test]
async fn a_refused_result_does_not_take_the_place_of_the_one_that_waits() {
    let stage = Stage::new();
    let process = results(&stage);
    stage.sides(Out, Well);
    process.store(&result("side2.a"), Deadline::NONE).await.unwrap();
    let other = RunResult { document: "{}".into(), ..result("side2.a") };
    assert_eq!(process.store(&other, Deadline::NONE).await.unwrap_err().kind(), Kind::Invalid);
    stage.sides(Well, Well);
    stage.pass(400);
    results(&stage).remove_old(Deadline::NONE).await.unwrap();
    assert_eq!(stage.first.text("results/side2.a.json").await.as_deref(), Some(r#"{"run":"side2.a"}"#));
}

/// It is put aside, and the others go on.
#[tokio::test]
async fn what_the_first_side_never_takes_keeps_nobody() {
    let stage = Stage::new();
    stage.first.has("results/side2.a.json", "another").await;
    stage.second.has("pending-results/0.json", "no result").await;
    stage.sides(Out, Well);
    for run in ["side2.a", "side2.b"] {
        results(&stage).store(&result(run), Deadline::NONE).await.unwrap();
    }
    stage.sides(Well, Well);
    stage.pass(400);
    results(&stage).remove_old(Deadline::NONE).await.unwrap();
    assert_eq!(index(&stage.first, "").await, ["side2.b"]);
    assert_eq!(stage.first.text("results/side2.a.json").await.as_deref(), Some("another"));
    let aside: Vec<_> = stage.second.names().await.into_iter().filter(|name| !name.starts_with("own/")).collect();
    assert_eq!(aside, ["refused-results/0.json", "refused-results/side2.a.json"]);
    assert_eq!(stage.second.text("refused-results/0.json").await.as_deref(), Some("no result"));
}

#[tokio::test]
async fn a_call_with_little_time_left_takes_only_its_own() {
    let stage = Stage::new();
    stage.sides(Out, Well);
    results(&stage).store(&result("side2.a"), Deadline::NONE).await.unwrap();
    stage.sides(Well, Well);
    for (seconds, expected) in [(3, vec!["b"]), (60, vec!["b", "side2.a"])] {
        let deadline = Deadline::within(Instant::now(), Some(Duration::from_secs(seconds)));
        results(&stage).store(&result("b"), deadline).await.unwrap();
        let mut all = index(&stage.first, "").await;
        all.sort();
        assert_eq!(all, expected, "{seconds}");
    }
}

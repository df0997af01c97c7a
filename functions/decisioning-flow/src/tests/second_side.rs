//! Storage with a second side: where runs begin, and where they stay.

use std::sync::atomic::Ordering;

use causeway_cloud::object_store::ObjectStoreExt;
use causeway_cloud::object_store::path::Path;
use serde_json::{Value, json};

use super::fakes::{Fault, world};
use super::{context, text};

/// A run whose first step, at the storage of the state, fails.
async fn begun(asked: Value, has_second_side: bool) -> Result<String, u16> {
    let mut world = world(&[]);
    world.flow.has_second_side = has_second_side;
    world.fate.plan(0, Fault::FailBefore);
    let answer = text(&world, asked, &context()).await.map_err(|error| error.http_status())?;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["workflow_run"]["status"], "success", "{answer:#}");
    Ok(answer["workflow_run"]["run_id"].as_str().unwrap().to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_run_without_a_name_begins_on_the_second_side_while_the_first_is_out() {
    let check = async |asked: Value, has_second_side: bool, expected: Result<&str, u16>| {
        let begun = begun(asked.clone(), has_second_side).await;
        assert_eq!(begun.as_deref().map_err(|status| *status), expected, "{asked} {has_second_side}");
    };
    check(json!({"analysis_type": "financial_health"}), true, Ok("side2.financial_health_20260301_120000")).await;
    check(json!({"analysis_type": "financial_health"}), false, Err(502)).await;
    // A name that the caller gave belongs to the first side, and somebody may have begun it there.
    check(json!({"run_id": "mine"}), true, Err(502)).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_side_comes_first() {
    let mut world = world(&[]);
    world.flow.has_second_side = true;
    let answer = text(&world, json!({"analysis_type": "financial_health"}), &context()).await.unwrap();
    assert!(answer.contains("\"financial_health_20260301_120000\""), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_flow_from_memory_is_told() {
    let world = world(&[("FLOW_DEFINITION", "flow.yaml")]);
    let text_of_flow = crate::flow::DEFAULT_FLOW;
    world.objects.put(&Path::from("flow.yaml"), text_of_flow.into()).await.unwrap();
    let run = async |run: &str| -> Value {
        serde_json::from_str(&text(&world, json!({"run_id": run}), &context()).await.unwrap()).unwrap()
    };
    assert!(run("fresh").await["workflow_run"].get("degraded").is_none());
    world.fate.is_from_memory.store(true, Ordering::SeqCst);
    let degraded = &run("kept").await["workflow_run"]["degraded"];
    assert_eq!(degraded, "the flow flow.yaml is as it was 12 s before the run began: no side of the storage answered");
}

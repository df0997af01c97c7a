//! Storage with a second side: where runs begin, and where they stay.

use causeway_cloud::object_store::ObjectStoreExt;
use causeway_cloud::object_store::path::Path;
use causeway_resilience::fallback::{Link, ServedBy};
use serde_json::{Value, json};

use super::fakes::{Behaviour, Fault, World, envelope, world};
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

async fn workflow_run(world: &World, run: &str) -> Value {
    let answer: Value = serde_json::from_str(&text(world, json!({"run_id": run}), &context()).await.unwrap()).unwrap();
    answer["workflow_run"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_flow_from_memory_or_from_a_copy_is_told_and_no_success() {
    let world = world(&[("FLOW_DEFINITION", "flow.yaml")]);
    let text_of_flow = crate::flow::DEFAULT_FLOW;
    world.objects.put(&Path::from("flow.yaml"), text_of_flow.into()).await.unwrap();
    let served_by = |link: Link, age_ms: Option<u64>| {
        *world.fate.served_by.lock().unwrap() = Some(ServedBy { link, name: "second-s3".to_owned(), age_ms });
    };
    served_by(Link::Primary, None);
    let fresh = workflow_run(&world, "fresh").await;
    assert_eq!((&fresh["status"], fresh.get("degraded")), (&json!("success"), None));
    served_by(Link::Cached, Some(12_345));
    let kept = workflow_run(&world, "kept").await;
    let expected = "the flow flow.yaml is as it was 12 s before the run began: no side of the storage answered";
    assert_eq!((&kept["status"], &kept["degraded"]), (&json!("partial"), &json!(expected)));
    served_by(Link::Secondary, None);
    let copied = workflow_run(&world, "copied").await;
    let expected = "the flow flow.yaml is from the copy at second-s3, which may be older: \
                    the first side of the storage did not answer";
    assert_eq!((&copied["status"], &copied["degraded"]), (&json!("partial"), &json!(expected)));
    // As it is kept with the run, so it is told again.
    served_by(Link::Primary, None);
    assert_eq!(workflow_run(&world, "copied").await["degraded"], expected);
}

#[tokio::test(start_paused = true)]
async fn what_agents_read_from_copies_is_told() {
    let world = world(&[]);
    let issue = |object: &str| json!({"object": object, "code": "read_from_copy", "message": "m", "count": 1});
    for (agent, issues) in [
        ("discovery", json!([issue("a.csv"), issue("b.csv"), {"object": "c.csv", "code": "ragged_rows"}])),
        ("intelligence", json!([issue("a.csv")])),
    ] {
        let mut answer = envelope(agent);
        answer["data"]["issues"] = issues;
        world.agents.set(agent, Behaviour::Answers(answer));
    }
    let run = workflow_run(&world, "copies").await;
    let expected = "a.csv and 1 more were read from copies, which may be older";
    assert_eq!((&run["status"], &run["degraded"]), (&json!("partial"), &json!(expected)));
}

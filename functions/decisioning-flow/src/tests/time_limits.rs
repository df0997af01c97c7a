//! Time: of an invocation, of an agent, of a run; and two invocations at once.

use std::time::Duration;

use causeway_cloud::object_store::ObjectStoreExt;
use causeway_cloud::object_store::path::Path;
use causeway_runtime::Handler;
use serde_json::{Value, json};

use super::fakes::{Behaviour, Fault, START, envelope, world};
use super::{context, context_of, request, text};

async fn answer(world: &super::World, asked: Value, seconds: u64) -> Value {
    serde_json::from_str(&text(world, asked, &context_of(seconds)).await.unwrap()).unwrap()
}

fn takes(seconds: u64, agent: &str) -> Behaviour {
    Behaviour::Takes(Duration::from_secs(seconds), envelope(agent))
}

#[tokio::test(start_paused = true)]
async fn at_four_fifths_of_its_time_an_invocation_hands_the_run_over() {
    let world = world(&[]);
    for agent in ["discovery", "intelligence", "strategy", "decision", "visualization"] {
        world.agents.set(agent, takes(100, agent));
    }
    let first = answer(&world, json!({"run_id": "r1"}), 300).await;
    let run = &first["workflow_run"];
    assert_eq!(
        (&run["status"], &run["is_continued"], &run["end_time"]),
        (&json!("partial"), &json!(true), &Value::Null)
    );
    assert_eq!(run["deferred"], json!(["decision", "visualization"]));
    assert_eq!(first["executive_summary"], Value::Null);
    assert!(first["agent_results"].get("strategy").is_some());
    let last_call = world.agents.calls.lock().unwrap().last().cloned().unwrap();
    assert_eq!(last_call, ("decisioning-flow".to_owned(), json!({"run_id": "r1", "continue": true})));

    let last = answer(&world, last_call.1, 300).await;
    assert_eq!(last["workflow_run"]["status"], "success");
    let called = world.agents.called();
    let times = |name: &str| called.iter().filter(|called| *called == name).count();
    assert_eq!((times("discovery-agent"), times("strategy-agent"), times("visualization-agent")), (1, 1, 1));
    assert!(times("decision-agent") > 1, "its call was cut by the first invocation");
    assert!(world.agents.work.lock().unwrap().values().all(|times| *times == 1), "and its work went on");
}

#[tokio::test(start_paused = true)]
async fn an_invocation_that_waits_for_earlier_work_hands_the_run_over() {
    let world = world(&[]);
    // 150 s, two at a time: more than the first invocation has.
    world.agents.set("discovery", Behaviour::IsAtWork(75, envelope("discovery")));
    let first = answer(&world, json!({"run_id": "r1"}), 100).await;
    assert_eq!(first["workflow_run"]["is_continued"], true);
    assert_eq!(first["workflow_run"]["agents"]["discovery"]["status"], "running");
    let last = answer(&world, json!({"run_id": "r1", "continue": true}), 300).await;
    assert_eq!(last["workflow_run"]["status"], "success");
    let calls = world.agents.called().iter().filter(|called| *called == "discovery-agent").count();
    assert_eq!(calls, 76, "no call but every two seconds");
}

#[tokio::test(start_paused = true)]
async fn a_stage_is_not_begun_with_too_little_time() {
    let world = world(&[("FLOW_SHORTEST_CALL_SECONDS", "60")]);
    world.agents.set("discovery", takes(200, "discovery"));
    let first = answer(&world, json!({"run_id": "r1"}), 300).await;
    assert_eq!(first["workflow_run"]["deferred"], json!(["intelligence", "strategy", "decision", "visualization"]));
    let mut called = world.agents.called();
    called.dedup();
    assert_eq!(called, ["discovery-agent", "decisioning-flow"]);
}

#[tokio::test(start_paused = true)]
async fn a_hand_over_that_fails_is_told() {
    let world = world(&[]);
    world.agents.set("discovery", takes(1000, "discovery"));
    let flow = crate::flow::DEFAULT_FLOW.replacen("timeout: 300", "timeout: 900", 1);
    let asked = json!({"run_id": "r1", "flow": {"yaml": flow}});
    // The call of discovery is a step, the write of the state, the release of the lease, and then the call of itself.
    let before = world.fate.steps();
    answer(&world, asked.clone(), 100).await;
    let steps = world.fate.steps() - before;
    let again = super::world(&[]);
    again.agents.set("discovery", takes(1000, "discovery"));
    again.fate.plan(steps - 1, Fault::FailBefore);
    let partial = answer(&again, asked, 100).await;
    assert_eq!(partial["workflow_run"]["is_continued"], false);
    assert_eq!(partial["workflow_run"]["agents"]["discovery"]["status"], "running");
}

#[tokio::test(start_paused = true)]
async fn an_agent_has_its_time_and_no_more() {
    let world = world(&[]);
    world.agents.set("visualization", takes(201, "visualization"));
    let result = answer(&world, json!({"run_id": "r1"}), 3000).await;
    let run = &result["workflow_run"];
    assert_eq!((&run["status"], &run["agents"]["visualization"]["code"]), (&json!("partial"), &json!("timeout")));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_dropped_in_silence_does_not_cost_an_agent_its_time() {
    let world = world(&[]);
    world.agents.set("intelligence", Behaviour::IsLost(envelope("intelligence")));
    let start = tokio::time::Instant::now();
    let result = answer(&world, json!({"run_id": "r1"}), 3000).await;
    assert_eq!(result["workflow_run"]["status"], "success", "{result:#}");
    assert_eq!(world.agents.called().iter().filter(|name| *name == "intelligence-agent").count(), 2);
    assert!(start.elapsed() < Duration::from_secs(310), "half of the agent's ten minutes: {:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_is_set_changes_no_time_limit() {
    for (second, set_by) in [(50, 0), (50, -7200), (50, 7200), (150, 7200), (150, -7200)] {
        let world = world(&[]);
        for agent in ["discovery", "intelligence", "strategy", "decision", "visualization"] {
            world.agents.set(agent, takes(100, agent));
        }
        let set = async {
            tokio::time::sleep(Duration::from_secs(second)).await;
            world.clock.set_by.store(set_by, std::sync::atomic::Ordering::SeqCst);
        };
        let start = tokio::time::Instant::now();
        let (first, ()) = futures_util::join!(answer(&world, json!({"run_id": "r1"}), 300), set);
        let what = format!("set by {set_by} s after {second} s");
        assert_eq!(first["workflow_run"]["deferred"], json!(["decision", "visualization"]), "{what}: {first:#}");
        assert_eq!(start.elapsed().as_secs(), 240, "{what}");
        let last = answer(&world, json!({"run_id": "r1", "continue": true}), 300).await;
        assert_eq!(last["workflow_run"]["status"], "success", "{what}: {last:#}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_that_is_stored_for_longer_than_a_lease_stays_with_its_invocation() {
    let world = world(&[]);
    *world.storing.lock().unwrap() = Duration::from_secs(60);
    let other = context();
    let second = async {
        tokio::time::sleep(Duration::from_secs(50)).await;
        world.flow.handle(request(json!({"run_id": "r1"})), &other).await.unwrap_err()
    };
    let (first, error) = futures_util::join!(answer(&world, json!({"run_id": "r1"}), 300), second);
    assert_eq!((&first["workflow_run"]["status"], error.code()), (&json!("success"), "run_in_progress"));
}

#[tokio::test(start_paused = true)]
async fn a_run_has_its_time_over_all_invocations() {
    let world = world(&[]);
    let flow = crate::flow::DEFAULT_FLOW.replacen("timeout: 1800", "timeout: 250", 1);
    world.agents.set("discovery", takes(100, "discovery"));
    world.agents.set("intelligence", takes(90, "intelligence"));
    world.agents.set("decision", takes(120, "decision"));
    let asked = json!({"run_id": "r1", "flow": {"yaml": flow}});
    let mut result = answer(&world, asked, 200).await;
    for _ in 0..5 {
        if result["workflow_run"]["deferred"] == json!([]) {
            break;
        }
        result = answer(&world, json!({"run_id": "r1", "continue": true}), 200).await;
    }
    let agents = &result["workflow_run"]["agents"];
    assert_eq!(
        (&agents["intelligence"]["status"], &agents["decision"]["code"]),
        (&json!("success"), &json!("timeout"))
    );
    assert_eq!(result["workflow_run"]["execution_time"], 250.0);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_never_gets_anywhere_is_given_up() {
    let world = world(&[("FLOW_MAX_INVOCATIONS", "3")]);
    let flow = crate::flow::DEFAULT_FLOW.replacen("timeout: 300", "timeout: 1800", 1);
    world.agents.set("discovery", takes(1000, "discovery"));
    let mut result = answer(&world, json!({"run_id": "r1", "flow": {"yaml": flow}}), 100).await;
    for _ in 0..3 {
        assert_eq!(result["workflow_run"]["status"], "partial");
        result = answer(&world, json!({"run_id": "r1", "continue": true}), 100).await;
    }
    let run = &result["workflow_run"];
    assert_eq!(
        (&run["status"], &run["agents"]["discovery"]["code"]),
        (&json!("error"), &json!("too_many_invocations"))
    );
}

#[tokio::test(start_paused = true)]
async fn of_two_invocations_of_a_run_one_is_told_who_has_it_and_until_when() {
    let world = world(&[]);
    // Longer than the lease, so that it is renewed meanwhile.
    world.agents.set("discovery", takes(120, "discovery"));
    let (first, context) = (context(), context());
    let asked = || request(json!({"run_id": "r1"}));
    let second = async {
        tokio::time::sleep(Duration::from_secs(100)).await;
        world.flow.handle(asked(), &context).await.unwrap_err()
    };
    let (one, other) = futures_util::join!(world.flow.handle(asked(), &first), second);
    assert!(one.is_ok(), "{one:?}");
    assert_eq!((other.http_status(), other.code()), (409, "run_in_progress"));
    let told = other.message();
    assert!(told.contains("decisioning-flow call-1") && told.contains("until 2026-03-01T12:02:15"), "{told} {START}");
}

#[tokio::test(start_paused = true)]
async fn a_continuation_waits_for_the_one_before_it() {
    let world = world(&[]);
    world.agents.set("discovery", takes(30, "discovery"));
    let (first, context) = (context(), context_of(300));
    let second = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        world.flow.handle(request(json!({"run_id": "r1", "continue": true})), &context).await
    };
    let (one, other) = futures_util::join!(world.flow.handle(request(json!({"run_id": "r1"})), &first), second);
    assert_eq!(one.unwrap().0.get(), other.unwrap().0.get());
    assert_eq!(world.agents.called().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_write_of_the_lease_that_arrives_late_costs_nothing() {
    let world = world(&[]);
    world.agents.set("discovery", takes(100, "discovery"));
    let rewritten = async {
        tokio::time::sleep(Duration::from_secs(50)).await;
        let at = Path::from("state/r1/lease.json");
        let content = world.objects.get(&at).await.unwrap().bytes().await.unwrap();
        world.objects.put(&at, content.into()).await.unwrap();
    };
    let (result, ()) = futures_util::join!(answer(&world, json!({"run_id": "r1"}), 300), rewritten);
    assert_eq!(result["workflow_run"]["status"], "success");
}

#[tokio::test(start_paused = true)]
async fn work_does_not_wait_for_a_slow_renewal() {
    let world = world(&[]);
    let start = tokio::time::Instant::now();
    world.agents.set("discovery", takes(20, "discovery"));
    let slow = async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        // The renewal after fifteen seconds.
        world.fate.plan(world.fate.steps(), Fault::Late);
    };
    let (result, ()) = futures_util::join!(answer(&world, json!({"run_id": "r1"}), 300), slow);
    assert_eq!((&result["workflow_run"]["status"], start.elapsed().as_secs()), (&json!("success"), 20));
}

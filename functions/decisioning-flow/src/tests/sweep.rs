//! Runs that nobody carries on, and how they are found.

use std::time::Duration;

use causeway_cloud::object_store::ObjectStoreExt;
use causeway_cloud::object_store::path::Path;
use causeway_runtime::{Handler, Kind};
use serde_json::{Value, json};

use super::fakes::{Behaviour, Fault, World, envelope, world};
use super::{context, context_of, request, run, text};

const MINUTE: Duration = Duration::from_secs(60);

async fn sweep(world: &World) -> Value {
    run(world, json!({"sweep": true})).await
}

/// Carries out the calls that the flow made of itself and gives the last answer.
async fn carry_on(world: &World, seconds: u64) -> Option<Value> {
    let calls = std::mem::take(&mut *world.agents.calls.lock().unwrap());
    let mut answer = None;
    for (_, asked) in calls.into_iter().filter(|(name, _)| name == "decisioning-flow") {
        let text = text(world, asked, &context_of(seconds)).await.unwrap();
        answer = Some(serde_json::from_str(&text).unwrap());
    }
    answer
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_invocation_died_at_any_step_is_found_and_finished() {
    let asked = json!({"run_id": "r1", "data_sources": ["sales"]});
    let undisturbed = world(&[]);
    let expected = run(&undisturbed, asked.clone()).await;
    let (mut found, mut never_begun) = (0, 0);
    for step in 0..undisturbed.fate.steps() {
        for fault in [Fault::DieBefore, Fault::DieAfter] {
            let world = world(&[]);
            world.fate.plan(step, fault);
            let _ = text(&world, asked.clone(), &context()).await;
            world.fate.revive();
            world.agents.calls.lock().unwrap().clear();
            tokio::time::advance(2 * MINUTE).await;
            let report = sweep(&world).await;
            let what = format!("{fault:?} at {step}: {report}");
            assert_eq!((&report["failed"], &report["is_cut"]), (&json!([]), &json!(false)), "{what}");
            let state = world.flow.store.state("r1").await.unwrap();
            let is_open = state.as_ref().is_some_and(|(state, _)| !state.is_finished);
            assert_eq!(report["continued"], if is_open { json!(["r1"]) } else { json!([]) }, "{what}");
            let answer = carry_on(&world, 300).await;
            match answer {
                Some(answer) => assert_eq!(answer, expected, "{what}"),
                None => assert!(state.is_none_or(|(state, _)| state.is_finished), "{what}"),
            }
            found += usize::from(is_open);
            never_begun += usize::from(!is_open);
            tokio::time::advance(120 * MINUTE).await;
            assert_eq!(sweep(&world).await["continued"], json!([]), "{what}: it is over");
            assert!(world.flow.store.open_runs(10).await.unwrap().is_empty(), "{what}: no sign is left");
        }
    }
    assert!(found > 20 && never_begun > 5, "{found} {never_begun}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_somebody_has_or_is_about_to_have_is_left_alone() {
    let world = world(&[]);
    world.agents.set("discovery", Behaviour::Takes(100 * Duration::from_secs(1), envelope("discovery")));
    let look = async {
        tokio::time::sleep(90 * Duration::from_secs(1)).await;
        sweep(&world).await
    };
    let context = context_of(120);
    let (first, report) = futures_util::join!(text(&world, json!({"run_id": "r1"}), &context), look);
    assert_eq!(report["continued"], json!([]), "its lease is held");
    assert!(first.unwrap().contains("\"is_continued\":true"));
    assert_eq!(sweep(&world).await["continued"], json!([]), "the next invocation is on its way");
    tokio::time::advance(MINUTE).await;
    assert_eq!(sweep(&world).await["continued"], json!(["r1"]), "it was lost");
}

#[tokio::test(start_paused = true)]
async fn a_sweep_asks_for_so_many_runs_and_for_the_rest_the_next_time() {
    let world = world(&[]);
    world.agents.set("discovery", Behaviour::Takes(100 * MINUTE, envelope("discovery")));
    for number in 0..23 {
        text(&world, json!({"run_id": format!("r{number}")}), &context_of(2)).await.unwrap();
    }
    // All of the calls for their next invocations are lost.
    world.agents.calls.lock().unwrap().clear();
    tokio::time::advance(2 * MINUTE).await;
    let report = sweep(&world).await;
    assert_eq!((report["continued"].as_array().unwrap().len(), &report["is_cut"]), (20, &json!(true)));
    assert_eq!(report["continued"][0], "r0", "the one that was left first");
    carry_on(&world, 2).await;
    let report = sweep(&world).await;
    assert_eq!((&report["continued"], &report["is_cut"]), (&json!(["r20", "r21", "r22"]), &json!(false)));
}

#[tokio::test(start_paused = true)]
async fn a_result_that_could_not_be_stored_is_stored_by_the_next_sweep() {
    let world = world(&[]);
    let in_the_way = Path::from("results/r1.json");
    world.objects.put(&in_the_way, "{}".into()).await.unwrap();
    text(&world, json!({"run_id": "r1"}), &context()).await.unwrap_err();
    world.objects.delete(&in_the_way).await.unwrap();
    tokio::time::advance(2 * MINUTE).await;
    assert_eq!(sweep(&world).await["continued"], json!(["r1"]));
    let answer = carry_on(&world, 300).await.unwrap();
    assert_eq!(super::object(&world, "results/r1.json").await, answer);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_never_ends_is_given_up_by_sweeps_too() {
    let world = world(&[("FLOW_MAX_INVOCATIONS", "3")]);
    world.objects.put(&Path::from("results/r1.json"), "{}".into()).await.unwrap();
    let _ = text(&world, json!({"run_id": "r1"}), &context()).await;
    for _ in 0..3 {
        tokio::time::advance(2 * MINUTE).await;
        assert_eq!(sweep(&world).await["continued"], json!(["r1"]));
        let _ = text(&world, json!({"run_id": "r1", "continue": true}), &context()).await;
    }
    tokio::time::advance(2 * MINUTE).await;
    let report = sweep(&world).await;
    assert_eq!((&report["continued"], &report["given_up"]), (&json!([]), &json!(["r1"])));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_cannot_be_looked_at_does_not_hide_others() {
    let world = world(&[]);
    world.agents.set("discovery", Behaviour::Takes(100 * MINUTE, envelope("discovery")));
    for name in ["broken", "good"] {
        text(&world, json!({"run_id": name}), &context_of(10)).await.unwrap();
    }
    world.objects.put(&Path::from("state/broken/state.json"), "{".into()).await.unwrap();
    tokio::time::advance(2 * MINUTE).await;
    let report = sweep(&world).await;
    assert_eq!((&report["continued"], &report["failed"]), (&json!(["good"]), &json!(["broken"])));
}

#[tokio::test(start_paused = true)]
async fn a_hand_over_that_fails_is_a_failure_where_only_the_platform_hears_of_it() {
    let seconds = 100;
    let take = || Behaviour::Takes(20 * MINUTE, envelope("discovery"));
    let counted = world(&[]);
    counted.agents.set("discovery", take());
    text(&counted, json!({"run_id": "r1"}), &context_of(seconds)).await.unwrap();
    let last = counted.fate.steps() - 1;
    let check = async |kind: Kind, run_id: Option<&str>, message: Option<&str>, fails: bool| {
        let world = world(&[]);
        world.agents.set("discovery", take());
        world.fate.plan(if run_id.is_some() || message.is_some() { last } else { last + 2 }, Fault::FailBefore);
        let mut context = context_of(seconds);
        context.kind = kind;
        context.message_id = message.map(str::to_owned);
        let answer = world.flow.handle(request(json!({ "run_id": run_id })), &context).await;
        let code = answer.as_ref().err().map(|error| (error.code(), error.is_retryable()));
        assert_eq!(code, fails.then_some(("not_continued", true)), "{kind:?} {run_id:?}: {answer:?}");
    };
    check(Kind::Direct, Some("r1"), None, false).await;
    check(Kind::Http, Some("r1"), None, false).await;
    check(Kind::Event, Some("r1"), None, true).await;
    check(Kind::Batch, Some("r1"), None, true).await;
    check(Kind::Tick, Some("r1"), None, true).await;
    check(Kind::Tick, None, Some("id"), true).await;
    // Its repetition would be another run; the sweep finds this one.
    check(Kind::Tick, None, None, false).await;
}

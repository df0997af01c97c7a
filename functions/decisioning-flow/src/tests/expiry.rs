//! What becomes of runs that are old.

use std::time::Duration;

use futures_util::TryStreamExt;
use serde_json::{Value, json};

use super::fakes::{Fault, World, world};
use super::{context, context_of, request, run, text};
use crate::DecisioningFlow;
use causeway_cloud::object_store::ObjectStoreExt;
use causeway_cloud::object_store::path::Path;
use causeway_runtime::Handler;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

async fn named(world: &World, run: &str) -> Vec<String> {
    let all: Vec<_> =
        world.objects.list(None).map_ok(|object| object.location.to_string()).try_collect().await.unwrap();
    let is_its = |name: &String| name.contains(&format!("/{run}/"));
    all.into_iter().filter(is_its).collect()
}

async fn put(world: &World, object: &str) {
    world.objects.put(&Path::from(object), "content".into()).await.unwrap();
}

async fn step(world: &World, dry_run: bool) -> Value {
    let report = run(world, json!({"setup": true, "dry_run": dry_run})).await;
    report["steps"].as_array().unwrap().last().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn a_finished_run_removes_those_that_are_too_old_once_a_day() {
    let world = world(&[]);
    run(&world, json!({"run_id": "first"})).await;
    // Five results, the document, the sign that it began, state and lease.
    assert_eq!(named(&world, "first").await.len(), 9, "{:?}", named(&world, "first").await);
    tokio::time::advance(90 * DAY - HOUR).await;
    run(&world, json!({"run_id": "second"})).await;
    assert_eq!(named(&world, "first").await.len(), 9, "an hour too early");
    tokio::time::advance(2 * HOUR).await;
    run(&world, json!({"run_id": "third"})).await;
    assert_eq!(named(&world, "first").await.len(), 9, "it has been looked for today");
    tokio::time::advance(DAY).await;
    run(&world, json!({"run_id": "fourth"})).await;
    assert_eq!(named(&world, "first").await, [""; 0]);
    for kept in ["second", "third", "fourth"] {
        assert_eq!(named(&world, kept).await.len(), 9, "{kept}");
    }
    assert_eq!(world.agents.called().len(), 20);
    // The rule of the results' bucket has removed its result too.
    world.objects.delete(&Path::from("results/first.json")).await.unwrap();
    run(&world, json!({"run_id": "first"})).await;
    assert_eq!(world.agents.called().len(), 25, "the name is free again");
}

#[tokio::test(start_paused = true)]
async fn the_place_of_results_removes_old_ones_once_a_day_after_a_run_or_a_sweep() {
    let world = world(&[]);
    for (asked, expected) in [
        (json!({"run_id": "first"}), 1),
        (json!({"run_id": "second"}), 1),
        (json!({"sweep": true}), 2),
        (json!({"run_id": "third"}), 2),
        (json!({"run_id": "fourth"}), 3),
    ] {
        run(&world, asked.clone()).await;
        let removals = world.removals.load(std::sync::atomic::Ordering::SeqCst);
        assert_eq!(removals, expected, "{asked}");
        tokio::time::advance(DAY / 2).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_days_are_those_of_the_deployments_flow() {
    let world = world(&[("FLOW_DEFINITION", "flows/mine.yaml"), ("FLOW_RUNS_PREFIX", "parts/of/runs")]);
    let flow = crate::flow::DEFAULT_FLOW.replace("retention_days: 90", "retention_days: 3");
    world.objects.put(&Path::from("flows/mine.yaml"), flow.into()).await.unwrap();
    run(&world, json!({"run_id": "first"})).await;
    tokio::time::advance(3 * DAY).await;
    run(&world, json!({"run_id": "second"})).await;
    assert_eq!((named(&world, "first").await.len(), named(&world, "second").await.len()), (0, 9));
    assert!(!named(&world, "mine.yaml").await.iter().any(|name| name.contains("parts")));
}

#[tokio::test(start_paused = true)]
async fn a_run_with_a_flow_of_its_own_is_kept_as_long_as_that_says() {
    let world = world(&[]);
    for (name, days) in [("short", 30), ("usual", 90), ("long", 365)] {
        let flow = crate::flow::DEFAULT_FLOW.replace("retention_days: 90", &format!("retention_days: {days}"));
        let result = run(&world, json!({"run_id": name, "flow": {"yaml": flow}})).await;
        assert_eq!(result["metadata"]["retention_days"], days);
    }
    for (passed, expected) in [(29, [9, 9, 9]), (2, [0, 9, 9]), (60, [0, 0, 9]), (275, [0, 0, 0])] {
        tokio::time::advance(passed * DAY).await;
        step(&world, false).await;
        let mut left = [0; 3];
        for (place, name) in ["short", "usual", "long"].into_iter().enumerate() {
            left[place] = named(&world, name).await.len();
        }
        assert_eq!(left, expected, "after {passed} more days");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dashboard_and_kept_answers_go_with_their_run() {
    for (variables, folder) in [(&[][..], "dashboards"), (&[("FLOW_DASHBOARDS_PREFIX", "out/pages/")], "out/pages")] {
        let world = world(variables);
        run(&world, json!({"run_id": "old"})).await;
        let (page, other) = (format!("{folder}/old/dashboard.html"), format!("{folder}/older/dashboard.html"));
        for object in [&page, &other, "elsewhere/old/dashboard.html", "state/old/answers/some-digest.json"] {
            put(&world, object).await;
        }
        tokio::time::advance(100 * DAY).await;
        step(&world, false).await;
        assert_eq!(named(&world, "old").await, ["elsewhere/old/dashboard.html"]);
        assert_eq!(named(&world, "older").await, [other]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_never_got_anywhere_goes_too() {
    let world = world(&[]);
    // The state is written down, and no agent has answered.
    let before_the_first_call = {
        let other = super::fakes::world(&[]);
        run(&other, json!({"run_id": "dead"})).await;
        other.fate.steps() / 4
    };
    world.fate.plan(before_the_first_call, Fault::DieBefore);
    let died = text(&world, json!({"run_id": "dead"}), &context()).await;
    world.fate.revive();
    assert!(died.is_err() && world.agents.called().len() <= 1);
    let left = named(&world, "dead").await;
    assert!(left.iter().any(|name| name.ends_with("begun-90-days.json")), "{left:?}");
    tokio::time::advance(91 * DAY).await;
    let planned = step(&world, true).await;
    assert_eq!(planned["outcome"], "planned", "{planned}");
    assert_eq!(named(&world, "dead").await, left, "a plan changes nothing");
    let done = step(&world, false).await;
    let what = "remove 1 runs below causeway-state/decisioning-flow-runs/ that are older than 90 days, or than their own \
                flow says; finished runs do so once a day";
    assert_eq!((&done["what"], &done["outcome"]), (&json!(what), &json!("done")));
    assert_eq!(named(&world, "dead").await, [""; 0]);
    assert_eq!(step(&world, false).await["outcome"], "already_done");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_being_resumed_stays() {
    let world = world(&[]);
    run(&world, json!({"run_id": "held"})).await;
    tokio::time::advance(100 * DAY).await;
    let lease = world.flow.store.take("held", "somebody", HOUR).await.unwrap();
    step(&world, false).await;
    assert_eq!(named(&world, "held").await.len(), 9, "{lease:?}");
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_is_cut_at_any_step_is_finished_the_next_time() {
    let removal = json!({"setup": true, "dry_run": false});
    for step in 0..40 {
        let world = world(&[]);
        run(&world, json!({"run_id": "old"})).await;
        for object in ["dashboards/old/dashboard.html", "dashboards/old/export.json", "state/old/answers/some.json"] {
            put(&world, object).await;
        }
        tokio::time::advance(100 * DAY).await;
        world.fate.plan(world.fate.steps() + step, Fault::DieBefore);
        let cut = text(&world, removal.clone(), &context()).await;
        world.fate.revive();
        if cut.is_ok() {
            assert!(step > 12, "{step} steps");
            return;
        }
        // The rule of the results' bucket has removed its result too.
        world.objects.delete(&Path::from("results/old.json")).await.unwrap();
        // The lease of the one that died.
        tokio::time::advance(HOUR).await;
        let again = text(&world, json!({"run_id": "old"}), &context()).await;
        assert!(
            again.is_ok() || again.as_ref().is_err_and(|error| error.code() == "result_expired"),
            "{step}: {again:?}"
        );
        tokio::time::advance(100 * DAY).await;
        text(&world, removal.clone(), &context()).await.unwrap();
        assert_eq!(named(&world, "old").await, [""; 0], "after {step} steps");
    }
    panic!("a removal has no end");
}

#[tokio::test(start_paused = true)]
async fn a_removal_ends_with_the_time_of_its_invocation() {
    let world = world(&[]);
    run(&world, json!({"run_id": "old"})).await;
    tokio::time::advance(100 * DAY).await;
    let asked = request(json!({"setup": true, "dry_run": false}));
    let reply = DecisioningFlow::handle(&world.flow, asked, &context_of(0)).await.unwrap();
    let report: Value = serde_json::from_str(reply.0.get()).unwrap();
    assert_eq!(report["steps"][1]["instead"], "there was no time for more: call again");
    assert_eq!(named(&world, "old").await.len(), 9);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_cannot_be_removed_does_not_keep_others() {
    for is_asked_for in [false, true] {
        let world = world(&[]);
        for name in ["broken", "old"] {
            run(&world, json!({"run_id": name})).await;
        }
        tokio::time::advance(100 * DAY).await;
        world.objects.put(&Path::from("state/broken/lease.json"), "{".into()).await.unwrap();
        if is_asked_for {
            let asked = text(&world, json!({"setup": true, "dry_run": false}), &context()).await;
            assert!(asked.is_err(), "it is told: {asked:?}");
        } else {
            run(&world, json!({"run_id": "new"})).await;
        }
        assert_eq!((named(&world, "broken").await.len(), named(&world, "old").await.len()), (9, 0));
    }
}

//! Once for each version of a picture.

use std::time::Duration;

use causeway_runtime::{Budget, Context, Kind};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::world::*;

#[tokio::test]
async fn a_repetition_asks_nobody() {
    let world = World::new([whole()]);
    world.put("a.jpg", COFFEE).await;
    let first = world.look("a.jpg").await;
    let second = world.look("a.jpg").await;
    assert_eq!((&first["replayed"], &second["replayed"]), (&json!(false), &json!(true)));
    assert_eq!(first["damage_report"], second["damage_report"]);
    assert_eq!(world.questions(), 1);
    let again = world.ask(json!({ "object_name": "a.jpg", "overwrite": true })).await.unwrap();
    assert_eq!((&again["replayed"], world.questions()), (&json!(false), 2));
}

#[tokio::test]
async fn another_version_is_another_picture() {
    let world = World::new([whole()]);
    world.put("a.jpg", COFFEE).await;
    let first = world.look("a.jpg").await;
    world.put("a.jpg", ASTRONAUT).await;
    let second = world.look("a.jpg").await;
    assert_ne!(first["object"], second["object"]);
    assert_eq!((&second["replayed"], world.questions()), (&json!(false), 2));
    assert_eq!(world.stored("a.jpg.vision.json").await.unwrap()["picture"]["width"], 512);
}

#[tokio::test]
async fn other_weights_and_expectations_are_told_from_the_same_answers() {
    let world = World::new([damaged(&[("cornerDamage", "severe")])]);
    world.put("a.jpg", COFFEE).await;
    let ours = world.look("a.jpg").await;
    let legacy = world.ask(json!({ "object_name": "a.jpg", "scoring": "legacy_weighted" })).await.unwrap();
    assert_ne!(ours["quality_metrics"]["package_quality"], legacy["quality_metrics"]["package_quality"]);
    let late = json!({ "promised_time": "2026-01-01T10:00:00Z", "delivered_time": "2026-01-01T12:00:00Z" });
    let timed = world.ask(json!({ "object_name": "a.jpg", "expectations": late })).await.unwrap();
    assert_eq!(timed["quality_metrics"]["timeliness"], 0.5);
    let quiet = world.look("a.jpg").await;
    assert_eq!(quiet["quality_metrics"]["timeliness"], 0.5, "who expects nothing new does not undo what was expected");
    assert_eq!((&quiet["replayed"], world.questions()), (&json!(true), 1));
}

#[tokio::test]
async fn the_objects_metadata_say_what_was_expected() {
    let world = World::new([whole()]);
    let late = [("promisedtime", "2026-01-01T10:00:00Z"), ("delivered-time", "2026-01-01T14:00:00Z")];
    world.put_with("a.jpg", COFFEE, &late).await;
    assert_eq!(world.look("a.jpg").await["quality_metrics"]["timeliness"], 0.0);
    world.put_with("b.jpg", COFFEE, &[("expectedlatitude", "north")]).await;
    let reply = world.look("b.jpg").await;
    assert_eq!(reply["assessment"]["status"], "Review");
    assert!(issues(&reply).contains(&"expectations_unreadable".to_owned()), "{:?}", issues(&reply));
}

#[tokio::test(start_paused = true)]
async fn two_deliveries_at_once_pay_once() {
    let Says::Text(text) = whole() else { panic!() };
    let world = World::new([Says::Late(Duration::from_secs(40), text)]);
    world.put("a.jpg", COFFEE).await;
    let (one, other) = (world.vision(), world.vision());
    let request = || json!({ "object_name": "a.jpg" });
    let context = context(Kind::Direct);
    let outcomes = join_all([ask(&one, request(), &context), ask(&other, request(), &context)]).await;
    let (done, busy): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), busy.len(), world.questions()), (1, 1, 1));
    let error = busy.into_iter().next().unwrap().unwrap_err();
    assert_eq!((error.http_status(), error.code(), error.is_retryable()), (409, "in_progress", true));
    assert_eq!(world.look("a.jpg").await["replayed"], true);
}

#[tokio::test(start_paused = true)]
async fn a_look_that_died_holds_nobody_up_for_long() {
    let Says::Text(text) = whole() else { panic!() };
    let world = World::new([Says::Late(Duration::from_secs(3_000), text), whole()]).with("VISION_CLAIM_SECONDS", "15");
    world.put("a.jpg", COFFEE).await;
    let vision = world.vision();
    let context = context(Kind::Direct);
    let died = ask(&vision, json!({ "object_name": "a.jpg" }), &context);
    assert!(tokio::time::timeout(Duration::from_secs(30), died).await.is_err(), "dropped in the middle");
    assert_eq!(world.ask(json!({ "object_name": "a.jpg" })).await.unwrap_err().code(), "in_progress");
    tokio::time::advance(Duration::from_secs(16)).await;
    let reply = ask(&vision, json!({ "object_name": "a.jpg" }), &context).await.unwrap();
    assert_eq!((&reply["replayed"], world.questions()), (&json!(false), 2));
}

#[tokio::test]
async fn what_cannot_be_read_as_a_result_is_replaced() {
    let world = World::new([whole()]);
    world.put("a.jpg", COFFEE).await;
    world.put("a.jpg.vision.json", b"{\"assessment\":{\"status\":\"OK\"}}").await;
    assert_eq!(world.look("a.jpg").await["replayed"], false);
    assert_eq!(world.look("a.jpg").await["replayed"], true);
}

#[tokio::test]
async fn results_can_have_a_folder_of_their_own() {
    let world = World::new([whole()]).with("VISION_RESULTS_PREFIX", "results/");
    world.put("in/a.jpg", COFFEE).await;
    assert_eq!(world.look("in/a.jpg").await["result_object"], "results/in/a.jpg.vision.json");
    assert!(world.stored("results/in/a.jpg.vision.json").await.is_some());
    assert!(world.stored("in/a.jpg.vision.json").await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_model_without_an_answer_leaves_time_for_the_report() {
    let world = World::new([Says::Late(Duration::from_secs(3_000), String::new())]).with("VISION_MODEL_SECONDS", "5");
    world.put("a.jpg", COFFEE).await;
    let reply = world.look("a.jpg").await;
    assert_eq!(reply["assessment"]["status"], "Review");
    assert!(issues(&reply).contains(&"model_failed".to_owned()));
}

#[tokio::test]
async fn no_time_is_told_and_costs_nothing() {
    let world = World::new([whole()]);
    world.put("a.jpg", COFFEE).await;
    let start = std::time::Instant::now() - Duration::from_secs(9);
    let late = Context::new(Kind::Direct, "r", Budget::of(start, Duration::from_secs(10)));
    let error = ask(&world.vision(), json!({ "object_name": "a.jpg" }), &late).await.unwrap_err();
    assert_eq!((error.http_status(), world.questions()), (504, 0));
    let batch: Value = ask(&world.vision(), json!({ "objects": ["a.jpg"] }), &late).await.unwrap();
    assert_eq!((&batch["status"], &batch["deferred"]), (&json!("partial"), &json!(["a.jpg"])));
}

/// A look at one version that takes so many seconds, and one at the next that starts 5 s later and takes so many: their
/// codes, and which version the result is about.
async fn two_versions(first: u64, second: u64) -> (String, String, Value) {
    let Says::Text(text) = whole() else { panic!() };
    let late = |seconds| Says::Late(Duration::from_secs(seconds), text.clone());
    let world = World::new([late(first), late(second)]);
    world.put("a.jpg", COFFEE).await;
    let (one, other) = (world.vision(), world.vision());
    let context = context(Kind::Direct);
    let request = || json!({ "object_name": "a.jpg" });
    let code = |outcome: Result<Value, causeway_runtime::Error>| match outcome {
        Ok(_) => "ok".to_owned(),
        Err(error) => error.code().to_owned(),
    };
    let newer = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        world.put("a.jpg", ASTRONAUT).await;
        ask(&other, request(), &context).await
    };
    let (older, newer) = futures_util::join!(ask(&one, request(), &context), newer);
    let width = world.stored("a.jpg.vision.json").await.unwrap()["picture"]["width"].clone();
    (code(older), code(newer), width)
}

#[tokio::test(start_paused = true)]
async fn the_version_that_is_there_keeps_its_result() {
    for (first, second, older) in [(10, 40, "ok"), (40, 10, "object_changed")] {
        let expected = (older.to_owned(), "ok".to_owned(), json!(512));
        assert_eq!(two_versions(first, second).await, expected, "{first} {second}");
    }
}

#[tokio::test]
async fn an_answer_that_is_missing_is_asked_for_again() {
    let fails = || Says::Fails(causeway_resilience::service::Kind::Unavailable);
    let world = World::new([whole(), fails(), whole()]);
    world.put("a.jpg", COFFEE).await;
    let two = || json!({ "objects": ["a.jpg"], "samples": 2 });
    let first = world.ask(two()).await.unwrap();
    assert_eq!((&first["status"], &first["failed_items"]), (&json!("partial"), &json!(["a.jpg"])));
    assert_eq!(first["counts"], json!({ "unsettled": 1 }));
    assert_eq!(world.ask(two()).await.unwrap()["status"], "ok");
    assert_eq!(world.ask(two()).await.unwrap()["counts"], json!({ "replayed": 1 }));
    assert_eq!(world.questions(), 4);
}

#[tokio::test]
async fn another_version_of_the_reference_is_told_anew() {
    let world = World::new([whole()]);
    world.put("before.jpg", COFFEE).await;
    world.put("after.jpg", COFFEE).await;
    let request = || json!({ "object_name": "after.jpg", "reference_object_name": "before.jpg" });
    let same = world.ask(request()).await.unwrap();
    assert_eq!(same["picture"]["change"]["near_duplicate"], true);
    world.put("before.jpg", ASTRONAUT).await;
    let other = world.ask(request()).await.unwrap();
    assert_eq!((&other["picture"]["change"]["near_duplicate"], &other["replayed"]), (&json!(false), &json!(false)));
    assert_eq!(world.questions(), 1);
}

#[tokio::test]
async fn the_time_of_an_event_comes_last_and_only_for_its_version() {
    let promised = "2026-01-01T10:00:00Z";
    let event = |etag: &str| {
        let details = json!({ "promisedTime": promised, "eTag": etag });
        json!({ "eventTime": "2026-01-01T12:00:00Z", "data": { "resourceName": "a.jpg", "additionalDetails": details } })
    };
    let timeliness = async |metadata: &[(&'static str, &'static str)], is_of_this: bool| {
        let world = World::new([whole()]);
        world.put_with("a.jpg", COFFEE, metadata).await;
        let etag = world.ask(json!({ "object_name": "a.jpg" })).await.unwrap()["object"]["etag"].clone();
        let etag = if is_of_this { format!("\"{}\"", etag.as_str().unwrap()) } else { "other".to_owned() };
        world.ask(event(&etag)).await.unwrap()["quality_metrics"]["timeliness"].clone()
    };
    assert_eq!(timeliness(&[], true).await, json!(0.5));
    assert_eq!(timeliness(&[], false).await, json!(null));
    assert_eq!(timeliness(&[("deliveredtime", promised)], true).await, json!(1.0));
}

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
    let world = World::new([Says::Late(Duration::from_secs(3_000), text), whole()]);
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

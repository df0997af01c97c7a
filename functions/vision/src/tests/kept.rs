//! What a model said is not paid for again: answers that cannot be read, and those about pictures inside requests.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use causeway_cloud::local::Store;
use causeway_cloud::object_store::ObjectStore;
use causeway_resilience::service::Kind as FailureKind;
use causeway_runtime::Kind;
use futures_util::TryStreamExt;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::world::*;

fn unreadable() -> Says {
    Says::Text("A nice box.".to_owned())
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_read_is_not_paid_for_at_each_delivery() {
    let world = World::new([unreadable()]).with("VISION_UNUSABLE_KEPT_SECONDS", "600");
    world.put("a.jpg", COFFEE).await;
    let vision = world.vision();
    let (event, direct) = (context(Kind::Event), context(Kind::Direct));
    let name = || json!({ "object_name": "a.jpg" });
    for _ in 0..3 {
        assert_eq!(ask(&vision, name(), &event).await.unwrap_err().code(), "model_failed", "it is no success");
    }
    assert_eq!(world.questions(), 2, "one question and its repair");
    let kept = ask(&vision, name(), &direct).await.unwrap();
    assert_eq!((&kept["replayed"], &kept["assessment"]["status"]), (&json!(true), &json!("Review")));
    assert!(issues(&kept).contains(&"answer_unusable".to_owned()), "{:?}", issues(&kept));
    let told = json!({ "object_name": "a.jpg", "scoring": "legacy_weighted" });
    let told = ask(&vision, told, &direct).await.unwrap();
    assert_eq!((&told["replayed"], &told["quality_metrics"]["package_quality"]), (&json!(false), &json!(null)));
    assert_eq!(world.questions(), 2, "told anew from what is known");
    tokio::time::advance(Duration::from_secs(601)).await;
    assert!(ask(&vision, name(), &event).await.is_err());
    assert_eq!(world.questions(), 4, "the model may have learnt");
    let anew = json!({ "object_name": "a.jpg", "overwrite": true });
    ask(&vision, anew, &direct).await.unwrap();
    assert_eq!(world.questions(), 6);
}

#[tokio::test]
async fn an_answer_that_was_not_asked_for_again_is_not_kept() {
    let world = World::new([unreadable(), Says::Fails(FailureKind::Unavailable), whole()]);
    world.put("a.jpg", COFFEE).await;
    assert!(issues(&world.look("a.jpg").await).contains(&"answer_unusable".to_owned()));
    assert_eq!((&world.look("a.jpg").await["assessment"]["status"], world.questions()), (&json!("OK"), 3));
}

#[tokio::test]
async fn answers_of_which_one_cannot_be_read_are_kept_together() {
    let world = World::new([whole(), unreadable()]);
    world.put("a.jpg", COFFEE).await;
    let two = || json!({ "objects": ["a.jpg"], "samples": 2 });
    for _ in 0..2 {
        assert_eq!(world.ask(two()).await.unwrap()["counts"], json!({ "unsettled": 1 }));
        assert_eq!(world.questions(), 3, "two questions and a repair");
    }
}

fn inline(more: &Value) -> Value {
    let mut request = json!({ "image": STANDARD.encode(COFFEE), "image_name": "x.jpg" });
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request
}

#[tokio::test(start_paused = true)]
async fn the_same_picture_in_a_request_is_paid_for_once() {
    let world = World::new([whole()]).with("VISION_INLINE_KEPT_SECONDS", "600");
    let vision = world.vision();
    let direct = context(Kind::Direct);
    let check = async |more: Value, replayed: bool, questions: usize| {
        let reply = ask(&vision, inline(&more), &direct).await.unwrap();
        assert_eq!((&reply["replayed"], world.questions()), (&json!(replayed), questions), "{more}");
        reply
    };
    check(json!({}), false, 1).await;
    check(json!({ "image_name": "y.jpg" }), true, 1).await;
    let late = json!({ "promised_time": "2026-01-01T10:00:00Z", "delivered_time": "2026-01-01T12:00:00Z" });
    let timed = check(json!({ "expectations": late }), true, 1).await;
    assert_eq!(timed["quality_metrics"]["timeliness"], 0.5, "told anew from the same answers");
    check(json!({ "samples": 2 }), false, 3).await;
    check(json!({ "overwrite": true }), false, 4).await;
    check(json!({ "image": STANDARD.encode(ASTRONAUT) }), false, 5).await;
    tokio::time::advance(Duration::from_secs(601)).await;
    check(json!({}), false, 6).await;
    let names = world.objects.list(None).map_ok(|object| object.location.to_string());
    let names: Vec<_> = names.try_collect().await.unwrap();
    assert!(names.len() == 3 && names.iter().all(|name| name.starts_with("state/vision/inline/")), "{names:?}");
}

#[tokio::test]
async fn who_wants_no_memory_of_pictures_in_requests_has_none() {
    let world = World::new([whole()]).with("VISION_INLINE_KEPT_SECONDS", "0");
    for questions in 1..=2 {
        assert_eq!(world.ask(inline(&json!({}))).await.unwrap()["replayed"], false);
        assert_eq!(world.questions(), questions);
    }
    assert!(world.objects.list(None).try_collect::<Vec<_>>().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_failure_about_a_picture_in_a_request_is_not_kept() {
    let world = World::new([Says::Fails(FailureKind::Unavailable), whole()]);
    assert_eq!(world.ask(inline(&json!({}))).await.unwrap()["assessment"]["status"], "Review");
    assert_eq!(world.ask(inline(&json!({}))).await.unwrap()["assessment"]["status"], "OK");
}

#[tokio::test(start_paused = true)]
async fn two_requests_with_one_picture_at_once_pay_once() {
    let Says::Text(text) = whole() else { panic!() };
    let world = World::new([Says::Late(Duration::from_secs(40), text)]).with("VISION_CLAIM_SECONDS", "15");
    let (one, other) = (world.vision(), world.vision());
    let context = context(Kind::Direct);
    let both = [ask(&one, inline(&json!({})), &context), ask(&other, inline(&json!({})), &context)];
    let (done, busy): (Vec<_>, Vec<_>) = join_all(both).await.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), busy.len(), world.questions()), (1, 1, 1));
    assert_eq!(busy.into_iter().next().unwrap().unwrap_err().code(), "in_progress");
}

#[tokio::test]
async fn a_memory_that_fails_is_no_reason_not_to_look() {
    let root = tempfile::tempdir().unwrap();
    let world = World::over(std::sync::Arc::new(Store::open(root.path()).unwrap()), Some(Model::says([whole()])));
    std::fs::write(root.path().join("state"), "a file where a folder has to be").unwrap();
    for questions in 1..=2 {
        let reply = world.ask(inline(&json!({}))).await.unwrap();
        assert_eq!((&reply["assessment"]["status"], world.questions()), (&json!("OK"), questions));
    }
}

/// What was paid for stays when a look that was asked for anew fails.
#[tokio::test]
async fn a_failure_does_not_replace_what_the_model_said_before() {
    let fails = || Says::Fails(causeway_resilience::service::Kind::Unavailable);
    let unreadable = || Says::Text("A nice box.".to_owned());
    for (bad, request) in [
        (fails(), json!({ "object_name": "a.jpg", "overwrite": true })),
        (unreadable(), json!({ "object_name": "a.jpg", "overwrite": true })),
        (fails(), json!({ "object_name": "a.jpg", "samples": 2 })),
    ] {
        let world = World::new([damaged(&[("leakage", "moderate")]), bad.clone(), bad, whole()]);
        world.put("a.jpg", COFFEE).await;
        let first = world.look("a.jpg").await;
        let before = world.stored("a.jpg.vision.json").await.unwrap();
        let failed = world.ask(request.clone()).await.unwrap();
        assert_eq!((&failed["assessment"]["status"], &failed["replayed"]), (&json!("Review"), &json!(false)));
        assert!(failed["quality_metrics"]["package_quality"].is_null(), "{request}");
        assert_eq!(world.stored("a.jpg.vision.json").await.unwrap(), before, "{request}");
        let questions = world.questions();
        let kept = world.look("a.jpg").await;
        assert_eq!((&kept["replayed"], &kept["damage_report"]), (&json!(true), &first["damage_report"]), "{request}");
        assert_eq!(world.questions(), questions, "{request}");
    }
}

/// It counts only for the version that it is about.
#[tokio::test]
async fn a_failure_about_another_version_replaces_the_result() {
    let world = World::new([whole(), Says::Fails(causeway_resilience::service::Kind::Unavailable)]);
    world.put("a.jpg", COFFEE).await;
    world.look("a.jpg").await;
    world.put("a.jpg", ASTRONAUT).await;
    let failed = world.look("a.jpg").await;
    assert!(issues(&failed).contains(&"model_failed".to_owned()), "{:?}", issues(&failed));
    let stored = world.stored("a.jpg.vision.json").await.unwrap();
    assert_eq!(stored["object"], failed["object"]);
}

/// It is held beside what another model, prompt or preparation of the picture was told before.
#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_read_is_held_beside_an_older_result() {
    let mut world = World::new([damaged(&[("leakage", "moderate")]), unreadable()]);
    world.put("a.jpg", COFFEE).await;
    let (event, direct) = (context(Kind::Event), context(Kind::Direct));
    let before = world.vision();
    world.variables.extend([("VISION_LONG_EDGE", "512"), ("VISION_UNUSABLE_KEPT_SECONDS", "600")]);
    let after = world.vision();
    let name = || json!({ "object_name": "a.jpg" });
    let deliver = async || ask(&after, name(), &event).await.map_err(|error| (error.code(), world.questions()));
    let first = ask(&before, name(), &direct).await.unwrap();
    for _ in 0..2 {
        assert_eq!(deliver().await, Err(("model_failed", 3)), "one question and its repair");
    }
    let kept = ask(&before, name(), &direct).await.unwrap();
    assert_eq!((&kept["replayed"], &kept["damage_report"]), (&json!(true), &first["damage_report"]));
    let legacy = json!({ "object_name": "a.jpg", "scoring": "legacy_weighted" });
    assert_eq!(ask(&before, legacy, &direct).await.unwrap()["replayed"], false);
    assert_eq!(deliver().await, Err(("model_failed", 3)), "also when the older result was told anew");
    tokio::time::advance(Duration::from_secs(601)).await;
    assert_eq!(deliver().await, Err(("model_failed", 5)), "the model may have learnt");
    let kept = ask(&before, name(), &direct).await.unwrap();
    assert_eq!((&kept["damage_report"], world.questions()), (&first["damage_report"], 5));
}

//! Calls whose reply nobody reads fail as long as a picture of theirs is open.

use std::time::Duration;

use causeway_cloud::local::Store;
use causeway_resilience::Deadline;
use causeway_runtime::{Budget, Context, Error, Kind};
use serde_json::{Value, json};

use super::world::*;

/// The code of the failure, or `ok`.
fn code(outcome: Result<Value, Error>) -> &'static str {
    outcome.map_or_else(|error| error.code(), |_| "ok")
}

fn detached() -> Context {
    let mut context = context(Kind::Direct);
    context.headers.insert("fn-invoke-type", "detached".parse().unwrap());
    context
}

fn several(names: &[&str]) -> Value {
    json!({ "objects": names })
}

#[tokio::test]
async fn a_message_comes_again_until_the_store_has_taken_every_result() {
    let root = tempfile::tempdir().unwrap();
    let objects = std::sync::Arc::new(Store::open(root.path()).unwrap());
    let world = World::over(objects, Some(Model::says([whole()]))).with("VISION_RESULTS_PREFIX", "results");
    world.put("in/a.jpg", COFFEE).await;
    world.put("out/b.jpg", COFFEE).await;
    std::fs::create_dir(root.path().join("results")).unwrap();
    let fault = root.path().join("results/in");
    std::fs::write(&fault, "a file where a folder has to be").unwrap();
    let vision = world.vision();
    let ask = async |context: &Context| ask(&vision, several(&["in/a.jpg", "out/b.jpg"]), context).await;
    let read = ask(&context(Kind::Direct)).await.unwrap();
    assert_eq!(read["counts"], json!({ "assessed": 1, "failed": 1 }), "whoever reads is told");
    assert_eq!(code(ask(&context(Kind::Batch)).await), "pictures_open");
    assert_eq!(code(ask(&detached()).await), "pictures_open");
    std::fs::remove_file(fault).unwrap();
    assert_eq!(code(ask(&context(Kind::Batch)).await), "ok");
    assert_eq!(code(ask(&detached()).await), "ok");
}

#[tokio::test(start_paused = true)]
async fn a_message_comes_again_while_somebody_else_is_at_a_picture() {
    let Says::Text(text) = whole() else { panic!() };
    let world = World::new([Says::Late(Duration::from_secs(40), text), whole()]);
    world.put("a.jpg", COFFEE).await;
    world.put("b.jpg", COFFEE).await;
    let (one, other) = (world.vision(), world.vision());
    let late = async {
        while world.questions() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        code(ask(&other, several(&["a.jpg", "b.jpg"]), &context(Kind::Batch)).await)
    };
    let direct = context(Kind::Direct);
    let (first, late) = futures_util::join!(ask(&one, json!({ "object_name": "a.jpg" }), &direct), late);
    assert_eq!((code(first), late), ("ok", "pictures_open"));
    assert_eq!(code(ask(&other, several(&["a.jpg", "b.jpg"]), &context(Kind::Batch)).await), "ok");
    assert_eq!(world.questions(), 2);
}

/// Who waits for a turn behind a slow question when the time is up was not asked about: another delivery looks at it.
#[tokio::test(start_paused = true)]
async fn who_gets_no_turn_is_deferred_and_comes_again() {
    let world = World::new([whole()]).with("VISION_CONCURRENCY", "1");
    world.put("a.jpg", COFFEE).await;
    let vision = world.vision();
    let slow = vision.turns.turn(Deadline::NONE).await.unwrap();
    let now = || tokio::time::Instant::now().into_std();
    let short = |kind| Context::new(kind, "r", Budget::of(now(), Duration::from_secs(20)));
    let name = json!({ "object_name": "a.jpg" });
    let alone = ask(&vision, name, &short(Kind::Event)).await.unwrap_err();
    assert_eq!((alone.code(), alone.http_status()), ("timeout", 504));
    let read = ask(&vision, several(&["a.jpg"]), &short(Kind::Direct)).await.unwrap();
    assert_eq!((&read["deferred"], &read["status"]), (&json!(["a.jpg"]), &json!("partial")));
    assert_eq!(code(ask(&vision, several(&["a.jpg"]), &short(Kind::Batch)).await), "pictures_open");
    assert!(world.stored("a.jpg.vision.json").await.is_none(), "nobody looked");
    drop(slow);
    assert_eq!(code(ask(&vision, several(&["a.jpg"]), &context(Kind::Batch)).await), "ok");
    assert_eq!(world.questions(), 1);
}

#[tokio::test]
async fn a_folder_that_is_cut_or_has_what_is_no_picture_is_no_success_of_a_message() {
    let world = World::new([whole()]).with("VISION_MAX_OBJECTS", "2");
    for name in ["in/a.jpg", "in/b.jpg", "in/c.jpg"] {
        world.put(name, COFFEE).await;
    }
    world.put("in/d.jpg", b"no picture").await;
    let vision = world.vision();
    let first = json!({ "prefix": "in" });
    let cut = ask(&vision, first.clone(), &context(Kind::Batch)).await.unwrap_err();
    assert_eq!((cut.code(), cut.http_status(), cut.path()), ("pictures_left_out", 422, Some("prefix")));
    assert!(cut.message().contains("start_after \"in/b.jpg\""), "{}", cut.message());
    assert_eq!(world.questions(), 2, "what could be done is");
    let cut = ask(&vision, first, &detached()).await.unwrap_err();
    assert_eq!((cut.code(), cut.is_client()), ("pictures_left_out", false), "an answer would be no failure");
    let rest = json!({ "prefix": "in", "start_after": "in/b.jpg" });
    let refused = ask(&vision, rest.clone(), &context(Kind::Batch)).await.unwrap_err();
    assert_eq!((refused.code(), refused.http_status()), ("pictures_refused", 422), "as for a message of one picture");
    assert_eq!(code(ask(&vision, rest, &detached()).await), "ok", "as a direct call of one picture");
}

#[tokio::test]
async fn a_detached_call_fails_when_the_model_does() {
    let world = World::new([Says::Fails(causeway_resilience::service::Kind::Unavailable), whole()]);
    world.put("a.jpg", COFFEE).await;
    let vision = world.vision();
    let deliver = async || code(ask(&vision, json!({ "object_name": "a.jpg" }), &detached()).await);
    assert_eq!((deliver().await, deliver().await), ("model_failed", "ok"));
}

/// The sender of a detached call learns of failures alone: what a caller is answered, with a status of 409, would be lost.
#[tokio::test(start_paused = true)]
async fn a_detached_call_fails_while_somebody_else_is_at_its_picture() {
    let Says::Text(text) = whole() else { panic!() };
    let world = World::new([Says::Late(Duration::from_secs(40), text)]);
    world.put("a.jpg", COFFEE).await;
    let (one, other) = (world.vision(), world.vision());
    let name = || json!({ "object_name": "a.jpg" });
    let late = async {
        while world.questions() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let read = code(ask(&other, name(), &context(Kind::Direct)).await);
        (read, ask(&other, name(), &detached()).await.unwrap_err())
    };
    let direct = context(Kind::Direct);
    let (first, (read, unread)) = futures_util::join!(ask(&one, name(), &direct), late);
    assert_eq!((code(first), read), ("ok", "in_progress"), "whoever reads is told");
    assert_eq!((unread.code(), unread.is_client()), ("pictures_open", false));
    assert_eq!(code(ask(&other, name(), &detached()).await), "ok");
    let refused = ask(&other, json!({ "object_name": "none.jpg" }), &detached()).await.unwrap_err();
    assert_eq!(refused.code(), "object_not_found", "no repetition helps");
}

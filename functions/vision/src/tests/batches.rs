//! Several pictures in one request.

use serde_json::{Value, json};

use super::world::*;

fn statuses(batch: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    batch["items"].as_array().unwrap().iter().map(|item| (text(&item["object_name"]), text(&item["status"]))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, status)| ((*name).to_owned(), (*status).to_owned())).collect()
}

#[tokio::test]
async fn what_goes_wrong_with_one_stands_at_that_one() {
    let world = World::new([whole()]);
    world.put("a.jpg", COFFEE).await;
    world.put("b.jpg", b"not a picture").await;
    world.put("c.jpg", ASTRONAUT).await;
    world.look("c.jpg").await;
    let names = json!(["a.jpg", "b.jpg", "nowhere.jpg", "c.jpg"]);
    let batch = world.ask(json!({ "objects": names })).await.unwrap();
    let expected = [("a.jpg", "assessed"), ("b.jpg", "refused"), ("nowhere.jpg", "refused"), ("c.jpg", "replayed")];
    assert_eq!(statuses(&batch), pairs(&expected));
    assert_eq!((&batch["status"], &batch["failed_items"]), (&json!("partial"), &json!([])));
    assert_eq!(batch["counts"], json!({ "assessed": 1, "refused": 2, "replayed": 1 }));
    assert_eq!(batch["items"][1]["failure"]["code"], "unsupported_media_type");
    assert!(batch["items"][1]["assessment"].is_null() && batch["items"][1]["package_quality"].is_null());
    let whole = world.ask(json!({ "objects": ["a.jpg", "c.jpg"] })).await.unwrap();
    assert_eq!(whole["status"], "ok");
}

#[tokio::test]
async fn a_folder_is_bounded_and_tells_what_it_left_out() {
    let world = World::new([whole()]).with("VISION_MAX_OBJECTS", "2");
    for name in ["in/a.jpg", "in/b.jpg", "in/c.jpg", "in/notes.txt", "in/a.jpg.vision.json", "other/d.jpg"] {
        world.put(name, COFFEE).await;
    }
    let first = world.ask(json!({ "prefix": "in" })).await.unwrap();
    assert_eq!(statuses(&first), pairs(&[("in/a.jpg", "assessed"), ("in/b.jpg", "assessed")]));
    assert_eq!(first["left_out"], json!({ "limit": 2, "next_start_after": "in/b.jpg" }));
    assert_eq!(first["status"], "partial");
    let rest = world.ask(json!({ "prefix": "in", "start_after": "in/b.jpg" })).await.unwrap();
    assert_eq!(statuses(&rest), pairs(&[("in/c.jpg", "assessed")]));
    assert_eq!((&rest["status"], rest.get("left_out")), (&json!("ok"), None));
    let end = world.ask(json!({ "prefix": "in", "start_after": "in/c.jpg" })).await.unwrap();
    assert_eq!((&end["status"], end["items"].as_array().unwrap().len()), (&json!("ok"), 0));
    let none = world.ask(json!({ "prefix": "empty" })).await.unwrap_err();
    assert_eq!((none.http_status(), none.code(), none.path()), (404, "no_pictures", Some("prefix")));
}

#[tokio::test]
async fn own_objects_are_refused_by_name() {
    let world = World::new([whole()]);
    world.put("a.jpg", COFFEE).await;
    let names = json!(["blurred/a.jpg", "a.jpg", "a.jpg.vision.json"]);
    let batch = world.ask(json!({ "objects": names })).await.unwrap();
    let expected = [("blurred/a.jpg", "refused"), ("a.jpg", "assessed"), ("a.jpg.vision.json", "refused")];
    assert_eq!(statuses(&batch), pairs(&expected), "in the order of the request");
    let error = world.ask(json!({ "object_name": "blurred/a.jpg" })).await.unwrap_err();
    assert_eq!((error.http_status(), error.code()), (422, "own_blurred_copy"));
}

#[tokio::test(start_paused = true)]
async fn pictures_wait_for_the_model_together() {
    let Says::Text(text) = whole() else { panic!() };
    let world = World::new([Says::Late(std::time::Duration::from_secs(1), text)]).with("VISION_CONCURRENCY", "8");
    let names: Vec<String> = (0..16).map(|number| format!("{number:02}.jpg")).collect();
    for name in &names {
        world.put(name, COFFEE).await;
    }
    let start = tokio::time::Instant::now();
    let batch = world.ask(json!({ "objects": names })).await.unwrap();
    assert_eq!((&batch["status"], world.questions()), (&json!("ok"), 16));
    assert_eq!(world.model.as_ref().unwrap().most_at_once(), 8, "more pictures than questions are under way");
    let took = start.elapsed().as_secs_f64();
    assert!((2.0..8.0).contains(&took), "two rounds of eight, not sixteen of one: {took}");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_turn_has_the_whole_time_of_a_question() {
    let Says::Text(text) = whole() else { panic!() };
    let slow = Says::Late(std::time::Duration::from_secs(8), text);
    let world = World::new([slow]).with("VISION_CONCURRENCY", "1").with("VISION_MODEL_SECONDS", "10");
    for name in ["a.jpg", "b.jpg", "c.jpg"] {
        world.put(name, COFFEE).await;
    }
    let batch = world.ask(json!({ "objects": ["a.jpg", "b.jpg", "c.jpg"] })).await.unwrap();
    assert_eq!((&batch["status"], world.questions()), (&json!("ok"), 3), "{batch}");
}

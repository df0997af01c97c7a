//! People are told of severe damage, once for each version.

use causeway_runtime::{Event, Handler, Kind};
use serde_json::json;

use super::world::*;

fn severe() -> Says {
    damaged(&[("leakage", "severe")])
}

#[tokio::test]
async fn severe_damage_is_told_once() {
    let world = World::new([severe()]);
    world.put("d/a.jpg", COFFEE).await;
    assert_eq!(world.look("d/a.jpg").await["alert"], "sent");
    assert_eq!(world.look("d/a.jpg").await["alert"], "already_sent");
    let again = world.ask(json!({ "object_name": "d/a.jpg", "overwrite": true })).await.unwrap();
    assert_eq!(again["alert"], "already_sent");
    let messages = world.topic.messages.lock().unwrap().clone();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].title, "Vision: severe damage on a.jpg");
    assert!(messages[0].body.contains("leakage: severe") && messages[0].body.contains("d/a.jpg"));
    assert!(!messages[0].body.contains("dark wet patch"), "no word of the model's");
}

#[tokio::test]
async fn another_version_is_told_again() {
    let world = World::new([severe()]);
    world.put("a.jpg", COFFEE).await;
    world.look("a.jpg").await;
    world.put("a.jpg", ASTRONAUT).await;
    assert_eq!(world.look("a.jpg").await["alert"], "sent");
    assert_eq!(world.topic.messages.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn an_alert_that_failed_is_sent_by_the_next_look() {
    let world = World::new([severe()]);
    *world.topic.fails.lock().unwrap() = 1;
    world.put("a.jpg", COFFEE).await;
    assert_eq!(world.look("a.jpg").await["alert"], "failed");
    assert_eq!((&world.look("a.jpg").await["alert"], world.questions()), (&json!("sent"), 1));
}

#[tokio::test]
async fn an_event_comes_again_until_people_know() {
    let world = World::new([severe()]);
    *world.topic.fails.lock().unwrap() = 1;
    world.put("a.jpg", COFFEE).await;
    let event = json!({ "Records": [{
        "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "eventTime": "2026-01-01T00:00:00Z",
        "s3": { "bucket": { "name": "b" }, "object": { "key": "a.jpg" } },
    }]});
    let vision = world.vision();
    let deliver = async || {
        let event = Event::read(event.clone()).remove(0);
        vision.handle(vision.request_of_event(event).unwrap(), &context(Kind::Event)).await
    };
    assert_eq!(deliver().await.unwrap_err().code(), "alert_not_sent");
    assert!(deliver().await.is_ok());
    assert!(deliver().await.is_ok());
    assert_eq!((world.topic.messages.lock().unwrap().len(), world.questions()), (1, 1));
}

#[tokio::test]
async fn what_is_told_is_a_setting() {
    let told = async |severity: &'static str, damage: &str| {
        let world = World::new([damaged(&[("leakage", damage)])]).with("VISION_ALERT_SEVERITY", severity);
        world.put("a.jpg", COFFEE).await;
        world.look("a.jpg").await;
        world.topic.messages.lock().unwrap().len()
    };
    assert_eq!((told("severe", "moderate").await, told("moderate", "moderate").await), (0, 1));
    assert_eq!((told("moderate", "severe").await, told("off", "severe").await), (1, 0));
}

#[tokio::test]
async fn an_unknown_damage_is_no_severe_one() {
    let world = World::new([Says::Text("nothing".to_owned())]).with("VISION_ALERT_SEVERITY", "minor");
    world.put("a.jpg", COFFEE).await;
    let reply = world.look("a.jpg").await;
    assert!(reply["alert"].is_null(), "{}", reply["alert"]);
}

/// It is there, so it is minor at least, as it counts in the score.
#[tokio::test]
async fn damage_of_unknown_severity_is_told_as_minor() {
    let leaks = |severity: &str| {
        answer(|answer| {
            let found = &mut answer["damage"]["indicators"]["leakage"];
            found["present"] = json!("yes");
            found["severity"] = json!(severity);
            found["evidence"] = json!("a dark wet patch with a ragged edge");
            answer["damage"]["overall"]["severity"] = json!("unknown");
        })
    };
    let told = async |from: &'static str, severity: &str| {
        let world = World::new([leaks(severity)]).with("VISION_ALERT_SEVERITY", from);
        world.put("a.jpg", COFFEE).await;
        world.look("a.jpg").await;
        world.topic.messages.lock().unwrap().iter().map(|message| message.title.clone()).collect::<Vec<_>>()
    };
    assert_eq!(told("minor", "unknown").await, ["Vision: damage of unknown severity on a.jpg"]);
    assert_eq!(told("minor", "minor").await, ["Vision: minor damage on a.jpg"]);
    assert!(told("moderate", "unknown").await.is_empty());
}

#[tokio::test]
async fn an_event_comes_again_until_a_model_has_answered() {
    let world = World::new([Says::Fails(causeway_resilience::service::Kind::Unavailable), whole()]);
    world.put("a.jpg", COFFEE).await;
    let vision = world.vision();
    let deliver = async |kind| ask(&vision, json!({ "object_name": "a.jpg" }), &context(kind)).await;
    assert_eq!(deliver(Kind::Event).await.unwrap_err().code(), "model_failed");
    let stored = world.stored("a.jpg.vision.json").await.unwrap();
    assert_eq!(stored["assessment"]["status"], "Review", "the result says so meanwhile");
    assert_eq!(deliver(Kind::Batch).await.unwrap()["assessment"]["status"], "OK");
}

#[tokio::test]
async fn a_model_and_a_topic_that_are_set_wrong_are_failures() {
    let mut world = World::over(std::sync::Arc::new(causeway_cloud::object_store::memory::InMemory::new()), None)
        .with("CAUSEWAY_CHAT_MODEL", "oci:nonsense");
    world.put("a.jpg", COFFEE).await;
    let reply = world.look("a.jpg").await;
    assert!(issues(&reply).contains(&"model_failed".to_owned()), "{:?}", issues(&reply));
    assert_eq!(reply["assessment"]["status"], "Review");
    let batch = world.ask(json!({ "objects": ["a.jpg"] })).await.unwrap();
    assert_eq!(batch["failed_items"], json!(["a.jpg"]));
    world.model = Some(Model::says([severe()]));
    world.has_wrong_topic = true;
    assert_eq!(world.look("a.jpg").await["alert"], "failed");
}

#[tokio::test]
async fn people_are_told_even_when_the_result_cannot_be_kept() {
    let Says::Text(text) = severe() else { panic!() };
    let world = World::new([Says::Late(std::time::Duration::from_millis(200), text)]);
    world.put("a.jpg", COFFEE).await;
    let vision = world.vision();
    let replaced = async {
        while world.questions() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        world.put("a.jpg", ASTRONAUT).await;
        world.put("a.jpg.vision.json", b"{}").await;
    };
    let context = context(Kind::Direct);
    let (looked, ()) = futures_util::join!(ask(&vision, json!({ "object_name": "a.jpg" }), &context), replaced);
    assert_eq!(looked.unwrap_err().code(), "object_changed");
    assert_eq!(world.topic.messages.lock().unwrap().len(), 1);
}

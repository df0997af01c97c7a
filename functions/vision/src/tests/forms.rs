//! Forms of requests and replies, end to end.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use causeway_runtime::{Event, Handler, Kind};
use serde_json::{Value, json};

use super::world::*;
use crate::{MAX_INLINE_BYTES, Reply, Request};

#[tokio::test]
async fn a_picture_in_the_request_is_judged_and_not_kept() {
    let world = World::new([whole()]);
    let image = STANDARD.encode(COFFEE);
    for (image, replayed) in [(image.clone(), false), (format!("data:image/jpeg;base64,{image}"), true)] {
        let reply = world.ask(json!({ "image": image, "image_name": "x.jpg" })).await.unwrap();
        assert_eq!((&reply["assessment"]["status"], &reply["metadata"]["source"]), (&json!("OK"), &json!("inline")));
        assert_eq!(reply["metadata"]["size"], json!(COFFEE.len()));
        assert!(reply.get("result_object").is_none());
        assert_eq!(reply["replayed"], replayed, "the same bytes");
    }
    assert!(world.stored("x.jpg.vision.json").await.is_none());
}

#[tokio::test]
async fn wrong_pictures_in_requests() {
    let world = World::new([whole()]);
    let check = async |image: String, status: u16, path: Option<&str>| {
        let error = world.ask(json!({ "image": image })).await.unwrap_err();
        assert_eq!((error.http_status(), error.path()), (status, path), "{error}");
    };
    check("!!!".to_owned(), 400, Some("image")).await;
    check("data:image/jpeg,abc".to_owned(), 400, Some("image")).await;
    check(STANDARD.encode(vec![0; MAX_INLINE_BYTES + 1]), 413, Some("image")).await;
    check(String::new(), 400, None).await;
    check(STANDARD.encode("text"), 415, None).await;
}

#[tokio::test]
async fn extract_asks_nobody_and_stores_nothing() {
    let world = World::new([whole()]);
    world.put("a.jpg", ROTATED).await;
    let reply = world.ask(json!({ "test_type": "extract", "object_name": "a.jpg" })).await.unwrap();
    assert_eq!((&reply["status"], &reply["exif"]["gps_present"]), (&json!("ok"), &json!(true)));
    assert!(reply["exif"]["timestamp"].as_str().unwrap().starts_with("2026-09-05T16:45:00"));
    assert!(reply["picture"]["metrics"]["sharpness"].as_f64().unwrap() > 100.0);
    assert!(world.stored("a.jpg.vision.json").await.is_none());
    assert_eq!(world.questions(), 0);
}

#[tokio::test]
async fn a_copy_with_blurred_faces() {
    let world = World::new([whole()]).with("OCI_OS_NAMESPACE", "ns").with("OCI_OS_BUCKET", "photos");
    world.put("p/astronaut.jpg", ASTRONAUT).await;
    let reply = world.ask(json!({ "objectName": "p/astronaut.jpg", "operation": "blur" })).await.unwrap();
    assert_eq!(reply["status"], "success");
    assert_eq!(reply["blurred_image_path"], "oci://ns/photos/blurred/p/astronaut.jpg");
    assert_eq!((&reply["blurred_object"], &reply["faces_detected"]), (&json!("blurred/p/astronaut.jpg"), &json!(1)));
    let extracted =
        world.ask(json!({ "test_type": "extract", "object_name": "blurred/p/astronaut.jpg" })).await.unwrap();
    assert_eq!((&extracted["picture"]["width"], &extracted["picture"]["height"]), (&json!(512), &json!(512)));
    let error = world.ask(json!({ "objectName": "blurred/p/astronaut.jpg", "operation": "blur" })).await.unwrap_err();
    assert_eq!(error.code(), "own_blurred_copy");
}

#[tokio::test]
async fn a_reference_tells_what_changed() {
    let world = World::new([whole()]);
    world.put("before.jpg", COFFEE).await;
    world.put("after.jpg", ASTRONAUT).await;
    let ask = async |name: &str| {
        world.ask(json!({ "object_name": name, "reference_object_name": "before.jpg" })).await.unwrap()
    };
    let changed = ask("after.jpg").await;
    assert_eq!(changed["picture"]["change"]["near_duplicate"], false);
    let same = ask("before.jpg").await;
    assert_eq!(same["picture"]["change"]["near_duplicate"], true);
    assert!(issues(&same).contains(&"same_as_reference".to_owned()));
    let request = json!({ "object_name": "after.jpg", "reference_object_name": "gone.jpg", "overwrite": true });
    assert_eq!(world.ask(request).await.unwrap_err().path(), Some("reference_object_name"));
}

#[tokio::test]
async fn events_of_what_was_written_here_end_there() {
    let world = World::new([whole()]);
    let vision = world.vision();
    for name in ["a.jpg.vision.json", "blurred/a.jpg", "causeway-state/vision/00.json"] {
        let event = json!({
            "cloudEventsVersion": "0.1", "eventType": "com.oraclecloud.objectstorage.createobject", "source": "x",
            "data": { "resourceName": name, "additionalDetails": { "bucketName": "b" } },
        });
        let request = vision.request_of_event(Event::read(event).remove(0)).unwrap();
        let reply = vision.handle(request, &context(Kind::Event)).await.unwrap();
        assert!(matches!(reply, Reply::Ignored(_)), "{name}");
    }
}

#[test]
fn the_sample_events_are_requests() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/events");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let value: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let names = crate::names::Names { blurred: "blurred".to_owned(), ..Default::default() };
        let events = Event::read(value.clone());
        let requests: Vec<Request> = if events.is_empty() {
            vec![serde_json::from_value(value).unwrap()]
        } else {
            events.into_iter().map(|event| Request::of_event(event, &names, None).unwrap()).collect()
        };
        for request in requests {
            assert!(request.target(200).is_ok() && request.expected().is_ok(), "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 8);
}

#[tokio::test]
async fn who_asks_whether_the_function_is_there_learns_who_looks() {
    assert_eq!(World::new([whole()]).vision().configured()["model"], json!({ "name": "test/written-down" }));
    let world = World::over(std::sync::Arc::new(causeway_cloud::object_store::memory::InMemory::new()), None);
    let none = world.vision().configured();
    assert_eq!((&none["model"]["name"], none["model"]["reason"].is_string()), (&json!("none"), true));
}

#[test]
fn replies_have_a_schema_and_no_error_at_the_top() {
    let schema = schemars::schema_for!(Reply).to_value();
    assert!(!schema.to_string().is_empty());
    let members = serde_json::to_string(&schema["anyOf"]).unwrap();
    assert!(members.len() > 2, "{schema:#}");
}

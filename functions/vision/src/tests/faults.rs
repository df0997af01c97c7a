//! The eight faults of the tool that this one replaces, and what else may fail: none of it ends in a good score.

use causeway_cloud::local::Store;
use causeway_resilience::service::Kind as FailureKind;
use serde_json::json;

use super::world::*;

/// Asserts that a person has to look and that nothing is called good.
fn assert_review(reply: &serde_json::Value, issue: &str) {
    assert_eq!(reply["assessment"]["status"], "Review", "{reply:#}");
    assert!(issues(reply).iter().any(|code| code == issue), "{issue}: {:?}", issues(reply));
    let metrics = &reply["quality_metrics"];
    assert!(metrics["package_quality"].is_null() && metrics["quality_index"].is_null(), "{metrics:#}");
    assert!(reply["damage_report"]["overall"]["score"].is_null(), "{}", reply["damage_report"]);
}

#[tokio::test]
async fn a_whole_parcel_is_well() {
    let world = World::new([whole()]);
    world.put("a.jpg", COFFEE).await;
    let reply = world.look("a.jpg").await;
    assert_eq!((&reply["assessment"]["status"], issues(&reply).len()), (&json!("OK"), 0), "{:#}", reply["assessment"]);
    assert_eq!(reply["quality_metrics"]["package_quality"], json!(0.95));
    assert_eq!(reply["metadata"]["content_type"], "image/jpeg");
    assert_eq!(reply["metadata"]["size"], json!(COFFEE.len()));
    assert_eq!(reply["caption_json"]["packageVisible"], true);
    assert_eq!(reply["provider"]["model"], "written-down-1");
    assert_eq!(reply["provider"]["notices"][0], "model is withdrawn in 2027");
    assert_eq!(reply["result_object"], "a.jpg.vision.json");
    assert!(reply["confidence"]["note"].as_str().unwrap().contains("uncalibrated"));
}

#[tokio::test]
async fn fault_1_a_failed_model_reports_no_perfect_parcels() {
    for kind in [FailureKind::Throttled, FailureKind::Unavailable, FailureKind::Timeout, FailureKind::Denied] {
        let world = World::new([Says::Fails(kind), whole()]);
        world.put("a.jpg", COFFEE).await;
        let reply = world.look("a.jpg").await;
        assert_review(&reply, "model_failed");
        assert!(!reply.to_string().contains("hidden words"));
        let later = world.look("a.jpg").await;
        assert_eq!(later["assessment"]["status"], "OK", "a failure is no result: it is asked again");
    }
}

#[tokio::test]
async fn fault_2_a_parcel_that_cannot_be_seen_is_not_whole() {
    let unseen = answer(|answer| {
        answer["scene"]["packageVisible"] = json!("no");
        answer["damage"]["packageVisible"] = json!("no");
        answer["items"] = json!([]);
    });
    let world = World::new([unseen]);
    world.put("a.jpg", COFFEE).await;
    assert_review(&world.look("a.jpg").await, "package_not_visible");
}

#[tokio::test]
async fn fault_3_an_unknown_place_is_not_a_wrong_one() {
    let expectations = json!({ "expected_latitude": 51.4779, "expected_longitude": -0.0014 });
    let world = World::new([whole()]);
    world.put("none.jpg", COFFEE).await;
    world.put("there.jpg", ROTATED).await;
    let reply = world.ask(json!({ "object_name": "none.jpg", "expectations": expectations })).await.unwrap();
    let metrics = &reply["quality_metrics"];
    assert!(metrics["location_accuracy"].is_null(), "{metrics}");
    assert!(issues(&reply).contains(&"gps_missing".to_owned()));
    assert!(metrics["coverage"].as_f64().unwrap() < 1.0);
    assert_eq!(metrics["weights"]["package_quality"], json!(1.0), "the known part has all of the weight");
    let reply = world.ask(json!({ "object_name": "there.jpg", "expectations": expectations })).await.unwrap();
    assert!(reply["quality_metrics"]["location_accuracy"].as_f64().unwrap() > 0.9, "{:#}", reply["quality_metrics"]);
    assert!(reply["exif"]["GPSInfo"].is_null() && reply["exif"]["gps_present"] == true);
    assert!(!reply.to_string().contains("51.47"), "the place is told to nobody");
}

async fn quality(kinds: &[(&str, &str)], scoring: &str) -> f64 {
    let world = World::new([damaged(kinds)]);
    world.put("a.jpg", COFFEE).await;
    let reply = world.ask(json!({ "object_name": "a.jpg", "scoring": scoring })).await.unwrap();
    assert_eq!(reply["quality_metrics"]["scoring"], scoring);
    let quality = &reply["quality_metrics"]["package_quality"];
    quality.as_f64().unwrap_or_else(|| panic!("{kinds:?}: {:#}", reply["assessment"]))
}

#[tokio::test]
async fn fault_4_more_damage_never_scores_better() {
    let severe_leak = quality(&[("leakage", "severe")], "noisy_or").await;
    let severe_corner = quality(&[("cornerDamage", "severe")], "noisy_or").await;
    let both = quality(&[("leakage", "severe"), ("cornerDamage", "minor")], "noisy_or").await;
    assert!(severe_leak < severe_corner, "{severe_leak} {severe_corner}");
    assert!(both < severe_leak, "{both} {severe_leak}");
    let legacy = quality(&[("cornerDamage", "severe")], "legacy_weighted").await;
    let legacy_both = quality(&[("cornerDamage", "severe"), ("leakage", "minor")], "legacy_weighted").await;
    assert!((legacy - 0.1).abs() < 1e-9, "the original's number: {legacy}");
    assert!(legacy_both > legacy, "the original's fault is reproduced where it is asked for");
}

#[tokio::test]
async fn fault_5_what_is_sent_is_upright_small_and_without_metadata() {
    let world = World::new([whole()]).with("VISION_LONG_EDGE", "256");
    world.put("turned.jpg", ROTATED).await;
    let reply = world.look("turned.jpg").await;
    let picture = &reply["picture"];
    assert_eq!((&picture["width"], &picture["height"]), (&json!(360), &json!(240)), "upright");
    assert_eq!((&picture["sent_width"], &picture["sent_height"]), (&json!(256), &json!(171)));
    assert_eq!(reply["exif"]["gps_present"], true);
    let sent = world.model.as_ref().unwrap().pictures().remove(0);
    assert!(sent.starts_with(&[0xff, 0xd8]) && !sent.windows(4).any(|bytes| bytes == b"Exif"));
    let told = world.ask(json!({ "object_name": "turned.jpg", "include_gps": true })).await.unwrap();
    assert!((told["exif"]["GPSInfo"]["latitude"].as_f64().unwrap() - 51.4779).abs() < 1e-3);
    assert_eq!(world.questions(), 1, "the place is told from what is known");
}

#[tokio::test]
async fn fault_6_failures_are_told_by_status_and_without_insides() {
    let world = World::new([whole()]).with("VISION_MAX_BYTES", "57000");
    world.put("text.jpg", b"no picture at all, only some text").await;
    world.put("photo.heic", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic").await;
    world.put("empty.jpg", b"").await;
    world.put("cut.jpg", &COFFEE[..COFFEE.len() / 3]).await;
    world.put("large.png", &[0; 57_001]).await;
    let check = async |name: &str, status: u16, code: &str| {
        let error = world.ask(json!({ "object_name": name })).await.unwrap_err();
        assert_eq!((error.http_status(), error.code()), (status, code), "{name}: {error}");
        assert!(world.stored(&format!("{name}.vision.json")).await.is_none());
    };
    check("text.jpg", 415, "unsupported_media_type").await;
    check("photo.heic", 415, "unsupported_media_type").await;
    check("empty.jpg", 400, "empty_file").await;
    check("large.png", 413, "object_too_large").await;
    check("nowhere.jpg", 404, "object_not_found").await;
    check("cut.jpg", 422, "unreadable_image").await;
    assert_eq!(world.questions(), 0);
}

#[tokio::test]
async fn fault_7_a_store_that_fails_is_not_replaced_by_files() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("a.jpg"), COFFEE).unwrap();
    let world = World::over(std::sync::Arc::new(Store::open(root.path()).unwrap()), Some(Model::says([whole()])));
    assert_eq!(world.look("a.jpg").await["metadata"]["source"], "local");
    assert!(root.path().join("a.jpg.vision.json").is_file());
    drop(root);
    let error = world.ask(json!({ "object_name": "a.jpg" })).await.unwrap_err();
    assert!(matches!(error.http_status(), 404 | 502), "{error}");
}

#[tokio::test]
async fn fault_8_one_question_and_no_caption_in_it() {
    let world = World::new([whole()]);
    world.put("a.jpg", COFFEE).await;
    world.put("b.jpg", ASTRONAUT).await;
    world.look("a.jpg").await;
    world.look("b.jpg").await;
    let asked = world.model.as_ref().unwrap().asked();
    assert_eq!(asked.len(), 2);
    let texts = |at: usize| {
        let parts = asked[at].parts.iter();
        let text = |part: &causeway_cloud::chat::Part| match part {
            causeway_cloud::chat::Part::Text(text) => Some(text.clone()),
            causeway_cloud::chat::Part::Image { .. } => None,
        };
        (asked[at].instructions.clone(), parts.filter_map(text).collect::<Vec<_>>())
    };
    assert_eq!(texts(0), texts(1), "the same question for every picture");
    assert!(!format!("{:?}", texts(1)).contains("doorstep."));
    assert_eq!(asked[0].temperature, Some(0.0));
}

#[tokio::test]
async fn whatever_a_model_says_wrong_ends_in_review() {
    let Says::Text(right) = whole() else { panic!() };
    let wrong_word = right.replace("\"none\"", "\"perfect\"");
    let more = format!("{}, \"safe\": true}}", &right[..right.len() - 1]);
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    for text in ["", "A nice box.", "{}", "[]", "null", "{\"scene\":", &wrong_word, &more, &deep, &"{".repeat(100_000)]
    {
        let world = World::new([Says::Text(text.to_owned())]);
        world.put("a.jpg", COFFEE).await;
        let reply = world.look("a.jpg").await;
        assert_review(&reply, "answer_unusable");
        assert_eq!(world.questions(), 2, "one repair, no more");
        assert_eq!(reply["provider"]["repaired"], true);
    }
    for says in [Says::Held, Says::Fails(FailureKind::Invalid)] {
        let world = World::new([says]);
        world.put("a.jpg", COFFEE).await;
        assert_review(&world.look("a.jpg").await, "model_failed");
        assert_eq!(world.questions(), 1, "nothing to repair");
    }
    let world = World::new([Says::Cut(right[..right.len() / 2].to_owned())]);
    world.put("a.jpg", COFFEE).await;
    assert_review(&world.look("a.jpg").await, "answer_unusable");
}

#[tokio::test]
async fn one_repair_can_help_and_fences_need_none() {
    let Says::Text(right) = whole() else { panic!() };
    let world = World::new([Says::Text("Here it is".to_owned()), whole()]);
    world.put("a.jpg", COFFEE).await;
    let reply = world.look("a.jpg").await;
    assert_eq!((&reply["assessment"]["status"], &reply["provider"]["repaired"]), (&json!("OK"), &json!(true)));
    let world = World::new([Says::Text(format!("```json\n{right}\n```"))]);
    world.put("a.jpg", COFFEE).await;
    assert_eq!(world.look("a.jpg").await["assessment"]["status"], "OK");
    assert_eq!(world.questions(), 1);
}

#[tokio::test]
async fn a_poor_picture_and_no_model_are_said_so() {
    let world = World::new([whole()]);
    world.put("soft.jpg", BLURRED).await;
    let reply = world.look("soft.jpg").await;
    assert_review(&reply, "insufficient_image");
    assert_eq!((world.questions(), &reply["damage_report"]["status"]), (0, &json!("insufficient_image")));
    assert_eq!(reply["picture"]["gate"]["reasons"], json!(["too_blurred"]));
    let world = World::over(std::sync::Arc::new(causeway_cloud::object_store::memory::InMemory::new()), None);
    world.put("a.jpg", COFFEE).await;
    let reply = world.look("a.jpg").await;
    assert_review(&reply, "no_vision_model");
    assert_eq!(
        (&reply["provider"]["name"], &reply["caption_json"]["status"]),
        (&json!("none"), &json!("not_available"))
    );
    assert!(reply["caption_summary"].as_str().unwrap().contains("600"), "{}", reply["caption_summary"]);
    assert!(reply["damage_report"]["indicators"]["leakage"]["present"].is_null());
}

#[tokio::test]
async fn several_answers_measure_agreement() {
    let world = World::new([whole(), whole(), damaged(&[("leakage", "severe")])]);
    world.put("a.jpg", COFFEE).await;
    let reply = world.ask(json!({ "object_name": "a.jpg", "samples": 3 })).await.unwrap();
    assert_eq!(world.questions(), 3);
    assert!(issues(&reply).contains(&"answers_disagree".to_owned()), "{:?}", issues(&reply));
    assert_eq!(reply["confidence"]["parts"]["answers_read"], 3);
    assert!(world.model.as_ref().unwrap().asked().iter().all(|question| question.temperature == Some(0.4)));
}

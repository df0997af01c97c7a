//! What a look depends on, and how much of a result is read.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use serde_json::json;

use super::*;
use crate::tests::world::{COFFEE, World, whole};

#[tokio::test]
async fn only_what_changes_an_answer_is_in_its_key() {
    let keys = async |name, value, reference: Option<&'static str>| {
        let world = World::new([whole()]).with(name, value);
        world.put("a.jpg", COFFEE).await;
        let vision = world.vision();
        let request = json!({ "object_name": "a.jpg", "reference_object_name": reference });
        let job = vision.job(&serde_json::from_value(request).unwrap(), "a.jpg").unwrap();
        let reference = vision.reference(&job).await.unwrap();
        vision.keys(&job, reference.as_ref())
    };
    let plain = keys("VISION_SAMPLES", "1", None).await;
    for (name, value, asks_again, tells_again) in [
        ("VISION_MAX_BYTES", "1000000", false, false),
        ("VISION_MAX_SIDE", "5000", false, false),
        ("VISION_LONG_EDGE", "512", true, false),
        ("VISION_MIN_LUMA", "3", true, false),
        ("VISION_SAMPLES", "2", true, false),
        ("WEIGHT_DAMAGE", "0.9", false, true),
    ] {
        let other = keys(name, value, None).await;
        assert_eq!((other.asked != plain.asked, other.told != plain.told), (asks_again, tells_again), "{name}");
    }
    let compared = keys("VISION_SAMPLES", "1", Some("a.jpg")).await;
    assert_eq!((compared.asked == plain.asked, compared.told == plain.told), (true, false));
}

#[tokio::test]
async fn a_result_that_is_too_large_is_not_read_and_is_replaced() {
    let world = World::new([whole()]);
    world.put("a.jpg", COFFEE).await;
    world.put("a.jpg.vision.json", Box::leak(vec![b' '; (1 << 20) + 1].into_boxed_slice())).await;
    let there = read(&world.objects, "a.jpg.vision.json").await.unwrap();
    assert!(there.kept.is_none() && there.meta.is_some());
    assert_eq!(world.look("a.jpg").await["replayed"], false);
    assert!(read(&world.objects, "a.jpg.vision.json").await.unwrap().kept.is_some());
}

//! Processes that die in the middle.

use std::time::Duration;

use serde_json::{Value, json};
use tests::harness::Request;

use crate::cloud::{COFFEE, Cloud, answer, call};

/// Calls until nobody else is at it.
fn until_done(cloud: &Cloud, request: &Value) -> Value {
    for _ in 0..120 {
        let reply = call(&cloud.vision(), request);
        if reply["error"]["code"] != "in_progress" {
            return reply;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    panic!("somebody dead is at it for ever");
}

#[test]
fn a_process_that_is_killed_while_the_model_thinks_loses_nothing() {
    let cloud = Cloud::start();
    cloud.model_says(&[answer("severe")]);
    cloud.put("a.jpg", COFFEE);
    cloud.door.wait_for(Duration::from_secs(600));
    let request = json!({ "object_name": "a.jpg" });
    let vision = cloud.vision();
    let mut connection = vision.connect();
    let asked = Request::call(request.to_string()).header("Content-Type", "application/json").deadline_in(280);
    connection.try_send(&asked.bytes()).unwrap();
    cloud.door.wait_asked();
    drop(vision.kill());
    assert!(cloud.stored("a.jpg.vision.json").is_none());
    cloud.door.wait_for(Duration::ZERO);
    let reply = until_done(&cloud, &request);
    assert_eq!((&reply["replayed"], &reply["alert"]), (&json!(false), &json!("sent")));
    assert_eq!(call(&cloud.vision(), &request)["replayed"], true);
    assert_eq!((cloud.door.total(), cloud.messages()), (2, 1), "what nobody had heard was asked again, and no more");
}

#[test]
fn a_run_that_is_killed_goes_on_where_it_was() {
    let cloud = Cloud::start();
    for number in 0..12 {
        cloud.put(&format!("in/{number:02}.jpg"), COFFEE);
    }
    cloud.door.wait_for(Duration::from_millis(300));
    let arguments = ["batch", "--prefix", "in", "--concurrency", "2"];
    let mut run = cloud.command(&arguments).spawn().unwrap();
    while cloud.door.total() < 6 {
        assert!(run.try_wait().unwrap().is_none(), "it ended too early");
        std::thread::sleep(Duration::from_millis(20));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    let done = (0..12).filter(|number| cloud.stored(&format!("in/{number:02}.jpg.vision.json")).is_some()).count();
    assert!((3..=6).contains(&done), "{done}");
    // Those that died are held up for 15 s.
    for _ in 0..40 {
        if cloud.command(&arguments).output().unwrap().status.success() {
            break;
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    let all = (0..12).filter(|number| cloud.stored(&format!("in/{number:02}.jpg.vision.json")).is_some()).count();
    assert_eq!(all, 12);
    assert!(cloud.door.total() <= 12 + 2, "only what was under way is asked twice: {}", cloud.door.total());
}

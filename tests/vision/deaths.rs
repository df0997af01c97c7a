//! Processes that die in the middle.

use std::time::Duration;

use serde_json::{Value, json};
use tests::harness::Request;

use crate::cloud::{COFFEE, Cloud, answer, call};

/// How long somebody who died keeps others away here; it is a minute where nothing is set.
const CLAIM: (&str, &str) = ("VISION_CLAIM_SECONDS", "5");

fn cloud() -> Cloud {
    let mut cloud = Cloud::start();
    cloud.set(CLAIM.0, CLAIM.1);
    cloud
}

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
    let cloud = cloud();
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

const PICTURES: usize = 12;

fn names() -> impl Iterator<Item = String> {
    (0..PICTURES).map(|number| format!("in/{number:02}.jpg"))
}

#[test]
fn a_run_that_is_killed_goes_on_where_it_was() {
    let cloud = cloud();
    for name in names() {
        cloud.put(&name, COFFEE);
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
    let paid = cloud.door.total();
    let done = names().filter(|name| cloud.stored(&format!("{name}.vision.json")).is_some()).count();
    assert!((3..=6).contains(&done), "{done}");
    let rest = PICTURES - done;
    // Those that it was at are somebody's until the claims are over; the rest is looked at meanwhile.
    for _ in 0..60 {
        let status = cloud.command(&arguments).output().unwrap().status;
        if status.success() {
            break;
        }
        assert_eq!(status.code(), Some(75), "a repetition brings more");
        std::thread::sleep(Duration::from_secs(1));
    }
    assert!(names().all(|name| cloud.stored(&format!("{name}.vision.json")).is_some()));
    let again = cloud.door.total() - paid;
    assert!(again <= rest, "what was paid for is not paid again: {again} questions for {rest} pictures");
    let output = cloud.command(&arguments).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains(&format!("{PICTURES} replayed")));
    assert_eq!(cloud.door.total(), paid + again);
}

//! Processes that meet, and processes that die.

use std::sync::Barrier;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::harness::{Function, Hold, published};

use crate::cloud::{Cloud, tick};
use crate::target::{Way, check};

const RUNS: usize = 24;

/// One target that fails from the first look on.
fn cloud() -> Cloud {
    let mut cloud = Cloud::start();
    let ill = cloud.serve(Way::Says(500, json!({})));
    cloud.settings(&json!({
        "allowed_hosts": ["127.0.0.1"], "checks": [check("shop", &ill.url("127.0.0.1"))],
        "health": { "unhealthy_after": 1 },
    }));
    cloud
}

#[test]
fn of_24_ticks_at_once_one_tells() {
    let cloud = cloud();
    let processes: Vec<Function> = (0..RUNS).map(|_| cloud.process()).collect();
    let barrier = Barrier::new(RUNS);
    let replies: Vec<Value> = std::thread::scope(|scope| {
        let run = |process| {
            barrier.wait();
            tick(process)
        };
        let running: Vec<_> = processes.iter().map(|process| scope.spawn(move || run(process))).collect();
        running.into_iter().map(|running| running.join().unwrap()).collect()
    });
    assert_eq!(cloud.messages().len(), 1);
    let sent = replies.iter().flat_map(published).filter(|(_, outcome)| outcome == "sent").count();
    assert_eq!(sent, 1);
    // Whoever was first, one look is counted.
    let state: Value = serde_json::from_str(&cloud.object("causeway-state/health-checker/state.json")).unwrap();
    assert_eq!(state["value"]["checks"]["shop"]["fails_in_row"], 1, "{state}");
    assert_eq!(published(&tick(&processes[0])), [], "nothing waits");
}

fn killed_at(cloud: &Cloud, method: &'static str, path: &'static str, hold: Hold) {
    cloud.front.kill(&cloud.process(), method, path, hold);
    assert_eq!(cloud.messages().len(), 0, "nothing was published");
}

/// Claimed and not known to be out: after ten minutes, and not before, a later tick tells under the same key.
fn told_after_the_claim(method: &'static str, path: &'static str, hold: Hold) {
    let cloud = cloud();
    let before = Cloud::now();
    killed_at(&cloud, method, path, hold);
    let after = Cloud::now();
    let waits = published(&tick(&cloud.process()));
    assert!(matches!(waits.as_slice(), [(_, outcome)] if outcome == "pending"), "{waits:?}");
    let early = published(&cloud.tick_at(before + SignedDuration::from_secs(590)));
    assert_eq!((early[0].1.as_str(), cloud.messages().len()), ("pending", 0), "{early:?}");
    let late = published(&cloud.tick_at(after + SignedDuration::from_secs(605)));
    assert_eq!((&late[0].0, late[0].1.as_str()), (&waits[0].0, "sent"), "{late:?}");
    let messages = cloud.messages();
    assert_eq!(messages.len(), 1);
    assert!(messages[0]["body"].as_str().unwrap().contains(&format!("key: {}", waits[0].0)), "{}", messages[0]);
    cloud.tick_at(after + SignedDuration::from_secs(1_300));
    assert_eq!(cloud.messages().len(), 1);
}

#[test]
fn killed_when_the_message_is_on_its_way_to_the_topic() {
    told_after_the_claim("POST", "/messages", Hold::Before);
}

#[test]
fn killed_when_the_message_is_claimed_and_not_yet_sent() {
    told_after_the_claim("PUT", "health-checker-alerts", Hold::After);
}

/// It is in the state, and nobody has claimed it: the next tick is not held up.
#[test]
fn killed_between_the_state_and_the_claim() {
    let cloud = cloud();
    killed_at(&cloud, "PUT", "health-checker-alerts", Hold::Before);
    let told = published(&tick(&cloud.process()));
    assert!(matches!(told.as_slice(), [(_, outcome)] if outcome == "sent"), "{told:?}");
    assert_eq!(cloud.messages().len(), 1);
}

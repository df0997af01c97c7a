//! Processes that meet, and processes that die.

use std::sync::Barrier;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tests::harness::{Function, Hold, published};

use crate::cloud::{Cloud, tick};
use crate::rows::until_yesterday;

const RUNS: usize = 24;

/// Yesterday took the month to 82 %. It is too young for a forecast, so that there is one alert.
fn cloud() -> Cloud {
    let mut cloud = Cloud::start();
    cloud.begin_before(2);
    cloud.usage(&until_yesterday(&[8_400.0]));
    cloud
}

#[test]
fn e_05_of_24_processes_at_once_one_tells() {
    let cloud = cloud();
    let processes: Vec<Function> = (0..RUNS).map(|_| cloud.process()).collect();
    let barrier = Barrier::new(RUNS);
    let replies: Vec<Value> = std::thread::scope(|scope| {
        let run = |process| {
            barrier.wait();
            tick(process, 240)
        };
        let running: Vec<_> = processes.iter().map(|process| scope.spawn(move || run(process))).collect();
        running.into_iter().map(|running| running.join().unwrap()).collect()
    });
    assert!(replies.iter().all(|reply| reply["used_gb"] == 8_400.0), "each has read the month");
    let told: Vec<_> = replies.iter().flat_map(published).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].1.as_str(), cloud.messages().len()), ("sent", 1));
    assert_eq!(cloud.objects("egress-monitor/history/").len(), RUNS, "each leaves its report");
    let logs: String = processes.iter().map(Function::stderr).collect();
    assert!(logs.contains("duplicate: another run has written the state meanwhile"), "they have not met");
}

/// A process is killed while a request is held; what it has not sent yet comes from nobody. After ten
/// minutes, and not before, a later run tells under the same key.
fn killed_at(method: &'static str, path: &'static str, hold: Hold) {
    let cloud = cloud();
    let before = Timestamp::now();
    cloud.front.kill(&cloud.process(), method, path, hold);
    let after = Timestamp::now();
    assert_eq!(cloud.messages().len(), 0, "nothing was published");
    // Another process finds the claim and leaves it alone.
    assert_eq!(published(&tick(&cloud.process(), 240)), []);
    let early = cloud.run_apart(before + SignedDuration::from_secs(595), &json!({}));
    assert_eq!((published(&early), cloud.messages().len()), (Vec::new(), 0));
    let late = cloud.run_apart(after + SignedDuration::from_secs(601), &json!({}));
    let told = published(&late);
    assert_eq!((told.len(), told[0].1.as_str()), (1, "sent"), "{told:?}");
    let messages = cloud.messages();
    assert_eq!(messages.len(), 1);
    assert!(messages[0]["body"].as_str().unwrap().contains(&format!("key: {}", told[0].0)), "{}", messages[0]);
    let quiet = cloud.run_apart(after + SignedDuration::from_secs(4_000), &json!({}));
    assert_eq!((published(&quiet), cloud.messages().len()), (Vec::new(), 1));
}

#[test]
fn e_06_killed_when_the_message_is_on_its_way_to_the_topic() {
    killed_at("POST", "/messages", Hold::Before);
}

#[test]
fn e_06_killed_when_the_level_is_claimed_and_the_message_is_not() {
    killed_at("PUT", "egress-monitor-alerts", Hold::Before);
}

#[test]
fn e_06_killed_when_the_claim_of_the_message_is_written() {
    killed_at("PUT", "egress-monitor-alerts", Hold::After);
}

/// Nobody has claimed anything yet: the next run is not held up.
#[test]
fn killed_before_the_claim_leaves_everything_to_the_next_run() {
    let cloud = cloud();
    cloud.front.kill(&cloud.process(), "PUT", "causeway-state", Hold::Before);
    assert_eq!(published(&tick(&cloud.process(), 240)).len(), 1);
    assert_eq!(cloud.messages().len(), 1);
}

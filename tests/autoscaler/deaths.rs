//! Ticks that meet, and processes that die.

use serde_json::json;
use tests::harness::Hold;

use crate::cloud::{Cloud, Machine};

/// Two hot machines among some that are not; hot enough to grow, not so hot that one that has grown is an emergency
/// with the points from before.
fn fleet() -> Vec<Machine> {
    (0..30).map(|number| Machine::new(number, if number < 2 { 78.0 } else { 50.0 })).collect()
}

fn each_changed_once(cloud: &Cloud, fleet: &[Machine]) {
    for (number, machine) in fleet.iter().enumerate() {
        assert_eq!(cloud.changes(machine), usize::from(number < 2), "{}", machine.id);
    }
}

#[test]
fn of_two_ticks_that_meet_one_works_and_the_other_is_told() {
    let (cloud, fleet) = (Cloud::start(), fleet());
    cloud.add(&fleet);
    let (first, second) = (cloud.autoscaler(), cloud.autoscaler());
    cloud.front.hold("PUT", "/instances/", Hold::Before);
    std::thread::scope(|scope| {
        let working = scope.spawn(|| first.tick().reply);
        cloud.front.wait();
        let busy = second.tick().reply;
        assert_eq!((&busy["status"], busy["busy"]["until_unix_ms"].is_u64()), (&json!("busy"), true), "{busy}");
        cloud.front.release();
        assert_eq!(working.join().unwrap()["resizes"].as_array().unwrap().len(), 2);
    });
    assert_eq!(second.tick().accepted().len(), 0, "the pause after growing");
    each_changed_once(&cloud, &fleet);
}

/// A process is killed while a request is held; after the lease has run out another one goes on. Each machine must have
/// changed exactly once, whatever the request was.
fn killed_at(method: &'static str, path: &'static str, hold: Hold) {
    let (cloud, fleet) = (Cloud::start(), fleet());
    cloud.add(&fleet);
    // There is something to tell, which must not be lost with the process.
    cloud.create(&[Machine::new(30, 50.0)]);
    cloud.front.kill(&cloud.autoscaler().function, method, path, hold);
    let second = cloud.autoscaler();
    if second.tick().reply["status"] == "busy" {
        cloud.expire_lease();
        second.tick();
    }
    second.tick();
    each_changed_once(&cloud, &fleet);
    for machine in &fleet[..2] {
        assert!(cloud.ocpus(machine) > 16.0, "{}", machine.id);
    }
    let told = cloud.messages().iter().filter(|message| message.to_string().contains("stale")).count();
    assert_eq!(told, 1, "what the first one found is told by the second, once");
}

#[test]
fn killed_when_a_machine_was_resized_and_nobody_has_written_it_down() {
    killed_at("PUT", "/instances/", Hold::After);
}

#[test]
fn killed_when_a_resize_is_on_its_way() {
    killed_at("PUT", "/instances/", Hold::Before);
}

#[test]
fn killed_when_the_intention_is_on_its_way_or_written() {
    killed_at("PUT", "shards", Hold::Before);
    killed_at("PUT", "shards", Hold::After);
}

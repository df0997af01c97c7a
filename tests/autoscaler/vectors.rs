//! The named cases of leases, lost answers and throttling, against a cloud.

use std::collections::BTreeSet;
use std::time::Duration;

use causeway_oci_emulator::Fault;
use serde_json::{Value, json};
use tests::harness::Request;

use crate::cloud::{Cloud, Machine};
use crate::front::{Hold, Seen};

const STATE: &str = "causeway-state/flex-autoscaler/";

fn hot(numbers: std::ops::Range<usize>) -> Vec<Machine> {
    numbers.map(|number| Machine::new(number, 78.0)).collect()
}

fn calm(numbers: std::ops::Range<usize>) -> Vec<Machine> {
    numbers.map(|number| Machine::new(number, 50.0)).collect()
}

fn updates(cloud: &Cloud) -> Vec<Seen> {
    let seen = cloud.front.seen().into_iter();
    seen.filter(|seen| seen.method == "PUT" && seen.path.contains("/instances/")).collect()
}

fn lease_epoch(cloud: &Cloud) -> u64 {
    let lease: Value = serde_json::from_str(&cloud.object(&format!("{STATE}lease.json"))).unwrap();
    lease["value"]["epoch"].as_u64().unwrap()
}

/// T29: the holder of the lease is held up for longer than the lease lasts.
#[test]
fn t29_a_lease_that_ran_out_is_taken_over_and_late_writes_are_rejected() {
    let (cloud, fleet) = (Cloud::start(), hot(0..2));
    cloud.add(&calm(2..20));
    let (first, second) = (cloud.autoscaler(), cloud.autoscaler());
    first.tick();
    cloud.add(&fleet);
    cloud.front.hold("PUT", "shards", Hold::Before);
    std::thread::scope(|scope| {
        let late = scope.spawn(|| {
            let mut connection = first.function.connect();
            connection.set_patience(Duration::from_secs(300));
            connection.call(&Request::call("{\"kind\":\"tick\"}").deadline_in(300))
        });
        cloud.front.wait();
        let before = lease_epoch(&cloud);
        cloud.expire_lease();
        assert_eq!(second.tick().accepted().len(), 2);
        assert_eq!(lease_epoch(&cloud), before + 1);
        let shards = || -> Vec<String> {
            let names = cloud.objects(STATE).into_iter().filter(|name| name.contains("/shards/"));
            names.map(|name| cloud.object(&name)).collect()
        };
        let kept = shards();
        cloud.front.release();
        let late = late.join().unwrap();
        assert!(late.text().contains("taken_over"), "{}", late.text());
        assert_eq!(shards(), kept, "what the later tick has written stays");
    });
    assert!(fleet.iter().all(|machine| cloud.changes(machine) == 1));
}

/// T30: the service has resized the machine, and its answer does not come.
#[test]
fn t30_an_update_whose_answer_is_lost_is_sent_again_with_its_token_and_is_one_change() {
    let (cloud, fleet) = (Cloud::start(), hot(0..1));
    cloud.add(&fleet);
    let autoscaler = cloud.autoscaler();
    cloud.front.hold("PUT", "/instances/", Hold::After);
    let first = autoscaler.tick();
    assert_eq!(first.accepted(), std::slice::from_ref(&fleet[0].id), "{}", first.reply);
    cloud.front.release();
    let tokens: Vec<Option<String>> = updates(&cloud).into_iter().map(|seen| seen.retry_token).collect();
    assert!(tokens.len() >= 2 && tokens[0].is_some() && tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
    assert_eq!(cloud.changes(&fleet[0]), 1);
}

/// T30, when the service throttles the repetition: whether it was done is not known, and is not taken for "no".
#[test]
fn t30_a_lost_answer_and_then_a_refusal_keep_the_token_for_the_next_tick() {
    let (mut cloud, fleet) = (Cloud::start(), hot(0..1));
    cloud.set("FLEX_AUTOSCALER_STOP_AFTER_SECONDS", "45");
    cloud.add(&fleet);
    let autoscaler = cloud.autoscaler();
    cloud.front.hold("PUT", "/instances/", Hold::After);
    let first = std::thread::scope(|scope| {
        let working = scope.spawn(|| autoscaler.tick());
        cloud.front.wait();
        let rule = Fault::parse("service=compute,operation=UpdateInstance,status=429").unwrap();
        let rule = cloud.emulator.add_fault(rule);
        let ticked = working.join().unwrap();
        cloud.emulator.end_fault(rule);
        ticked
    });
    cloud.front.release();
    assert_eq!(first.reply["resizes"][0]["answer"], "unknown", "{}", first.reply);
    autoscaler.tick();
    let tokens: BTreeSet<Option<String>> = updates(&cloud).into_iter().map(|seen| seen.retry_token).collect();
    assert!(tokens.len() == 1 && !tokens.contains(&None), "{tokens:?}");
    assert_eq!(cloud.changes(&fleet[0]), 1);
}

/// T37: the time of a tick is over before the service takes a change.
#[test]
fn t37_a_service_that_throttles_ends_the_tick_in_time_with_its_state_written() {
    let (mut cloud, fleet) = (Cloud::start(), hot(0..2));
    cloud.set("FLEX_AUTOSCALER_STOP_AFTER_SECONDS", "6");
    cloud.add(&fleet);
    cloud.add(&calm(2..20));
    let autoscaler = cloud.autoscaler();
    let rule = Fault::parse("service=compute,operation=UpdateInstance,status=429").unwrap();
    let rule = cloud.emulator.add_fault(rule);
    let ticked = autoscaler.tick();
    cloud.emulator.end_fault(rule);
    assert_eq!((&ticked.reply["status"], &ticked.reply["partial"]), (&json!("partial"), &json!(true)));
    let asked = updates(&cloud).len();
    assert!(asked > fleet.len(), "it waits and asks again: {asked}");
    let shards: Vec<String> = cloud.objects(STATE).into_iter().filter(|name| name.contains("/shards/")).collect();
    let index: Vec<String> = cloud.objects(STATE).iter().map(|name| cloud.object(name)).collect();
    assert!(!shards.is_empty(), "the state is written");
    for machine in &fleet {
        assert!(index.iter().any(|text| text.contains(&machine.id)), "{} is remembered", machine.id);
    }
    assert_eq!(BTreeSet::from_iter(ticked.deferred()), fleet.iter().map(|machine| machine.id.clone()).collect());
    assert_eq!(BTreeSet::from_iter(autoscaler.tick().accepted()), BTreeSet::from_iter(ticked.deferred()));
    assert!(fleet.iter().all(|machine| cloud.changes(machine) == 1));
}

//! The named cases of leases, lost answers and throttling, against a cloud.

use std::collections::BTreeSet;
use std::time::Duration;

use causeway_oci_emulator::Fault;
use serde_json::{Value, json};
use tests::harness::{Hold, Noted, Request};

use crate::cloud::{Cloud, Machine};

const STATE: &str = "causeway-state/flex-autoscaler/";

fn hot(numbers: std::ops::Range<usize>) -> Vec<Machine> {
    numbers.map(|number| Machine::new(number, 78.0)).collect()
}

fn calm(numbers: std::ops::Range<usize>) -> Vec<Machine> {
    numbers.map(|number| Machine::new(number, 50.0)).collect()
}

fn updates(cloud: &Cloud) -> Vec<Noted> {
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

/// T28 and T31 with the service's own 412: while a change is on its way the machine becomes what it was to be, or another.
#[test]
fn t28_t31_a_machine_that_was_changed_in_between_is_taken_as_it_is() {
    for (ocpus, reason) in [(20, "lost_race"), (18, "external_change")] {
        let (cloud, fleet) = (Cloud::start(), hot(0..1));
        cloud.add(&fleet);
        let autoscaler = cloud.autoscaler();
        cloud.front.hold("PUT", "/instances/", Hold::Before);
        let ticked = std::thread::scope(|scope| {
            let working = scope.spawn(|| autoscaler.tick());
            cloud.front.wait();
            cloud.edit(&fleet[0], ocpus);
            cloud.front.release();
            working.join().unwrap()
        });
        let statuses: Vec<u16> = updates(&cloud).iter().map(|seen| seen.status).collect();
        assert_eq!(statuses, [412], "{ocpus}");
        let (resize, decision) = (&ticked.reply["resizes"][0], &ticked.reply["decisions"][0]);
        assert_eq!((&resize["answer"], &decision["reason"]), (&json!("changed"), &json!(reason)), "{}", ticked.reply);
        // The pause after a change holds, whoever it was.
        assert_eq!(autoscaler.tick().accepted().len(), 0);
        assert_eq!((cloud.changes(&fleet[0]), cloud.ocpus(&fleet[0])), (1, f64::from(ocpus)), "the edit alone");
    }
}

/// O8: reads that fail for a moment, or whose answer breaks off, are read again and nothing is taken for nothing.
#[test]
fn o8_reads_that_fail_or_break_off_are_read_again() {
    for rule in [
        "service=compute,operation=ListInstances,status=503,times=2",
        "service=compute,operation=ListInstances,cutBodyAfter=300,times=1",
        "service=compute,operation=ListShapes,status=500,times=1",
        "service=compute,operation=GetInstance,cutBodyAfter=100,times=1",
        "service=monitoring,operation=SummarizeMetricsData,status=500,times=2",
        "service=monitoring,operation=SummarizeMetricsData,cutBodyAfter=300,times=1",
        "service=objectstorage,operation=GetObject,status=503,times=2",
        "service=objectstorage,operation=GetObject,cutBodyAfter=30,times=1",
    ] {
        let (cloud, fleet) = (Cloud::start(), hot(0..1));
        cloud.add(&calm(1..20));
        let autoscaler = cloud.autoscaler();
        autoscaler.tick();
        cloud.add(&fleet);
        let fault = cloud.emulator.add_fault(Fault::parse(rule).unwrap());
        let ticked = autoscaler.tick();
        cloud.emulator.end_fault(fault);
        assert_eq!(ticked.accepted(), std::slice::from_ref(&fleet[0].id), "{rule}: {}", ticked.reply);
        let decisions = ticked.reply["decisions"].as_array().unwrap().len();
        assert_eq!((decisions, &ticked.reply["status"]), (20, &json!("ok")), "{rule}: {}", ticked.reply["warnings"]);
        assert_eq!(cloud.changes(&fleet[0]), 1, "{rule}");
    }
}

/// O8: a page of the list has 1,000 machines.
#[test]
fn o8_machines_of_a_second_page_are_of_the_fleet() {
    const MACHINES: usize = 1001;
    let cloud = Cloud::start();
    // Whichever comes first in the list, one of the two is on the second page.
    let fleet = [hot(0..1), hot(MACHINES - 1..MACHINES)].concat();
    cloud.add(&fleet[..1]);
    cloud.create(&calm(1..MACHINES - 1));
    cloud.add(&fleet[1..]);
    let ticked = cloud.autoscaler().tick();
    let lists = cloud.front.seen().into_iter().filter(|seen| seen.method == "GET" && seen.path.ends_with("/instances"));
    assert_eq!((lists.count(), ticked.reply["decisions"].as_array().unwrap().len()), (2, MACHINES));
    assert_eq!(BTreeSet::from_iter(ticked.accepted()), fleet.iter().map(|machine| machine.id.clone()).collect());
}

/// T37: the time of a tick is over before the service takes a change.
#[test]
fn t37_a_service_that_throttles_ends_the_tick_in_time_with_its_state_written() {
    let (mut cloud, fleet) = (Cloud::start(), hot(0..2));
    cloud.set("FLEX_AUTOSCALER_STOP_AFTER_SECONDS", "6");
    cloud.add(&fleet);
    cloud.add(&calm(2..20));
    cloud.create(&calm(20..21));
    let autoscaler = cloud.autoscaler();
    let rule = Fault::parse("service=compute,operation=UpdateInstance,status=429").unwrap();
    let rule = cloud.emulator.add_fault(rule);
    let ticked = autoscaler.tick();
    cloud.emulator.end_fault(rule);
    assert_eq!((&ticked.reply["status"], &ticked.reply["partial"]), (&json!("partial"), &json!(true)));
    let messages = json!(cloud.messages()).to_string();
    assert!(messages.contains("stale"), "people are told though the time for work is over: {messages}");
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

//! State that is lost, and state that cannot be read.

use causeway_oci_emulator::{Fault, Options};
use serde_json::json;

use crate::cloud::{Cloud, Machine};

const STATE: &str = "causeway-state/flex-autoscaler/";

/// One machine that is on fire, one that is idle, some in between.
fn fleet() -> Vec<Machine> {
    (0..20)
        .map(|number| {
            let cpu = match number {
                0 => 78.0,
                1 => 3.0,
                _ => 50.0,
            };
            Machine { memory: if number == 1 { 20.0 } else { 50.0 }, ..Machine::new(number, cpu) }
        })
        .collect()
}

fn shards(cloud: &Cloud) -> Vec<String> {
    cloud.objects(STATE).into_iter().filter(|name| name.contains("/shards/")).collect()
}

#[test]
fn with_lost_state_machines_grow_once_and_none_shrinks() {
    let (cloud, fleet) = (Cloud::start(), fleet());
    cloud.add(&fleet);
    let autoscaler = cloud.autoscaler();
    assert_eq!(autoscaler.tick().accepted(), [fleet[0].id.clone()]);
    for name in cloud.objects(STATE) {
        cloud.delete(&name);
    }
    // It has grown, and its measurements are cooler for it.
    cloud.measure(&[Machine { cpu: 45.0, ..fleet[0].clone() }], 20);
    let ticked = autoscaler.tick();
    assert_eq!((ticked.accepted().len(), ticked.count("DOWN")), (0, 0), "{}", ticked.reply["counts"]);
    assert_eq!((cloud.changes(&fleet[0]), cloud.changes(&fleet[1])), (1, 0));
}

/// Nobody knows which of the points are of the size before, so nothing grows on them but emergencies.
#[test]
fn state_that_is_gone_is_told_and_old_points_do_not_resize_twice() {
    let (cloud, fleet) = (Cloud::start(), fleet());
    cloud.add(&fleet);
    let autoscaler = cloud.autoscaler();
    assert_eq!(autoscaler.tick().accepted(), [fleet[0].id.clone()]);
    for name in cloud.objects(STATE).into_iter().filter(|name| !name.ends_with("/lease.json")) {
        cloud.delete(&name);
    }
    let ticked = autoscaler.tick();
    assert_eq!((ticked.accepted().len(), ticked.count("DOWN")), (0, 0), "{}", ticked.reply["counts"]);
    assert_eq!(ticked.reply["status"], "partial");
    assert!(ticked.reply["warnings"].to_string().contains("gone"), "{}", ticked.reply["warnings"]);
    assert_eq!((cloud.changes(&fleet[0]), cloud.changes(&fleet[1])), (1, 0));
}

/// Without the lease too: the audit of earlier ticks tells that there was a state.
#[test]
fn state_and_lease_that_are_gone_are_told_by_the_audit() {
    let (cloud, fleet) = (Cloud::start(), fleet());
    cloud.add(&fleet);
    let autoscaler = cloud.autoscaler();
    assert_eq!(autoscaler.tick().accepted(), [fleet[0].id.clone()]);
    for name in cloud.objects(STATE) {
        cloud.delete(&name);
    }
    let ticked = autoscaler.tick();
    assert_eq!((ticked.accepted().len(), ticked.count("DOWN")), (0, 0), "{}", ticked.reply["counts"]);
    assert!(ticked.reply["warnings"].to_string().contains("gone"), "{}", ticked.reply["warnings"]);
    assert_eq!((cloud.changes(&fleet[0]), cloud.changes(&fleet[1])), (1, 0));
}

/// An emergency whose change is done, so that the points are those of the size before, or under way with a restart.
#[test]
fn an_emergency_of_lost_state_is_answered_once() {
    let under_way = Options { step_ms: 24 * 3_600_000, ..Options::default() };
    let done = || Options { resize_without_reboot: true, step_ms: 1, ..Options::default() };
    for (options, is_done, text) in [(done(), true, None), (done(), true, Some("{")), (under_way, false, None)] {
        let (mut cloud, mut fleet) = (Cloud::with(options), fleet());
        cloud.set("FLEX_AUTOSCALER_POLICY", "allow_reboot: true\nin_flight: { resend_after_minutes: 0 }\n");
        fleet[0].cpu = 95.0;
        cloud.add(&fleet);
        let autoscaler = cloud.autoscaler();
        let first = autoscaler.tick();
        assert_eq!((first.accepted(), first.count("EMERGENCY_UP")), (vec![fleet[0].id.clone()], 1));
        for name in shards(&cloud) {
            match text {
                Some(text) => cloud.put(&name, "application/json", text),
                None => cloud.delete(&name),
            }
        }
        let second = autoscaler.tick();
        assert_eq!((second.accepted().len(), &second.reply["status"]), (0, &json!("partial")), "{}", second.reply);
        assert_eq!(autoscaler.tick().accepted().len(), 0);
        assert_eq!((cloud.changes(&fleet[0]), cloud.ocpus(&fleet[0]) > 16.0), (1, is_done), "{text:?}");
    }
}

/// The state is whole again after the tick that found the loss, which must not be the end of it.
#[test]
fn a_loss_that_could_not_be_told_is_told_by_the_next_tick() {
    let (cloud, fleet) = (Cloud::start(), fleet());
    cloud.add(&fleet[2..]);
    let autoscaler = cloud.autoscaler();
    autoscaler.tick();
    let [shard] = shards(&cloud).try_into().unwrap();
    cloud.delete(&shard);
    let rule = cloud.emulator.add_fault(Fault::parse("operation=PublishMessage,status=404").unwrap());
    assert_eq!(autoscaler.tick().reply["alerts"][0]["code"], "state_corrupt");
    cloud.emulator.end_fault(rule);
    assert_eq!(cloud.messages().len(), 0);
    for _ in 0..2 {
        autoscaler.tick();
        let messages = json!(cloud.messages()).to_string();
        assert!(cloud.messages().len() == 1 && messages.contains(": shards/"), "{messages}");
    }
}

/// Whoever calls must not take a tick for well that people were not told of.
#[test]
fn an_alert_that_could_not_be_told_makes_the_tick_partial() {
    let (cloud, fleet) = (Cloud::start(), fleet());
    cloud.add(&fleet[2..]);
    // Nothing was measured of it.
    cloud.create(&fleet[..1]);
    let autoscaler = cloud.autoscaler();
    let rule = cloud.emulator.add_fault(Fault::parse("operation=PublishMessage,status=404").unwrap());
    let untold = autoscaler.tick().reply;
    cloud.emulator.end_fault(rule);
    assert_eq!((&untold["alerts"][0]["code"], &untold["status"]), (&json!("stale"), &json!("partial")), "{untold}");
    assert!(untold["warnings"].to_string().contains("not known to be out"), "{}", untold["warnings"]);
    let told = autoscaler.tick().reply;
    assert_eq!((&told["status"], cloud.messages().len()), (&json!("ok"), 1), "{told}");
}

#[test]
fn state_of_the_future_is_left_alone_and_a_copy_is_kept() {
    let (cloud, fleet) = (Cloud::start(), fleet());
    cloud.add(&fleet);
    let autoscaler = cloud.autoscaler();
    autoscaler.tick();
    let [shard] = shards(&cloud).try_into().unwrap();
    let mut stored: serde_json::Value = serde_json::from_str(&cloud.object(&shard)).unwrap();
    let doubtful = &mut stored["value"]["instances"][&fleet[1].id];
    doubtful["seen_at"] = json!("2199-01-01T00:00:00Z");
    let doubtful = doubtful.clone();
    cloud.put(&shard, "application/json", stored.to_string());
    let ticked = autoscaler.tick();
    let [kept]: [String; 1] = serde_json::from_value(ticked.reply["quarantined"].clone()).unwrap();
    let copy: serde_json::Value = serde_json::from_str(&cloud.object(&format!("{STATE}{kept}.json"))).unwrap();
    assert_eq!(copy["value"], json!({ &fleet[1].id: doubtful }));
    assert_eq!(ticked.reply["status"], "partial");
    let after = autoscaler.tick();
    assert_eq!((&after.reply["status"], after.reply.get("quarantined")), (&json!("ok"), None), "{}", after.reply);
}

#[test]
fn state_that_cannot_be_read_is_kept_told_and_done_without() {
    for text in ["{\"write_id\":\"x\",\"epoch\":1,\"value\":{\"version\":99}}", "{\"write_id\":\"x", "\u{0}\u{1}"] {
        let (cloud, mut fleet) = (Cloud::start(), fleet());
        // An emergency: other growth may wait until the points are known to be of the present size.
        fleet[0].cpu = 95.0;
        cloud.add(&fleet[1..]);
        let autoscaler = cloud.autoscaler();
        assert_eq!(autoscaler.tick().accepted().len(), 0);
        let [shard] = shards(&cloud).try_into().unwrap();
        cloud.put(&shard, "application/json", text);
        cloud.add(&fleet[..1]);

        let ticked = autoscaler.tick();
        assert_eq!(ticked.accepted(), [fleet[0].id.clone()], "emergencies go on: {}", ticked.reply);
        assert_eq!(ticked.count("DOWN"), 0);
        assert_eq!(ticked.reply["status"], "partial");
        let told = ticked.reply["quarantined"].as_array().unwrap();
        assert!(told.len() == 1 && shard.contains(told[0].as_str().unwrap()), "{told:?}");
        assert_eq!(cloud.object(&shard), text, "for whoever looks into it");
        let messages = json!(cloud.messages()).to_string();
        assert!(messages.contains("state"), "{messages}");

        cloud.measure(&[Machine { cpu: 45.0, ..fleet[0].clone() }], 20);
        let after = autoscaler.tick();
        assert_eq!((&after.reply["status"], after.reply.get("quarantined")), (&json!("ok"), None), "{}", after.reply);
        assert_eq!(cloud.changes(&fleet[0]), 1);
    }
}

#[test]
fn a_lost_lease_locks_nobody_out() {
    let (cloud, fleet) = (Cloud::start(), fleet());
    cloud.add(&fleet);
    let autoscaler = cloud.autoscaler();
    for _ in 0..3 {
        autoscaler.tick();
    }
    cloud.delete(&format!("{STATE}lease.json"));
    assert_eq!(autoscaler.tick().reply["status"], "ok");
    assert_eq!(autoscaler.tick().reply["status"], "ok");
    assert_eq!(cloud.changes(&fleet[0]), 1);
}

//! State that is lost, and state that cannot be read.

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
    cloud.put(&shard, &stored.to_string());
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
        cloud.put(&shard, text);
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

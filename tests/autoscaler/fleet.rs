//! Which machines are looked at, and what becomes of changes that the cloud does not want.

use std::collections::BTreeMap;

use causeway_oci_emulator::{Fault, Options};
use serde_json::{Value, json};

use crate::cloud::{Cloud, Machine};

fn decisions(reply: &Value) -> BTreeMap<String, String> {
    let one = |decision: &Value| {
        let text = |member: &str| decision[member].as_str().unwrap().to_owned();
        (text("id"), format!("{} {}", text("decision"), text("reason")))
    };
    reply["decisions"].as_array().unwrap().iter().map(one).collect()
}

fn tagged(number: usize, cpu: f64, key: &str, value: &str) -> Machine {
    Machine { tags: BTreeMap::from([(key.to_owned(), value.to_owned())]), ..Machine::new(number, cpu) }
}

#[test]
fn machines_are_found_by_tag_by_selector_and_by_name() {
    let mut cloud = Cloud::start();
    cloud.set("FLEX_AUTOSCALER_TAGS", "autoscale=yes");
    let mut fleet: Vec<Machine> = (0..4).map(|number| tagged(number, 50.0, "autoscale", "yes")).collect();
    fleet[1].tags.insert("team".to_owned(), "a".to_owned());
    fleet.push(Machine::new(9, 78.0));
    cloud.add(&fleet);
    let autoscaler = cloud.autoscaler();
    assert_eq!(autoscaler.tick().reply["decisions"].as_array().unwrap().len(), 4, "the others are not ours");
    let one = autoscaler.call(&json!({ "selector": { "tags": { "team": "a" } } }));
    assert_eq!(decisions(&one.reply).into_keys().collect::<Vec<_>>(), [fleet[1].id.clone()]);
    let gone = "ocid1.instance.oc1.iad.gone";
    let named = autoscaler.call(&json!({ "instance_ids": [fleet[3].id, fleet[4].id, gone] }));
    assert_eq!(named.reply["missing"], json!([gone, fleet[4].id]));
    let found = decisions(&named.reply);
    assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), [gone, &fleet[3].id], "{found:?}");
    assert!(found[gone].starts_with("DROPPED"), "{found:?}");
    assert_eq!(cloud.changes(&fleet[4]), 0, "it is hot, and not of the fleet");
    cloud.add(&[tagged(5, 78.0, "autoscale", "yes")]);
    let hot = Machine::new(5, 78.0);
    let named = autoscaler.call(&json!({ "instance_ids": [hot.id] }));
    assert!(decisions(&named.reply)[&hot.id].starts_with("UP"), "{}", named.reply);
    assert_eq!(cloud.changes(&hot), 1);
}

/// R24, as the service tells it.
#[test]
fn machines_of_a_kind_that_nobody_opted_in_for_are_left_alone() {
    let cloud = Cloud::start();
    let of_kind = |number: usize, more: Value| {
        let more = more.as_object().unwrap().clone();
        Machine { more, ..Machine::new(number, 78.0) }
    };
    let preemptible = json!({ "preemptionAction": { "type": "TERMINATE" } });
    let burstable = json!({ "ocpus": 16, "memoryInGBs": 256, "baselineOcpuUtilization": "BASELINE_1_2" });
    let fleet = [
        of_kind(0, json!({ "preemptibleInstanceConfig": preemptible })),
        of_kind(1, json!({ "dedicatedVmHostId": "ocid1.dedicatedvmhost.oc1.iad.a" })),
        of_kind(2, json!({ "shapeConfig": burstable })),
        of_kind(3, json!({})),
    ];
    cloud.add(&fleet);
    let reply = cloud.autoscaler().tick().reply;
    let found: Vec<String> = decisions(&reply).into_values().collect();
    assert_eq!(found[..3], ["BLOCKED unsupported"; 3]);
    assert!(found[3].starts_with("UP"), "{found:?}");
    assert_eq!(fleet.each_ref().map(|machine| cloud.changes(machine)), [0, 0, 0, 1]);
}

/// T32. One conflict can be anything; a second one of a later tick is that a restart is needed.
#[test]
fn a_restart_that_is_not_allowed_is_remembered_and_not_asked_for_again() {
    let cloud = Cloud::with(Options { step_ms: 1, ..Options::default() });
    let machine = Machine::new(0, 78.0);
    cloud.add(std::slice::from_ref(&machine));
    let autoscaler = cloud.autoscaler();
    let tick = || {
        cloud.front.forget();
        let ticked = autoscaler.tick();
        let seen = cloud.front.seen().into_iter();
        let asked = seen.filter(|seen| seen.method == "PUT" && seen.path.contains("/instances/")).count();
        (decisions(&ticked.reply)[&machine.id].clone(), asked > 0)
    };
    assert_eq!(tick(), ("HOLD conflict".to_owned(), true));
    conflicted_earlier(&cloud, &machine);
    assert_eq!(tick(), ("HOLD needs_reboot".to_owned(), true));
    assert_eq!(tick(), ("HOLD needs_reboot".to_owned(), false));
    assert_eq!(cloud.changes(&machine), 0);
}

/// The conflict of a machine, as it would be remembered one tick later.
fn conflicted_earlier(cloud: &Cloud, machine: &Machine) {
    let mut names = cloud.objects("causeway-state/flex-autoscaler/").into_iter();
    let shard = names.find(|name| name.contains("/shards/")).unwrap();
    let mut stored: Value = serde_json::from_str(&cloud.object(&shard)).unwrap();
    let at = &mut stored["value"]["instances"][&machine.id]["conflict_at"];
    let before = at.as_str().unwrap().parse::<jiff::Timestamp>().unwrap() - jiff::SignedDuration::from_mins(5);
    *at = json!(before);
    cloud.put(&shard, "application/json", stored.to_string());
}

#[test]
fn a_conflict_that_passes_locks_nothing() {
    let cloud = Cloud::start();
    let machine = Machine::new(0, 78.0);
    cloud.add(std::slice::from_ref(&machine));
    let rule = Fault::parse("service=compute,operation=UpdateInstance,status=409").unwrap();
    let rule = cloud.emulator.add_fault(rule);
    let autoscaler = cloud.autoscaler();
    assert_eq!(autoscaler.tick().reply["resizes"][0]["answer"], "conflict");
    cloud.emulator.end_fault(rule);
    conflicted_earlier(&cloud, &machine);
    assert_eq!(autoscaler.tick().accepted(), std::slice::from_ref(&machine.id));
}

#[test]
fn a_restart_that_is_allowed_is_one() {
    let mut cloud = Cloud::with(Options { step_ms: 1, ..Options::default() });
    cloud.set("FLEX_AUTOSCALER_POLICY", "allow_reboot: true");
    let machine = Machine::new(0, 78.0);
    cloud.add(std::slice::from_ref(&machine));
    let autoscaler = cloud.autoscaler();
    assert_eq!(autoscaler.tick().accepted(), std::slice::from_ref(&machine.id));
    assert_eq!(autoscaler.tick().accepted().len(), 0);
    assert_eq!((cloud.changes(&machine), cloud.ocpus(&machine) > 16.0), (1, true));
}

#[test]
fn no_room_is_remembered() {
    let cloud = Cloud::start();
    let machine = Machine::new(0, 78.0);
    cloud.add(std::slice::from_ref(&machine));
    let rule = "service=compute,operation=UpdateInstance,status=500,code=InternalError,message=Out of host capacity.";
    cloud.emulator.add_fault(Fault::parse(rule).unwrap());
    let autoscaler = cloud.autoscaler();
    // The whole way, half of it, and then a pause.
    for asked in [Some(20.0), Some(18.0), None, None] {
        let reply = autoscaler.tick().reply;
        let resizes = reply["resizes"].as_array().unwrap();
        assert_eq!(resizes.first().and_then(|resize| resize["to"]["ocpus"].as_f64()), asked, "{reply}");
        assert!(resizes.iter().all(|resize| resize["answer"] == "no_capacity"), "{reply}");
        assert_eq!(decisions(&reply)[&machine.id], "HOLD infeasible");
    }
    assert_eq!(cloud.changes(&machine), 0);
}

/// R17: a full availability domain is full for the others too.
#[test]
fn where_one_had_no_room_the_others_do_not_ask() {
    let cloud = Cloud::start();
    let elsewhere = json!({ "availabilityDomain": "Uocm:US-ASHBURN-AD-2" });
    let more = elsewhere.as_object().unwrap().clone();
    let fleet = [Machine::new(0, 78.0), Machine::new(1, 78.0), Machine { more, ..Machine::new(2, 78.0) }];
    cloud.add(&fleet[..1]);
    let rule = "service=compute,operation=UpdateInstance,status=500,code=InternalError,message=Out of host capacity.";
    let rule = cloud.emulator.add_fault(Fault::parse(rule).unwrap());
    let autoscaler = cloud.autoscaler();
    autoscaler.tick();
    autoscaler.tick();
    cloud.emulator.end_fault(rule);
    let calm: Vec<Machine> = (3..40).map(|number| Machine::new(number, 50.0)).collect();
    cloud.add(&fleet[1..]);
    cloud.add(&calm);
    let ticked = autoscaler.tick();
    assert_eq!(ticked.accepted(), [fleet[2].id.clone()], "{}", ticked.reply["resizes"]);
    let found = decisions(&ticked.reply);
    assert_eq!([&found[&fleet[0].id], &found[&fleet[1].id]], ["HOLD infeasible"; 2]);
}

#[test]
fn a_machine_that_may_not_be_changed_is_not_gone() {
    let cloud = Cloud::start();
    let machine = Machine::new(0, 78.0);
    cloud.add(std::slice::from_ref(&machine));
    let rule = "service=compute,operation=UpdateInstance,status=404,code=NotAuthorizedOrNotFound";
    cloud.emulator.add_fault(Fault::parse(rule).unwrap());
    let reply = cloud.autoscaler().tick().reply;
    assert_eq!(reply["resizes"][0]["answer"], "refused", "{reply}");
    assert_eq!(decisions(&reply)[&machine.id], "HOLD refused");
}

/// Whoever may list machines and not read them is told, once, and the others do not wait for it.
#[test]
fn a_machine_that_may_not_be_read_is_told() {
    let cloud = Cloud::start();
    let machine = Machine::new(0, 78.0);
    cloud.add(std::slice::from_ref(&machine));
    let rule = "service=compute,operation=GetInstance,status=404,code=NotAuthorizedOrNotFound";
    cloud.emulator.add_fault(Fault::parse(rule).unwrap());
    let autoscaler = cloud.autoscaler();
    let ticked = autoscaler.tick();
    assert_eq!(ticked.reply["resizes"][0]["answer"], "hidden", "{}", ticked.reply);
    assert_eq!((decisions(&ticked.reply)[&machine.id].as_str(), ticked.deferred().len()), ("HOLD refused", 0));
    let again = autoscaler.tick();
    assert_eq!(decisions(&again.reply)[&machine.id], "HOLD refused", "{}", again.reply);
    let messages: Vec<String> = cloud.messages().iter().map(Value::to_string).collect();
    assert!(messages.len() == 1 && messages[0].contains("NotAuthorizedOrNotFound"), "{messages:?}");
}

#[test]
fn without_measurements_nothing_shrinks_and_people_are_told() {
    let cloud = Cloud::start();
    let fleet: Vec<Machine> = (0..6).map(|number| Machine::new(number, 3.0)).collect();
    cloud.add(&fleet);
    cloud.emulator.add_fault(Fault::parse("service=monitoring,operation=SummarizeMetricsData,status=403").unwrap());
    let ticked = cloud.autoscaler().tick();
    assert_eq!((ticked.count("HOLD"), ticked.reply["status"].as_str()), (6, Some("partial")), "{}", ticked.reply);
    assert!(ticked.reply["warnings"][0].as_str().unwrap().contains("not known"), "{}", ticked.reply["warnings"]);
}

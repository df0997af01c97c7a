//! What a tick takes from objects and leaves in Monitoring.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::harness::Request;

use crate::cloud::{Cloud, Machine};

const NAMESPACE: &str = "autoscaling";

/// The values of a published metric by a dimension, as Monitoring has them.
fn published(cloud: &Cloud, metric: &str, dimension: &str) -> BTreeMap<String, f64> {
    let route = format!(
        "oci/20180401/metrics/actions/summarizeMetricsData?compartmentId={}",
        cloud.emulator.default_compartment()
    );
    let query = format!("{metric}[1h].groupBy({dimension}).sum()");
    let found = cloud.admin("POST", &route, &json!({ "namespace": NAMESPACE, "query": query }));
    let value = |series: &Value| {
        let points = series["aggregatedDatapoints"].as_array().unwrap().iter();
        let sum = points.map(|point| point["value"].as_f64().unwrap()).sum();
        (series["dimensions"][dimension].as_str().unwrap().to_owned(), sum)
    };
    found.as_array().unwrap().iter().map(value).collect()
}

#[test]
fn ticks_are_published_as_custom_metrics() {
    let mut cloud = Cloud::start();
    cloud.set("FLEX_AUTOSCALER_PUBLISH_NAMESPACE", NAMESPACE);
    let fleet: Vec<Machine> =
        (0..20).map(|number| Machine::new(number, if number < 3 { 78.0 } else { 50.0 })).collect();
    cloud.add(&fleet);
    let autoscaler = cloud.autoscaler();
    let first = autoscaler.tick();
    assert_eq!((first.accepted().len(), first.deferred().len()), (2, 1), "{}", first.reply["warnings"]);
    let of = |pairs: &[(&str, f64)]| -> BTreeMap<String, f64> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
    };
    assert_eq!(published(&cloud, "Decisions", "decision"), of(&[("HOLD", 18.0), ("UP", 2.0)]));
    assert_eq!(published(&cloud, "Resizes", "answer"), of(&[("accepted", 2.0)]));
    assert_eq!(published(&cloud, "Deferred", "service"), of(&[("flex-autoscaler", 1.0)]));
    let seconds = published(&cloud, "TickDuration", "service")["flex-autoscaler"];
    assert!(seconds > 0.0 && seconds <= first.took.as_secs_f64(), "{seconds}");
    cloud.next_tick();
    autoscaler.tick();
    assert_eq!(published(&cloud, "Resizes", "answer"), of(&[("accepted", 3.0)]), "each tick adds its own");
}

/// Three calls of the same five minutes, and one of the next; `None` where the five minutes ended in between.
fn calls_of_one_tick() -> Option<[usize; 4]> {
    let cloud = Cloud::start();
    let fleet: Vec<Machine> =
        (0..20).map(|number| Machine::new(number, if number < 6 { 78.0 } else { 50.0 })).collect();
    cloud.add(&fleet);
    let autoscaler = cloud.autoscaler();
    let first = autoscaler.tick();
    let again = cloud.autoscaler().tick();
    let named = autoscaler.call(&json!({ "instance_ids": [fleet[5].id] }));
    let is_one = first.reply["tick"] == named.reply["tick"];
    cloud.next_tick();
    let next = autoscaler.tick();
    let changed = fleet.iter().filter(|machine| cloud.changes(machine) > 0).count();
    assert!(!is_one || changed == 4, "{changed}");
    is_one.then(|| [first, again, named, next].map(|ticked| ticked.accepted().len()))
}

/// R16. An alarm that comes again within the five minutes of a tick changes no more machines, whichever process answers
/// and whichever machine it names.
#[test]
fn the_most_changes_of_a_tick_hold_for_all_of_its_calls() {
    // A tenth of twenty machines. Five minutes may end once while this runs, and not three times.
    assert_eq!((0..3).find_map(|_| calls_of_one_tick()), Some([2, 0, 0, 2]));
}

#[test]
fn metrics_that_are_not_taken_are_told_and_harm_nothing() {
    let mut cloud = Cloud::start();
    cloud.set("FLEX_AUTOSCALER_PUBLISH_NAMESPACE", "oci_mine");
    let machine = Machine::new(0, 78.0);
    cloud.add(std::slice::from_ref(&machine));
    let ticked = cloud.autoscaler().tick();
    assert_eq!(ticked.accepted(), std::slice::from_ref(&machine.id));
    assert!(ticked.reply["warnings"].to_string().contains("metrics were"), "{}", ticked.reply["warnings"]);
}

#[test]
fn a_policy_in_an_object_holds_from_the_next_tick_on() {
    const POLICY: &str = "policies/fleet.yaml";
    let mut cloud = Cloud::start();
    cloud.unset("FLEX_AUTOSCALER_POLICY");
    cloud.set("FLEX_AUTOSCALER_POLICY_OBJECT", POLICY);
    let machine = Machine::new(0, 78.0);
    cloud.add(std::slice::from_ref(&machine));
    let autoscaler = cloud.autoscaler();
    let refused = |part: &str| {
        let reply = autoscaler.function.call(&Request::call("{\"kind\":\"tick\"}").deadline_in(60));
        assert_eq!(reply.status, 502, "{}", reply.text());
        assert!(autoscaler.function.stderr().contains(part), "{part}: {}", autoscaler.function.stderr());
        assert!(cloud.objects("causeway-state/").is_empty(), "nothing was decided");
    };
    refused("policy_unreadable");
    cloud.put(POLICY, "application/yaml", "limits: { max_ocpus: 16, min_ocpu: 2 }");
    refused("min_ocpu");
    cloud.put(POLICY, "application/yaml", "limits: { max_ocpus: 16 }\n");
    assert_eq!(autoscaler.tick().reply["decisions"][0]["reason"], "at_max");
    cloud.put(POLICY, "application/yaml", "limits: { max_ocpus: 18 }\n");
    assert_eq!(autoscaler.tick().reply["resizes"][0]["to"]["ocpus"], 18.0);
    assert_eq!(cloud.changes(&machine), 1);
}

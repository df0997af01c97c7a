//! A thousand machines.

use std::collections::BTreeSet;

use causeway_oci_emulator::Fault;
use tests::harness::notice;

use crate::cloud::{Autoscaler, Cloud, Machine, Ticked};

const MACHINES: usize = 1000;
const HOT: usize = 120;
/// Most changes of a tick, and most memory of a process in MB.
const MOST: usize = 50;
const MOST_MB: f64 = 128.0;

/// Above 75 % they grow; below 80 % it is no emergency, so that a machine that has grown is left alone for ten minutes
/// although its points are still those from before.
fn fleet() -> Vec<Machine> {
    (0..MACHINES)
        .map(|number| Machine::new(number, if number % 8 == 0 && number < HOT * 8 { 78.0 } else { 50.0 }))
        .collect()
}

fn slow(cloud: &Cloud, latency_ms: u64, refusals: f64) -> Vec<u64> {
    let rules = [
        format!("service=compute,latencyMs={latency_ms}"),
        format!("service=monitoring,latencyMs={latency_ms}"),
        format!("service=objectstorage,latencyMs={latency_ms}"),
        format!("service=compute,status=429,rate={refusals}"),
        format!("service=monitoring,status=429,rate={refusals}"),
    ];
    rules.iter().map(|rule| cloud.emulator.add_fault(Fault::parse(rule).unwrap())).collect()
}

/// One tick with the API as slow as this.
fn tick(cloud: &Cloud, autoscaler: &Autoscaler, latency_ms: u64, refusals: f64) -> Ticked {
    let rules = slow(cloud, latency_ms, refusals);
    cloud.front.forget();
    let ticked = autoscaler.tick();
    let seen = cloud.front.seen();
    for rule in rules {
        cloud.emulator.end_fault(rule);
    }
    let of = |part: &str| seen.iter().filter(|seen| seen.path.contains(part)).count();
    notice(&format!(
        "tick of {MACHINES} machines, API {latency_ms} ms, {:.0} % refused: {:.1} s, {} changes, {} deferred, {} queries, \
         {} requests, peak {:.0} MB",
        refusals * 100.0,
        ticked.took.as_secs_f64(),
        ticked.accepted().len(),
        ticked.deferred().len(),
        of("summarizeMetricsData"),
        seen.len(),
        autoscaler.peak_mb(),
    ));
    ticked
}

#[test]
fn a_thousand_machines_change_fifty_at_a_time_and_those_that_waited_come_first() {
    let (mut cloud, fleet) = (Cloud::start(), fleet());
    // Everything that a tick can leave.
    cloud.set("FLEX_AUTOSCALER_RECORD", "inputs");
    cloud.add(&fleet);
    let autoscaler = cloud.autoscaler();
    let hot: Vec<&Machine> = fleet.iter().filter(|machine| machine.cpu > 75.0).collect();
    assert_eq!(hot.len(), HOT);

    let mut done = BTreeSet::new();
    let mut waiting: Vec<String> = Vec::new();
    for (latency_ms, refusals, changes) in [(2000, 0.05, MOST), (50, 0.05, MOST), (50, 0.0, HOT - 2 * MOST)] {
        let ticked = tick(&cloud, &autoscaler, latency_ms, refusals);
        assert_eq!(ticked.reply["decisions"].as_array().unwrap().len(), MACHINES);
        let accepted = ticked.accepted();
        assert_eq!(accepted.len(), changes, "{:?}", ticked.reply["warnings"]);
        let first: BTreeSet<&String> = waiting.iter().take(changes).collect();
        assert!(waiting.is_empty() || first == accepted.iter().collect(), "who waited longest comes first");
        waiting = ticked.deferred();
        done.extend(accepted);
        assert_eq!(done.len() + waiting.len(), HOT);
        assert_eq!(ticked.reply["status"], if waiting.is_empty() { "ok" } else { "partial" });
    }
    for machine in hot {
        assert_eq!((cloud.changes(machine), cloud.ocpus(machine) > 16.0), (1, true), "{}", machine.id);
    }
    assert!(autoscaler.peak_mb() < MOST_MB, "{} MB", autoscaler.peak_mb());
    let (audits, inputs): (Vec<String>, Vec<String>) =
        cloud.objects("flex-autoscaler/audit/").into_iter().partition(|name| name.ends_with(".jsonl"));
    assert_eq!((audits.len(), inputs.len()), (3, 3), "{audits:?} {inputs:?}");
    let size = cloud.object(&inputs[2]).len();
    assert!(size < MACHINES * 8 * 1024, "{size} bytes of inputs");
    let lines = cloud.object(&audits[0]).lines().count();
    assert!(lines > MACHINES, "{lines}");
}

#[test]
fn an_api_that_refuses_everything_ends_a_tick_in_time_and_loses_nothing() {
    let mut cloud = Cloud::start();
    cloud.set("FLEX_AUTOSCALER_STOP_AFTER_SECONDS", "8");
    let fleet: Vec<Machine> =
        (0..20).map(|number| Machine::new(number, if number < 2 { 78.0 } else { 50.0 })).collect();
    cloud.add(&fleet);
    let autoscaler = cloud.autoscaler();
    let rule = cloud.emulator.add_fault(Fault::parse("service=compute,operation=UpdateInstance,status=429").unwrap());
    let ticked = autoscaler.tick();
    assert_eq!((ticked.reply["status"].as_str(), ticked.accepted().len()), (Some("partial"), 0), "{}", ticked.reply);
    assert_eq!(ticked.deferred().len(), 2);
    cloud.emulator.end_fault(rule);
    assert_eq!(autoscaler.tick().accepted().len(), 2);
    assert!(fleet[..2].iter().all(|machine| cloud.changes(machine) == 1));
}

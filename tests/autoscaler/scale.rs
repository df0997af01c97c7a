//! A thousand machines.

use std::collections::BTreeSet;

use causeway_oci_emulator::Fault;
use serde_json::json;
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
    let ticked = autoscaler.unhurried_tick();
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

/// A cloud in which nothing depends on how long the test takes: points are good for an hour, who has grown is left alone
/// for a day, and a tick has all the time that it needs. `autoscaler_bench` measures how long it takes.
fn unhurried() -> Cloud {
    let mut cloud = Cloud::start();
    let policy = json!({
        "in_flight": { "resend_after_minutes": 0 },
        "freshness": { "max_age_minutes": 60, "min_up_points_percent": 40 },
        "up": { "window_minutes": 120 },
        "cooldown": { "up_after_up_minutes": 1440 },
    });
    cloud.set("FLEX_AUTOSCALER_POLICY", &policy.to_string());
    cloud.set("FLEX_AUTOSCALER_LEASE_SECONDS", "3600");
    cloud.set("FLEX_AUTOSCALER_STOP_AFTER_SECONDS", "3000");
    // Everything that a tick can leave.
    cloud.set("FLEX_AUTOSCALER_RECORD", "inputs");
    cloud
}

/// Ticks until every hot machine has changed; how many. An answer that is lost on a busy computer is asked for again.
fn ticks(cloud: &Cloud, autoscaler: &Autoscaler) -> usize {
    const SLOW_THEN_QUICK: [(u64, f64); 3] = [(2000, 0.05), (50, 0.05), (50, 0.0)];
    const ENOUGH: usize = 10;
    let (mut asked, mut done) = (BTreeSet::new(), BTreeSet::new());
    let mut waiting: Vec<String> = Vec::new();
    for number in 0..ENOUGH {
        let (latency_ms, refusals) = SLOW_THEN_QUICK[number.min(SLOW_THEN_QUICK.len() - 1)];
        cloud.next_tick();
        let ticked = tick(cloud, autoscaler, latency_ms, refusals);
        assert_eq!(ticked.reply["decisions"].as_array().unwrap().len(), MACHINES);
        let now: BTreeSet<String> = ticked.asked().into_iter().collect();
        assert!(!now.is_empty() && now.len() <= MOST, "{}: {:?}", now.len(), ticked.reply["warnings"]);
        let new: BTreeSet<&String> = now.difference(&asked).collect();
        let first: BTreeSet<&String> = waiting.iter().filter(|id| !asked.contains(*id)).take(new.len()).collect();
        assert!(waiting.is_empty() || first == new, "who waited longest comes first");
        waiting = ticked.deferred();
        asked.extend(now);
        done.extend(ticked.accepted());
        if done.len() == HOT {
            assert_eq!((&ticked.reply["status"], waiting.len()), (&json!("ok"), 0));
            return number + 1;
        }
        assert!(waiting.is_empty() || ticked.reply["status"] == "partial", "{}", ticked.reply["status"]);
    }
    panic!("{} of {HOT} have changed after {ENOUGH} ticks", done.len());
}

#[test]
fn a_thousand_machines_change_fifty_at_a_time_and_those_that_waited_come_first() {
    let (cloud, fleet) = (unhurried(), fleet());
    cloud.add(&fleet);
    let autoscaler = cloud.autoscaler();
    let hot: Vec<&Machine> = fleet.iter().filter(|machine| machine.cpu > 75.0).collect();
    assert_eq!(hot.len(), HOT);
    let ticks = ticks(&cloud, &autoscaler);
    assert!(ticks > HOT / MOST, "{ticks}");
    for machine in hot {
        assert_eq!((cloud.changes(machine), cloud.ocpus(machine) > 16.0), (1, true), "{}", machine.id);
    }
    assert!(autoscaler.peak_mb() < MOST_MB, "{} MB", autoscaler.peak_mb());
    let (audits, inputs): (Vec<String>, Vec<String>) =
        cloud.objects("flex-autoscaler/audit/").into_iter().partition(|name| name.ends_with(".jsonl"));
    assert_eq!((audits.len(), inputs.len()), (ticks, ticks), "{audits:?} {inputs:?}");
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
    cloud.unset("FLEX_AUTOSCALER_STOP_AFTER_SECONDS");
    assert_eq!(cloud.autoscaler().tick().accepted().len(), 2);
    assert!(fleet[..2].iter().all(|machine| cloud.changes(machine) == 1));
}

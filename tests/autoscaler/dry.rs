//! Modes that change less.

use serde_json::json;

use crate::cloud::{Cloud, Machine};

/// Requests that change something. Questions to Monitoring are POSTs.
fn writes(cloud: &Cloud) -> Vec<String> {
    let is_write = |method: &str, path: &str| {
        method != "GET" && method != "HEAD" && !path.contains("/actions/summarizeMetricsData")
    };
    let seen = cloud.front.seen().into_iter().filter(|seen| is_write(&seen.method, &seen.path));
    seen.map(|seen| format!("{} {}", seen.method, seen.path)).collect()
}

fn fleet() -> Vec<Machine> {
    (0..30).map(|number| Machine::new(number, if number < 3 { 95.0 } else { 50.0 })).collect()
}

#[test]
fn a_dry_run_decides_the_same_and_writes_nothing() {
    let (cloud, fleet) = (Cloud::start(), fleet());
    cloud.add(&fleet);
    let autoscaler = cloud.autoscaler();
    cloud.front.forget();
    let dry = autoscaler.call(&json!({ "kind": "tick", "mode": "dry_run" }));
    assert_eq!(writes(&cloud), Vec::<String>::new());
    assert!(cloud.objects("").is_empty());
    assert_eq!((dry.count("EMERGENCY_UP"), dry.accepted().len()), (3, 0), "{}", dry.reply["counts"]);
    let real = autoscaler.tick();
    assert_eq!(real.accepted().len(), 3);
    // All but what depends on the moment: the epoch, and the ages of what was known.
    let timeless = |reply: &serde_json::Value| {
        let mut decisions = reply["decisions"].clone();
        for decision in decisions.as_array_mut().unwrap() {
            let decision = decision.as_object_mut().unwrap();
            assert!(decision["epoch"].as_u64().unwrap() > 0, "{decision:?}");
            for member in ["epoch", "inputs", "expected_downtime_minutes"] {
                decision.remove(member);
            }
        }
        decisions
    };
    assert_eq!(timeless(&dry.reply), timeless(&real.reply));
}

#[test]
fn recommending_watches_and_changes_no_machine() {
    let mut cloud = Cloud::start();
    cloud.set("FLEX_AUTOSCALER_MODE", "policy");
    let fleet = fleet();
    cloud.add(&fleet);
    let autoscaler = cloud.autoscaler();
    let ticked = autoscaler.tick();
    assert_eq!((ticked.count("EMERGENCY_UP"), ticked.reply["mode"].as_str()), (3, Some("recommend")));
    assert!(fleet.iter().all(|machine| cloud.changes(machine) == 0));
    assert!(
        writes(&cloud).iter().all(|write| write.contains("/b/") || write.contains("/topics/")),
        "{:?}",
        writes(&cloud)
    );
    assert_eq!(cloud.objects("flex-autoscaler/audit/").len(), 1);

    let request = tests::harness::Request::call(json!({ "kind": "tick", "mode": "enforce" }).to_string());
    let refused = autoscaler.function.call(&request);
    assert!(refused.text().contains("mode_not_allowed"), "{}", refused.text());
}

#[test]
fn off_reads_nothing() {
    let mut cloud = Cloud::start();
    cloud.set("FLEX_AUTOSCALER_MODE", "off");
    // Not even the policy, which is not there.
    cloud.unset("FLEX_AUTOSCALER_POLICY");
    cloud.set("FLEX_AUTOSCALER_POLICY_OBJECT", "policies/fleet.yaml");
    cloud.add(&fleet());
    let autoscaler = cloud.autoscaler();
    cloud.front.forget();
    assert_eq!(autoscaler.tick().reply["status"], "off");
    assert!(cloud.front.seen().is_empty(), "{:?}", cloud.front.seen());
}

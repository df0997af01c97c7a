//! What an ordinary month asks of the services.

use causeway_oci_emulator::Fault;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tests::harness::{notice, published};

use crate::cloud::{Cloud, tick};
use crate::rows::{day_of, later, midnight, row, with};

const LATENCY_MS: usize = 50;
const MOST_CALLS: usize = 30;
const INTERFACES: usize = 100;

/// 25 SKUs a day in four services, three of them outbound: 6,100 rows in 61 days.
fn ordinary(days: i64) -> Vec<Value> {
    let first = later(day_of(Timestamp::now()), -days);
    let mut rows = Vec::new();
    for offset in 0..days {
        for sku in 0..25 {
            let number =
                ["B88327", "B93455", "B93456"].get(sku).map_or_else(|| format!("B9{sku:04}"), ToString::to_string);
            for part in 0..4_u8 {
                let name = if sku < 3 { "Outbound Data Transfer Zone 1" } else { "Compute" };
                let members = json!({
                    "service": format!("service {part}"), "compartmentName": format!("compartment {part}"), "skuName": name,
                });
                rows.push(with(row(later(first, offset), &number, 40.0 + f64::from(part)), &members));
            }
        }
    }
    rows
}

#[test]
fn an_ordinary_month_takes_thirty_calls_at_most() {
    let mut cloud = Cloud::start();
    let now = Timestamp::now();
    // The month is as old as it gets.
    cloud.begin_before(26);
    cloud.set("EGRESS_MONITOR_PUBLISH_NAMESPACE", "causeway");
    cloud.usage(&ordinary(61));
    let first = midnight(later(day_of(now), -30));
    let hours = usize::try_from((now.duration_since(first) + SignedDuration::from_hours(1)).as_hours()).unwrap();
    for number in 0..INTERFACES {
        cloud.interface(&format!("ocid1.vnic.oc1.iad.{number:03}"), first, &vec![4e9 / 10.0; hours]);
    }
    // A first run has nothing to tell and leaves the state; a new process has everything to tell.
    cloud.set("EGRESS_MONITOR_ALLOWANCE_GB", "1000000");
    assert!(published(&tick(&cloud.process(), 240)).is_empty());
    cloud.set("EGRESS_MONITOR_ALLOWANCE_GB", "10240");
    cloud.emulator.add_fault(Fault::parse(&format!("latencyMs={LATENCY_MS}")).unwrap());
    let process = cloud.process();
    cloud.front.forget();
    let start = std::time::Instant::now();
    let reply = tick(&process, 240);
    let (took, seen) = (start.elapsed(), cloud.front.seen());
    assert_eq!((&reply["status"], &reply["partial"]), (&json!("ok"), &json!(false)), "{reply}");
    assert!(published(&reply).len() == 3 && reply["nowcast"].is_object() && reply["history"].is_string(), "{reply}");
    assert_eq!(reply["contributors"].as_array().unwrap().len(), 3);
    let of = |part: &str| seen.iter().filter(|seen| seen.path.contains(part)).count();
    notice(&format!(
        "an ordinary month: {} calls ({} of usage, {} of metrics, {} of objects, {} of the topic), {} alerts, {:.1} s",
        seen.len(),
        of("/usage"),
        of("/metrics"),
        of("/o/"),
        of("/topics"),
        published(&reply).len(),
        took.as_secs_f64(),
    ));
    assert!(seen.iter().all(|seen| seen.status < 500), "{seen:?}");
    assert!(seen.len() <= MOST_CALLS, "{} calls: {seen:?}", seen.len());
    // Each waits its 50 ms; even one after the other they are far from ten seconds.
    assert!(seen.len() * LATENCY_MS < 10_000);
}

//! Many checks, and targets that would use up time and memory.

use serde_json::{Value, json};
use tests::harness::{notice, peak_mb};

use crate::cloud::{Cloud, last, tick};
use crate::target::{Way, check};

const CHECKS: usize = 200;
const MOST_MB: f64 = 64.0;

fn counted(reply: &Value, code: &Value) -> usize {
    let checks = reply["checks"].as_array().unwrap().iter();
    checks.filter(|check| check["last"]["code"] == *code).count()
}

#[test]
fn h_07_of_200_checks_with_40_that_hang_each_is_answered_in_one_tick() {
    let mut cloud = Cloud::start();
    let (good, hangs) = (cloud.serve(Way::Says(200, json!({}))), cloud.serve(Way::Never));
    let url = |number: usize| if number.is_multiple_of(5) { hangs.url("127.0.0.1") } else { good.url("127.0.0.1") };
    let checks: Vec<Value> = (0..CHECKS).map(|number| check(&format!("c{number}"), &url(number))).collect();
    cloud.settings(&json!({ "allowed_hosts": ["127.0.0.1"], "checks": checks }));
    let process = cloud.process();
    let start = std::time::Instant::now();
    let reply = tick(&process);
    let (took, peak) = (start.elapsed().as_secs_f64(), peak_mb(&process));
    notice(&format!("{CHECKS} checks, 40 of them hang: {took:.1} s, peak {peak:.1} MB"));
    assert_eq!((counted(&reply, &json!("timeout")), counted(&reply, &Value::Null)), (CHECKS / 5, CHECKS * 4 / 5));
    assert!(reply.get("deferred").is_none(), "{}", reply["deferred"]);
    assert!(peak < MOST_MB, "{peak} MB");
}

#[test]
fn h_08_bodies_that_drip_or_flood_are_bounded() {
    let mut cloud = Cloud::start();
    let (drips, floods) = (cloud.serve(Way::Drips), cloud.serve(Way::Floods(10 << 20)));
    let mut checks: Vec<Value> =
        (0..16).map(|number| check(&format!("flood{number}"), &floods.url("127.0.0.1"))).collect();
    checks.push(check("drip", &drips.url("127.0.0.1")));
    checks[16]["timeout_seconds"] = json!(2);
    let health = json!({ "suspect": { "min_components": 500 } });
    cloud.settings(&json!({ "allowed_hosts": ["127.0.0.1"], "checks": checks, "health": health }));
    let process = cloud.process();
    let reply = tick(&process);
    assert_eq!(last(&reply, "drip")["code"], "timeout", "{reply}");
    assert_eq!(counted(&reply, &json!("body_too_large")), 16, "{reply}");
    let peak = peak_mb(&process);
    notice(&format!("16 bodies of 10 MiB at once: peak {peak:.1} MB"));
    assert!(peak < MOST_MB, "{peak} MB");
}

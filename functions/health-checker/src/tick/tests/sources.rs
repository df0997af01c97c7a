//! What ticks read of tenants and of other vantage points. What cannot be read is not known, and moves nothing.

use causeway_cloud::vantage::Sighting;

use super::world::KEY;
use super::*;
use crate::rollback::words::Signed;
use crate::rollback::{Decision, Reason, Standing};

/// A tenant whose clusters fail, so that what else is known decides.
fn failing(tenant: &str) -> String {
    format!(
        "{SHOP}  - {{ id: aws, probe: {{ object: {{ name: aws.txt }} }} }}\n\
         tenants:\n  - {{ id: acme, serving: oci, target_check: aws, cutover_at: 2026-03-11T10:00:00Z, {tenant} }}\n"
    )
}

async fn played(world: &World, ticks: usize) -> Reply {
    world.put("aws.txt", "x").await;
    let mut last = world.tick().await;
    for _ in 1..ticks {
        world.pass(60);
        last = world.tick().await;
    }
    last
}

fn decision(reply: &Reply) -> Decision {
    reply.report.tenants[0].decision
}

fn standing(reply: &Reply, id: &str) -> Standing {
    reply.report.tenants[0].triggers.iter().find(|trigger| trigger.id == id).unwrap().standing
}

fn measure(world: &World, metric: &str, points: &[(i64, f64)]) {
    world.metrics.series.lock().unwrap().insert(metric.to_owned(), points.to_vec());
}

#[tokio::test]
async fn the_lag_of_the_replication_decides_and_one_that_is_not_known_blocks() {
    let tenant = "component: shop, divergence: replicate_back, replication_lag_seconds: { oci_metric: { namespace: n, \
                  metric: lag } }";
    for (points, expected, is_partial) in [
        (&[(1, 299.2)][..], Decision::Rollback(Reason::Cluster), false),
        (&[(1, 300.1)][..], Decision::Blocked(Reason::ReplicationLate), false),
        (&[(6, 0.0)][..], Decision::Blocked(Reason::ReplicationUnknown), true),
        (&[(1, -1.0)][..], Decision::Blocked(Reason::ReplicationUnknown), false),
        (&[][..], Decision::Blocked(Reason::ReplicationUnknown), true),
    ] {
        let world = World::new(&failing(tenant));
        measure(&world, "lag", points);
        let reply = played(&world, 4).await;
        assert_eq!((decision(&reply), reply.partial), (expected, is_partial), "{points:?} {:?}", reply.problems);
    }
}

#[tokio::test]
async fn a_side_that_was_taken_down_is_no_target() {
    for (removed, expected) in
        [(false, Decision::Rollback(Reason::Cluster)), (true, Decision::Blocked(Reason::NoTarget))]
    {
        let world = World::new(&failing(&format!("component: shop, divergence: read_only, target_removed: {removed}")));
        assert_eq!(decision(&played(&world, 4).await), expected, "{removed}");
    }
}

#[tokio::test]
async fn nodes_are_counted_and_a_count_that_is_missing_is_no_quorum_and_no_loss_of_one() {
    let tenant = "divergence: read_only, clusters: [{ id: warehouse, quorum: 2, running: { oci_metric: { namespace: n, \
                  metric: ready } } }]";
    let check = async |points: &[(i64, f64)], expected: Decision, stands: Standing| {
        let world = World::new(&failing(tenant));
        world.put("shop.txt", "x").await;
        measure(&world, "ready", points);
        let reply = played(&world, 2).await;
        assert_eq!((decision(&reply), standing(&reply, "L3")), (expected, stands), "{points:?}");
    };
    check(&[(1, 1.0)], Decision::Rollback(Reason::Cluster), Standing::Met).await;
    check(&[(1, 1.9)], Decision::Rollback(Reason::Cluster), Standing::Met).await;
    check(&[(1, 2.0)], Decision::None, Standing::Clear).await;
    check(&[], Decision::None, Standing::TooLittle).await;
    check(&[(9, 3.0)], Decision::None, Standing::TooLittle).await;
}

#[tokio::test]
async fn an_operators_signed_word_moves_traffic_and_any_other_does_not() {
    let tenant = "divergence: read_only, escalations: { object: words.json, secret: key }";
    let check = async |list: Option<String>, expected: Decision, stands: Standing| {
        let world = World::new(&failing(tenant));
        world.put("shop.txt", "x").await;
        if let Some(list) = &list {
            world.put("words.json", list).await;
        }
        let reply = played(&world, 1).await;
        assert_eq!((decision(&reply), standing(&reply, "L4")), (expected, stands), "{list:?}");
        assert_eq!(reply.partial, stands == Standing::TooLittle && list.as_deref() == Some("oops"));
    };
    let at = "2026-03-11T11:59:00Z".parse().unwrap();
    let signed = |tenant: &str| {
        let word = Signed::new(KEY.as_bytes(), tenant, "oncall-1", "oncall", at).unwrap();
        Some(serde_json::to_string(&[word]).unwrap())
    };
    check(signed("acme"), Decision::Rollback(Reason::Escalation), Standing::Met).await;
    check(signed("other"), Decision::None, Standing::TooLittle).await;
    check(None, Decision::None, Standing::Clear).await;
    check(Some("oops".to_owned()), Decision::None, Standing::TooLittle).await;
    let world = World::new(&failing("divergence: read_only"));
    world.put("shop.txt", "x").await;
    assert_eq!(standing(&played(&world, 1).await, "L4"), Standing::Off);
}

#[tokio::test]
async fn what_was_usual_on_aws_is_read_once_and_kept() {
    let tenant = "divergence: read_only, aws_calls: { namespace: n, total: calls, failed: bad, duration: ms, \
                  absent_failures_are_none: true }";
    let world = World::new(&failing(tenant));
    world.put("shop.txt", "x").await;
    let hours: Vec<(i64, f64)> = (1..=336).map(|hour| (hour, 100.0)).rev().collect();
    measure(&world, "ms", &hours);
    measure(&world, "calls", &hours);
    let reply = played(&world, 3).await;
    let asked = world.metrics.asked.lock().unwrap().clone();
    let hourly: Vec<_> = asked.iter().filter(|query| query.interval.as_secs() == 3600).collect();
    assert_eq!(hourly.len(), 2, "calls and times, once");
    assert_eq!(hourly[0].to.to_string(), "2026-03-11T10:00:00Z");
    let state = world.state().await;
    assert_eq!(state.tenants["acme"].usual.hours.len(), 336);
    assert_ne!(standing(&reply, "L2"), Standing::Off);
    let bytes = serde_json::to_vec(&state.tenants["acme"].usual).unwrap().len();
    assert!(bytes < 8 << 10, "{bytes}");
}

#[tokio::test]
async fn two_of_three_vantage_points_have_to_agree() {
    let settings = "checks:\n  - id: shop\n    quorum: { vantages: [oci, route-53] }\n    probe: { object: { name: shop.txt } }\n\
                    vantages:\n  - { vantage: oci, check: shop, from: { oci_health_checks: { monitor: ocid1.httpmonitor.a } } }\n  \
                    - { vantage: route-53, check: shop, from: { metric: { namespace: AWS/Route53, metric: status, max_age_minutes: 2, fail_below: 1 } } }\n";
    let check = async |oci: Option<bool>, route_53: Option<f64>, own: bool, expected: Verdict| {
        let world = World::new(settings);
        if own {
            world.put("shop.txt", "x").await;
        }
        let sighting = |is_healthy: bool| Sighting {
            place: "aws-iad".to_owned(),
            target: "shop".to_owned(),
            at: world.now() - SignedDuration::from_secs(20),
            is_healthy: Some(is_healthy),
        };
        *world.monitors.0.lock().unwrap() = oci.map(|is_healthy| vec![sighting(is_healthy)]);
        route_53.iter().for_each(|value| measure(&world, "status", &[(1, *value)]));
        let reply = world.tick().await;
        let found = reply.report.checks[0].last.as_ref().unwrap().verdict;
        assert_eq!(found, expected, "{oci:?} {route_53:?} {own}");
        assert_eq!(reply.problems.len(), usize::from(oci.is_none()), "{:?}", reply.problems);
    };
    check(Some(true), Some(1.0), false, Verdict::Pass).await;
    check(Some(false), Some(1.0), false, Verdict::Fail).await;
    check(Some(true), Some(0.0), true, Verdict::Pass).await;
    check(None, Some(0.0), false, Verdict::Fail).await;
    check(None, None, false, Verdict::Unknown).await;
    check(None, Some(1.0), false, Verdict::Unknown).await;
}

#[tokio::test]
async fn what_a_tick_leaves_decides_the_same_again() {
    let world =
        World::new(&format!("{}tick: {{ leaves_inputs: true }}\n", failing("divergence: read_only, component: shop")));
    let reply = played(&world, 4).await;
    assert_eq!(decision(&reply), Decision::Rollback(Reason::Cluster));
    let inputs = world.text("health-checker/inputs.json").await.unwrap();
    let again = decide(&serde_json::from_str::<Inputs>(&inputs).unwrap());
    assert_eq!(serde_json::to_value(&again.report).unwrap(), serde_json::to_value(&reply.report).unwrap());
}

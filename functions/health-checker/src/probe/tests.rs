#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod blame;
mod bodies;
mod guarding;
mod served;
mod world;

use std::time::{Duration, Instant};

use causeway_resilience::Deadline;
use serde_json::{Value, json};

use crate::health::Verdict;
use world::{Answers, World};

fn seconds(seconds: u64) -> Deadline {
    Deadline::within(Instant::now(), Some(Duration::from_secs(seconds)))
}

/// The verdict and the code of a look.
async fn look(world: &World, probe: Value) -> (Verdict, Option<String>) {
    let finding = world.prober().one(&World::check(&probe), seconds(20)).await;
    (finding.verdict, finding.code)
}

fn failed(code: &str) -> (Verdict, Option<String>) {
    (Verdict::Fail, Some(code.to_owned()))
}

fn unknown(code: &str) -> (Verdict, Option<String>) {
    (Verdict::Unknown, Some(code.to_owned()))
}

const PASS: (Verdict, Option<String>) = (Verdict::Pass, None);

#[tokio::test]
async fn an_answer_is_judged_and_the_request_is_whole() {
    let mut world = World::new();
    let (url, seen) = world.serve("shop.test", Answers::ok(r#"{"status":"UP"}"#)).await;
    let expect = json!({"json": [{"path": "$.status", "equals": "UP"}]});
    let probe = json!({"http": {"url": format!("{url}/a?b=c#d"), "headers": {"accept": "x/y"}, "expect": expect}});
    assert_eq!(look(&world, probe).await, PASS);
    let request = seen.first();
    assert!(request.starts_with("GET /a?b=c HTTP/1.1\r\n"), "{request}");
    for line in ["host: shop.test:", "accept: x/y", "user-agent: causeway-health-checker/"] {
        assert!(request.contains(line), "{line} in {request}");
    }
    let command = json!({"command": {"url": url, "body": {"statement": "select 1"}, "expect": expect}});
    assert_eq!(look(&world, command).await, PASS);
    let request = seen.last();
    assert!(request.starts_with("POST / ") && request.ends_with(r#"{"statement":"select 1"}"#), "{request}");
}

#[tokio::test]
async fn h_7_a_target_that_accepts_and_never_answers_is_a_failure_in_time() {
    let mut world = World::new();
    let (url, _) = world.serve("slow.test", Answers::Never).await;
    let mut check = World::check(&json!({"http": {"url": url}}));
    check.timeout_seconds = 1;
    let finding = world.prober().one(&check, seconds(20)).await;
    assert_eq!((finding.verdict, finding.code.as_deref()), (Verdict::Fail, Some("timeout")));
    // The tick's end is no fault of the target.
    let finding = world.prober().one(&check, Deadline::within(Instant::now(), Some(Duration::ZERO))).await;
    assert_eq!((finding.verdict, finding.code.as_deref()), (Verdict::Unknown, Some("own_deadline")));
}

#[tokio::test]
async fn targets_that_are_not_there() {
    let mut world = World::new();
    world.name("closed.test", &["127.0.0.1"]);
    let closed = json!({"tcp": {"host": "closed.test", "port": World::closed_port()}});
    assert_eq!(look(&world, closed).await, failed("connection"));
    assert_eq!(look(&world, json!({"tcp": {"host": "none.test", "port": 1}})).await, failed("no_name"));
    assert_eq!(look(&world, json!({"tcp": {"host": "broken.test", "port": 1}})).await, unknown("own_resolver"));
    let (url, _) = world.serve("odd.test", Answers::text("SSH-2.0-x\r\n\r\n")).await;
    assert_eq!(look(&world, json!({"http": {"url": url}})).await, failed("protocol"));
    let (url, _) = world.serve("short.test", Answers::text("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab")).await;
    assert_eq!(look(&world, json!({"http": {"url": url}})).await, failed("connection"));
}

#[tokio::test]
async fn names_and_their_addresses() {
    let mut world = World::new();
    world.name("shop.test", &["192.0.2.7", "192.0.2.8"]);
    let dns = |includes: &str| json!({"dns": {"name": "shop.test", "includes": [includes], "min_addresses": 2}});
    assert_eq!(look(&world, dns("192.0.2.8")).await, PASS);
    assert_eq!(look(&world, dns("192.0.2.9")).await, failed("address_missing"));
    assert_eq!(look(&world, json!({"dns": {"name": "none.test"}})).await, failed("no_name"));
}

#[tokio::test]
async fn certificates_are_read_and_have_to_be_trusted() {
    let mut world = World::new();
    let port = world.serve_tls("tls.test", 20).await;
    let probe = |limit: u32| json!({"tls_expiry": {"host": "tls.test", "port": port, "degraded_below_hours": limit}});
    assert_eq!(look(&world, probe(48)).await.0, Verdict::Degraded);
    assert_eq!(look(&world, probe(10)).await, PASS);
    let expect = json!({"degraded_below_certificate_hours": 48});
    let https = json!({"http": {"url": format!("https://tls.test:{port}/"), "expect": expect}});
    assert_eq!(look(&world, https).await.0, Verdict::Degraded);
    world.trust_the_web_alone();
    assert_eq!(look(&world, probe(10)).await, failed("tls"));
}

#[tokio::test]
async fn metrics_and_a_vault_that_are_not_there_are_unknown() {
    let world = World::new();
    let metric = json!({"oci_metric": {"namespace": "ns", "metric": "m", "fail_above": 1}});
    assert_eq!(look(&world, metric).await, unknown("own_access"));
    let secret = json!({"http": {"url": "https://shop.test/", "secret_headers": {"authorization": "t"}}});
    assert_eq!(look(&world, secret).await, unknown("own_access"));
}

#[tokio::test]
async fn objects_are_looked_at_where_they_are() {
    let world = World::new();
    world.put("a/b.csv", b"hello").await;
    let digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let object = |name: &str, sha256: &str| json!({"object": {"name": name, "max_age_minutes": 5, "sha256": sha256}});
    assert_eq!(look(&world, object("a/b.csv", digest)).await, PASS);
    assert_eq!(look(&world, object("a/b.csv", &"0".repeat(64))).await, failed("object_differs"));
    assert_eq!(look(&world, object("a/c.csv", digest)).await, failed("object_missing"));
    world.put("empty", b"").await;
    let of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(look(&world, object("empty", of_nothing)).await, PASS);
}

#[tokio::test]
async fn two_hundred_checks_with_a_fifth_that_hang_end_in_time() {
    let mut world = World::new();
    let (fine, _) = world.serve("fine.test", Answers::ok("{}")).await;
    let (hangs, _) = world.serve("hangs.test", Answers::Never).await;
    let checks: Vec<_> = (0..200)
        .map(|index| {
            let mut check = World::check(&json!({"http": {"url": if index % 5 == 0 { &hangs } else { &fine }}}));
            check.id = format!("c{index}");
            check.timeout_seconds = 1;
            check
        })
        .collect();
    let all: Vec<&crate::settings::Check> = checks.iter().collect();
    let findings = world.prober().all(&all, 16, seconds(20)).await;
    let count = |verdict: Verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    assert_eq!((count(Verdict::Pass), count(Verdict::Fail), count(Verdict::Unknown)), (160, 40, 0));
    // What there is no time for is unknown, so that none is says that there was.
    let none = world.prober().all(&all, 16, Deadline::within(Instant::now(), Some(Duration::ZERO))).await;
    assert!(none.len() == 200 && none.iter().all(|finding| finding.verdict == Verdict::Unknown));
}

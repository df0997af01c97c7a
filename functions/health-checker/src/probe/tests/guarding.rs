//! A checker is not led to where it must not go, and gives no secret to whom it is not for.

use std::sync::Arc;

use async_trait::async_trait;
use causeway_cloud::Secrets;
use causeway_cloud::secrets::SecretBytes;
use causeway_resilience::ServiceFailure;

use super::*;

#[tokio::test]
async fn this_machine_is_not_looked_at_unless_its_name_is_allowed() {
    let mut world = World::new();
    let (url, seen) = world.serve("allowed.test", Answers::ok("{}")).await;
    assert_eq!(look(&world, json!({"http": {"url": url}})).await, PASS);
    world.turns("other.test", &[&["127.0.0.1"]]);
    let other = url.replace("allowed.test", "other.test");
    assert_eq!(look(&world, json!({"http": {"url": other}})).await, unknown("target_refused"));
    let address = url.replace("allowed.test", "127.0.0.1");
    assert_eq!(look(&world, json!({"http": {"url": address}})).await, unknown("target_refused"));
    world.turns("metadata.test", &[&["169.254.169.254"]]);
    for probe in [
        json!({"tcp": {"host": "metadata.test", "port": 80}}),
        json!({"tls_expiry": {"host": "metadata.test"}}),
        json!({"command": {"url": "http://metadata.test/opc/v2/", "body": {}}}),
        json!({"tcp": {"host": "::ffff:169.254.169.254", "port": 80}}),
    ] {
        assert_eq!(look(&world, probe).await, unknown("target_refused"));
    }
    assert_eq!(seen.count(), 1);
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_the_second_time_gains_nothing() {
    let mut world = World::new();
    let (url, seen) = world.serve("allowed.test", Answers::ok("{}")).await;
    // What is looked at is what is connected to: there is one question, and its answer is refused in part.
    world.turns("rebinding.test", &[&["192.0.2.1", "127.0.0.1"], &["127.0.0.1"]]);
    let rebinding = url.replace("allowed.test", "rebinding.test");
    let mut check = World::check(&json!({"http": {"url": rebinding}}));
    check.timeout_seconds = 1;
    for _ in 0..2 {
        let finding = world.prober().one(&check, seconds(20)).await;
        assert_ne!(finding.verdict, Verdict::Pass, "{finding:?}");
    }
    assert_eq!(seen.count(), 0);
}

#[tokio::test]
async fn redirects_are_followed_only_where_it_is_said_and_looked_at_again() {
    let mut world = World::new();
    let (end, seen) = world.serve("end.test", Answers::ok("{}")).await;
    let (start, _) = world.serve("start.test", Answers::redirect(&format!("{end}/x"))).await;
    let http = |url: &str, follow: u8| json!({"http": {"url": url, "follow_redirects": follow}});
    assert_eq!(look(&world, http(&start, 0)).await, failed("redirected"));
    assert_eq!(look(&world, http(&start, 1)).await, PASS);
    assert!(seen.last().starts_with("GET /x "));
    let (inside, _) = world.serve("inside.test", Answers::redirect(&end.replace("end.test", "127.0.0.1"))).await;
    assert_eq!(look(&world, http(&inside, 5)).await, unknown("target_refused"));
    let (circle, turns) = world.serve("circle.test", Answers::redirect("/again")).await;
    assert_eq!(look(&world, http(&circle, 3)).await, failed("too_many_redirects"));
    assert_eq!(turns.count(), 4);
    let (odd, _) = world.serve("odd.test", Answers::redirect("gopher://x/")).await;
    assert_eq!(look(&world, http(&odd, 5)).await, failed("protocol"));
    assert_eq!(seen.count(), 1);
}

struct Vault;

#[async_trait]
impl Secrets for Vault {
    async fn secret(&self, reference: &str, _: Deadline) -> Result<SecretBytes, ServiceFailure> {
        Ok(SecretBytes::new(format!("Bearer of-{reference}").into_bytes()))
    }
}

#[tokio::test]
async fn secrets_go_to_the_host_that_was_named_and_into_no_text() {
    let mut world = World::new();
    world.secrets = Some(Arc::new(Vault));
    let (end, elsewhere) = world.serve("end.test", Answers::text("HTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n")).await;
    let (start, named) = world.serve("start.test", Answers::redirect(&end)).await;
    let probe = json!({"http": {"url": start, "follow_redirects": 1, "secret_headers": {"authorization": "token"}}});
    let finding = world.prober().one(&World::check(&probe), seconds(20)).await;
    assert!(named.first().contains("authorization: Bearer of-token"), "{}", named.first());
    assert!(!elsewhere.first().contains("Bearer"), "{}", elsewhere.first());
    assert!(!serde_json::to_string(&finding).unwrap().contains("Bearer"), "{finding:?}");
}

#[test]
fn a_host_that_is_not_allowed_leads_to_none_that_is() {
    let mut world = World::new();
    world.name("allowed.test", &["127.0.0.1"]);
    let prober = world.prober();
    let home = "127.0.0.1".parse().unwrap();
    let admits = |named: &str, is_own: bool| prober.guard_of(named, is_own).admit("allowed.test", home).is_ok();
    assert!(admits("allowed.test", true) && admits("allowed.test", false));
    assert!(!admits("foreign.test", false));
}

#[tokio::test]
async fn headers_stay_with_the_host_that_was_named() {
    let mut world = World::new();
    let (end, elsewhere) = world.serve("end.test", Answers::ok("{}")).await;
    let (start, named) = world.serve("start.test", Answers::redirect(&end)).await;
    let probe = json!({"http": {"url": start, "follow_redirects": 1, "headers": {"x-tenant": "acme"}}});
    assert_eq!(look(&world, probe).await, PASS);
    assert!(named.first().contains("x-tenant: acme") && !elsewhere.first().contains("x-tenant"));
}

const VAULT_TIME: Duration = Duration::from_millis(500);

/// A vault that takes its time.
struct SlowVault;

#[async_trait]
impl Secrets for SlowVault {
    async fn secret(&self, _: &str, _: Deadline) -> Result<SecretBytes, ServiceFailure> {
        tokio::time::sleep(VAULT_TIME).await;
        Ok(SecretBytes::new(b"x".to_vec()))
    }
}

#[tokio::test]
async fn the_time_of_the_vault_is_not_the_targets() {
    let mut world = World::new();
    world.secrets = Some(Arc::new(SlowVault));
    let (url, _) = world.serve("shop.test", Answers::ok("{}")).await;
    let request = super::super::http::Request::of_results;
    let call = serde_json::from_value(json!({"url": url, "secret_headers": {"authorization": "t"}})).unwrap();
    let began = Instant::now();
    let answer = world.prober().exchange(request(&call).unwrap(), 0, seconds(20)).await.unwrap();
    let rest = began.elapsed().saturating_sub(Duration::from_millis(answer.took_ms.into()));
    assert!(rest >= VAULT_TIME, "{rest:?} and {} ms", answer.took_ms);
}

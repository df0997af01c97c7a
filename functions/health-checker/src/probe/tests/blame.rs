//! What is ours is no fault of the target.

use std::sync::Arc;

use async_trait::async_trait;
use causeway_cloud::metrics::{Measurement, MetricQuery, Published, Series};
use causeway_cloud::secrets::SecretBytes;
use causeway_cloud::{Metrics, Secrets};
use causeway_resilience::ServiceFailure;

use super::*;

/// A service of the cloud that never answers.
struct Hangs;

#[async_trait]
impl Secrets for Hangs {
    async fn secret(&self, _: &str, _: Deadline) -> Result<SecretBytes, ServiceFailure> {
        std::future::pending().await
    }
}

#[async_trait]
impl Metrics for Hangs {
    async fn query(&self, _: &MetricQuery, _: Deadline) -> Result<Vec<Series>, ServiceFailure> {
        std::future::pending().await
    }

    async fn publish(&self, _: &[Measurement], _: Deadline) -> Result<Published, ServiceFailure> {
        std::future::pending().await
    }
}

async fn short(world: &World, probe: Value) -> (Verdict, Option<String>) {
    let mut check = World::check(&probe);
    check.timeout_seconds = 1;
    let prober = super::super::Prober { metrics: Ok(&Hangs), ..world.prober() };
    let finding = prober.one(&check, seconds(20)).await;
    (finding.verdict, finding.code)
}

#[tokio::test]
async fn services_of_the_checker_that_hang_are_unknown() {
    let mut world = World::new();
    world.secrets = Some(Arc::new(Hangs));
    let (url, seen) = world.serve("shop.test", Answers::ok("{}")).await;
    let metric = json!({"oci_metric": {"namespace": "ns", "metric": "m", "fail_above": 1}});
    assert_eq!(short(&world, metric).await, unknown("own_service"));
    let secret = json!({"http": {"url": url, "secret_headers": {"authorization": "t"}}});
    assert_eq!(short(&world, secret).await, unknown("own_access"));
    assert_eq!(short(&world, json!({"tcp": {"host": "slow-name.test", "port": 1}})).await, unknown("own_resolver"));
    assert_eq!(short(&world, json!({"dns": {"name": "slow-name.test"}})).await, unknown("own_resolver"));
    assert_eq!(seen.count(), 0);
}

#[tokio::test]
async fn an_address_that_refuses_counts_whatever_the_others_do() {
    let mut world = World::new();
    // The second one is of a kind of network that no machine has: its failure is local.
    world.name("dual.test", &["127.0.0.1", "0.0.0.0"]);
    let closed = json!({"tcp": {"host": "dual.test", "port": World::closed_port()}});
    assert_eq!(look(&world, closed).await, failed("connection"));
    let (url, _) = world.serve("shop.test", Answers::ok("{}")).await;
    world.name("shop.test", &["127.0.0.2", "127.0.0.1"]);
    assert_eq!(look(&world, json!({"http": {"url": url}})).await, PASS);
}

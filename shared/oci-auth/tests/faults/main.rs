//! What happens when what a principal depends on fails: how long it takes, what is said, and how often the failing
//! side is asked. Time is tokio's, which stands until everybody waits, so hours pass in an instant.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken set-up should stop the test that hit it")]

#[path = "../stub/mod.rs"]
mod stub;

mod auth_service;
mod clocks;
mod crowd;
mod metadata;
mod refused;

use std::sync::Arc;
use std::time::Duration;

use causeway_oci_auth::principals::instance;
use causeway_oci_auth::{Error, Provider, Snapshot};

use stub::{World, add_instance};

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A machine with metadata and federation, and its principal.
pub(crate) fn machine() -> (World, Arc<dyn Provider>) {
    let world = World::new(&[]);
    add_instance(&world);
    let provider = instance::from_environment(&world.effects()).unwrap();
    (world, provider)
}

/// What came of it and how long it took.
pub(crate) async fn timed(provider: &Arc<dyn Provider>) -> (Result<Arc<Snapshot>, Error>, Duration) {
    let begun = tokio::time::Instant::now();
    let outcome = provider.snapshot().await;
    (outcome, begun.elapsed())
}

/// The refusal, which must come within `limit`.
pub(crate) async fn refused_within(provider: &Arc<dyn Provider>, limit: Duration) -> String {
    let (outcome, took) = timed(provider).await;
    assert!(took <= limit, "took {took:?}, more than {limit:?}");
    outcome.expect_err("a refusal").to_string()
}

/// Many callers at once.
pub(crate) fn crowd(provider: &Arc<dyn Provider>, size: usize) -> Vec<tokio::task::JoinHandle<Result<String, Error>>> {
    let one = || {
        let provider = Arc::clone(provider);
        tokio::spawn(async move { provider.snapshot().await.map(|one| one.key_id.expose().to_owned()) })
    };
    (0..size).map(|_| one()).collect()
}

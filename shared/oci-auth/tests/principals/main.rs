//! The principals from the outside: variables, files and answers in, credentials out.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken set-up should stop the test that hit it")]

#[path = "../stub/mod.rs"]
mod stub;

mod chain_of_parents;
mod given_key;
mod given_pair;
mod instance;
mod on_instance;
mod workload;

use std::sync::Arc;

use causeway_oci_auth::principals::resource;
use causeway_oci_auth::{Error, Provider, Snapshot};

use stub::World;

/// Variables of a resource principal without their prefix.
pub(crate) fn resource_world(short: &[(&str, &str)]) -> World {
    let long: Vec<_> = short.iter().map(|(name, value)| (format!("OCI_RESOURCE_PRINCIPAL_{name}"), *value)).collect();
    let pairs: Vec<_> = long.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    World::new(&pairs)
}

pub(crate) fn provider(world: &World) -> Result<Arc<dyn Provider>, Error> {
    resource::from_environment(&world.effects())
}

pub(crate) async fn snapshot(world: &World) -> Result<Arc<Snapshot>, Error> {
    provider(world)?.snapshot().await
}

/// The error's text, which is what people see.
pub(crate) async fn refusal(world: &World) -> String {
    match snapshot(world).await {
        Ok(_) => panic!("credentials, where a refusal was due"),
        Err(error) => error.to_string(),
    }
}

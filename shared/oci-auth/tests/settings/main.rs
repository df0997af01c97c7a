//! Credentials that people configure, the choice among them, and the report: variables, files and answers in,
//! credentials out.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken set-up should stop the test that hit it")]

#[path = "../stub/mod.rs"]
mod stub;

mod chain;
mod config_file;
mod delegation;
mod exchange;
mod report;
mod session;

use std::sync::Arc;

use causeway_oci_auth::principals::config_file::{Selection, provider};
use causeway_oci_auth::{Error, Provider, Snapshot};

use stub::{FIRST, TENANCY, World, key};

pub(crate) const CONFIG: &str = "/home/me/.oci/config";
pub(crate) const KEY: &str = "/home/me/.oci/key.pem";
pub(crate) const USER: &str = "ocid1.user.oc1..throwaway";

/// The given variables, a home directory, and `FIRST` as the key file in it.
pub(crate) fn world(variables: &[(&str, &str)]) -> World {
    let all = variables.iter().copied().chain([("HOME", "/home/me")]).collect::<Vec<_>>();
    let world = World::new(&all);
    world.drive.put(KEY, FIRST);
    world
}

/// The same with a configuration file.
pub(crate) fn with_config(config: &str, variables: &[(&str, &str)]) -> World {
    let world = world(variables);
    world.drive.put(CONFIG, config);
    world
}

/// Lines of a good profile.
pub(crate) fn profile() -> String {
    let fingerprint = key(FIRST).fingerprint();
    format!("user={USER}\nfingerprint={fingerprint}\ntenancy={TENANCY}\nregion=us-ashburn-1\nkey_file={KEY}\n")
}

/// Key id of that profile.
pub(crate) fn key_id() -> String {
    format!("{TENANCY}/{USER}/{}", key(FIRST).fingerprint())
}

pub(crate) fn named(profile: &str) -> Selection {
    Selection { profile: Some(profile.to_owned()), ..Selection::default() }
}

pub(crate) async fn of_profile(world: &World, selection: &Selection) -> Result<Arc<Snapshot>, Error> {
    provider(&world.effects(), selection)?.snapshot().await
}

pub(crate) async fn of(provider: Result<Arc<dyn Provider>, Error>) -> Result<Arc<Snapshot>, Error> {
    provider?.snapshot().await
}

/// The text of the error.
#[track_caller]
pub(crate) fn refusal(found: Result<Arc<Snapshot>, Error>) -> String {
    match found {
        Ok(_) => panic!("credentials, where a refusal was due"),
        Err(error) => error.to_string(),
    }
}

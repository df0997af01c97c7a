//! Region metadata from any text: no panic, and whatever is resolved can stand in a host name.
//!
//! The first line is the region that is asked for, the second the default realm, the rest the metadata.
#![no_main]

use std::collections::HashMap;
use std::sync::Arc;

use causeway_oci_auth::Effects;
use causeway_oci_auth::region::{Region, Regions, parse_metadata};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut parts = text.splitn(3, '\n');
    let [asked, realm, metadata] = [(); 3].map(|()| parts.next().unwrap_or_default());
    let names = [("OCI_REGION_METADATA", metadata), ("OCI_DEFAULT_REALM", realm)];
    let variables: HashMap<_, _> = names.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let regions = Regions::new(Effects { environment: Arc::new(variables), ..Effects::default() });
    check(regions.resolve(asked).ok());
    for described in parse_metadata(metadata).into_iter().flatten().flatten() {
        check(Some(regions.resolve(&described.name).expect("a described region is known")));
        regions.learn(described);
    }
});

fn check(region: Option<Region>) {
    let Some(region) = region else { return };
    for part in [&region.id, &region.domain] {
        assert!(!part.is_empty());
        assert!(part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte)));
    }
}

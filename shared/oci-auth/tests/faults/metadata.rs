//! The metadata service is not there, or half there.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use causeway_oci_auth::effects::HttpClient;
use causeway_oci_auth::endpoint::Endpoints;
use causeway_oci_auth::principals::instance::{self, Settings};
use causeway_oci_auth::{Effects, Provider};

use crate::stub::{FEDERATION, METADATA, Reply, TENANCY, World, leaf, ok, status};
use crate::{machine, refused_within, seconds};

const LEAF: &str = "identity/cert.pem";

#[tokio::test(start_paused = true)]
async fn nobody_listens() {
    let world = World::new(&[]);
    let provider = instance::from_environment(&world.effects()).unwrap();
    assert_eq!(refused_within(&provider, seconds(5)).await, "instance metadata: not sent: connection refused");
    let tries = world.web.calls().len();
    assert!((2..=4).contains(&tries), "{tries} tries");
}

#[tokio::test(start_paused = true)]
async fn a_black_hole() {
    let (world, provider) = machine();
    world.web.on(&format!("GET {METADATA}/{LEAF}"), &[Reply::Silence]);
    let refused = refused_within(&provider, seconds(5)).await;
    assert!(refused.starts_with("instance metadata: no answer within "), "{refused}");
    assert_eq!(world.web.count(FEDERATION), 0);
}

#[tokio::test(start_paused = true)]
async fn the_patience_is_for_all_reads_together() {
    let (world, _) = machine();
    for path in [LEAF, "identity/key.pem", "identity/intermediate.pem", "instance/region"] {
        world.web.on(&format!("GET {METADATA}/{path}"), &[status(503)]);
    }
    world.web.on(&format!("GET {METADATA}/{LEAF}"), &[Reply::Silence, ok(leaf(TENANCY))]);
    let effects = world.effects();
    let settings = Settings { metadata_patience: seconds(8), ..Settings::default() };
    let provider = instance::with_settings(&effects, Endpoints::new(effects.clone()).unwrap(), settings).unwrap();
    let expected = "instance metadata answered 503 TestCode (opc-request-id test/request/id)";
    assert_eq!(refused_within(&provider, seconds(8)).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_comes_late_is_waited_for() {
    let (world, provider) = machine();
    world.web.on(&format!("GET {METADATA}/{LEAF}"), &[status(404), ok(leaf(TENANCY))]);
    assert!(provider.snapshot().await.is_ok());
}

/// The real client, with the metadata service on a port of this machine.
fn real(port: u16) -> Arc<dyn Provider> {
    let base = format!("http://127.0.0.1:{port}/opc/v2");
    let variables = HashMap::from([("OCI_METADATA_BASE_URL".to_owned(), base)]);
    let http = HttpClient::new(&variables, &HashMap::<PathBuf, Vec<u8>>::new()).unwrap();
    let effects = Effects { environment: Arc::new(variables), http: Arc::new(http), ..Effects::default() };
    let settings = Settings { metadata_patience: Duration::from_millis(300), ..Settings::default() };
    instance::with_settings(&effects, Endpoints::new(effects.clone()).unwrap(), settings).unwrap()
}

#[tokio::test]
async fn a_closed_port_and_a_silent_one() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let silent = refused_within(&real(port), seconds(10)).await;
    assert!(silent.starts_with("instance metadata: no answer within "), "{silent}");
    drop(listener);
    let closed = refused_within(&real(port), seconds(10)).await;
    assert!(closed.starts_with("instance metadata: not sent: Connection refused"), "{closed}");
}

//! Instance principals: metadata, federation, credentials.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use causeway_oci_auth::endpoint::Endpoints;
use causeway_oci_auth::principals::instance::{self, Fingerprint, Settings};
use causeway_oci_auth::{Certificate, Provider};
use serde_json::json;

use crate::stub::*;

fn world() -> World {
    let world = World::new(&[]);
    add_instance(&world);
    world
}

fn provider(world: &World, settings: Settings) -> Arc<dyn Provider> {
    let effects = world.effects();
    instance::with_settings(&effects, Endpoints::new(effects.clone()).unwrap(), settings).unwrap()
}

async fn refusal(world: &World) -> String {
    instance::from_environment(&world.effects()).unwrap().snapshot().await.unwrap_err().to_string()
}

#[tokio::test(start_paused = true)]
async fn a_certificate_becomes_credentials() {
    let world = world();
    let provider = instance::from_environment(&world.effects()).unwrap();
    let snapshot = provider.snapshot().await.unwrap();
    assert_eq!(snapshot.key_id.expose(), format!("ST${}", given("one", BEGIN + 1200)));
    assert_eq!(snapshot.key.modulus(), key(SECOND).modulus(), "the session key, not the certificate's");
    assert_eq!(snapshot.tenancy.as_deref(), Some(TENANCY));
    assert_eq!((snapshot.region.as_deref(), &snapshot.compartment), (Some("us-phoenix-1"), &None));
    let metadata = ["identity/cert.pem", "identity/key.pem", "identity/intermediate.pem", "instance/region"];
    let mut expected: Vec<_> = metadata.iter().map(|path| format!("GET {METADATA}/{path}")).collect();
    expected.push(FEDERATION.to_owned());
    assert_eq!(world.web.calls(), expected);
    for seen in &world.web.seen()[..4] {
        assert_eq!(seen.header("authorization"), "Bearer Oracle");
        assert_eq!(seen.how.route, causeway_oci_auth::effects::Route::Metadata, "never through a proxy");
    }
}

#[tokio::test(start_paused = true)]
async fn both_forms_of_the_federation_request() {
    for fingerprint in [Fingerprint::Sha1, Fingerprint::Sha256] {
        let (world, pem) = (world(), leaf(TENANCY));
        let leaf = Certificate::from_pem(pem.as_bytes()).unwrap();
        world.web.on(&format!("GET {METADATA}/identity/cert.pem"), &[ok(pem)]);
        let purpose = Some("SERVICE_PRINCIPAL".to_owned());
        provider(&world, Settings { fingerprint, purpose, ..Settings::default() }).snapshot().await.unwrap();
        let (expected, algorithm) = match fingerprint {
            Fingerprint::Sha1 => (format!("{TENANCY}/fed-x509/{}", leaf.sha1_fingerprint()), None),
            Fingerprint::Sha256 => (format!("{TENANCY}/fed-x509-sha256/{}", leaf.sha256_fingerprint()), Some("SHA256")),
        };
        let seen = world.web.last();
        let (key_id, headers) = seen.signed_by(&key(LEAF));
        assert_eq!(key_id, expected);
        assert_eq!(headers, "date (request-target) content-length content-type x-content-sha256");
        let body = seen.json();
        assert_eq!(body["certificate"], leaf.body());
        assert_eq!(body["publicKey"], key(SECOND).spki_body());
        assert_eq!(body["intermediateCertificates"].as_array().unwrap().len(), 1);
        assert_eq!(body["purpose"], "SERVICE_PRINCIPAL");
        assert_eq!(body.get("fingerprintAlgorithm").and_then(|value| value.as_str()), algorithm);
    }
}

#[tokio::test(start_paused = true)]
async fn the_body_is_laid_out_as_the_python_sdk_does() {
    let world = world();
    provider(&world, Settings::default()).snapshot().await.unwrap();
    let body = String::from_utf8(world.web.last().body.to_vec()).unwrap();
    let shape: String = body.split('"').step_by(2).collect::<Vec<_>>().join("_");
    assert_eq!(shape, "{_: _, _: _, _: [_]}");
    let names: Vec<_> = body.split('"').skip(1).step_by(4).take(3).collect();
    assert_eq!(names, ["certificate", "publicKey", "intermediateCertificates"]);
}

#[tokio::test(start_paused = true)]
async fn each_refresh_has_its_own_session_key_and_reads_the_certificate_again() {
    let world = world();
    world.keys.will_be(&[SECOND, FIRST]);
    let provider = instance::from_environment(&world.effects()).unwrap();
    let one = provider.snapshot().await.unwrap();
    tokio::time::sleep(Duration::from_secs(899)).await;
    assert_eq!(provider.snapshot().await.unwrap().key_id, one.key_id);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let two = provider.snapshot().await.unwrap();
    assert_eq!(two.key_id.expose(), format!("ST${}", given("two", BEGIN + 2400)));
    assert_eq!(two.key.modulus(), key(FIRST).modulus());
    assert_eq!(world.keys.made.load(Ordering::SeqCst), 2);
    assert_eq!(world.web.count(&format!("GET {METADATA}/identity/cert.pem")), 2);
    assert_eq!(world.web.count(&format!("GET {METADATA}/instance/region")), 1, "an instance does not move");
}

#[tokio::test(start_paused = true)]
async fn a_certificate_of_another_tenancy_is_refused() {
    let world = world();
    let provider = instance::from_environment(&world.effects()).unwrap();
    let used = provider.snapshot().await.unwrap();
    world.web.on(&format!("GET {METADATA}/identity/cert.pem"), &[ok(leaf("ocid1.tenancy.oc1..other"))]);
    let refused = provider.renew(&used).await.unwrap_err().to_string();
    assert_eq!(
        refused,
        format!("the tenancy of the instance certificate changed from {TENANCY} to ocid1.tenancy.oc1..other")
    );
    assert_eq!(world.web.count(FEDERATION), 1);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_and_a_key_of_different_pairs_are_read_again() {
    let world = world();
    world.web.on(&format!("GET {METADATA}/identity/key.pem"), &[ok(FIRST), ok(LEAF)]);
    instance::from_environment(&world.effects()).unwrap().snapshot().await.unwrap();
    let torn = self::world();
    torn.web.on(&format!("GET {METADATA}/identity/key.pem"), &[ok(FIRST)]);
    let expected = "instance metadata answered something unexpected: \
                    /identity: certificate and key are of different pairs";
    assert_eq!(refusal(&torn).await, expected);
    assert_eq!(torn.web.count(FEDERATION), 0);
}

#[tokio::test(start_paused = true)]
async fn answers_of_no_use() {
    let check = async |path: &str, reply: Reply, expected: &str| {
        let world = world();
        let call = if path.starts_with("POST") { path.to_owned() } else { format!("GET {METADATA}{path}") };
        world.web.on(&call, &[reply]);
        assert_eq!(refusal(&world).await, expected);
    };
    let metadata = "instance metadata answered something unexpected";
    check("/identity/cert.pem", ok("x"), &format!("{metadata}: /identity/cert.pem: no certificate in PEM form")).await;
    let nobody = certificate(LEAF, "opc-something:else");
    let unnamed = format!("{metadata}: /identity/cert.pem: the subject names no tenancy");
    check("/identity/cert.pem", ok(nobody), &unnamed).await;
    check("/identity/key.pem", ok("x"), "instance metadata /identity/key.pem: no private key in PEM form").await;
    check("/instance/region", ok(" \n"), &format!("{metadata}: /instance/region: no text")).await;
    let federation = "federation answered something unexpected";
    check(FEDERATION, ok("<html>"), &format!("{federation}: no JSON with the member token")).await;
    check(FEDERATION, ok("{}"), &format!("{federation}: no JSON with the member token")).await;
    let other = json!({"token": rpst("x", FIRST, BEGIN + 1200)}).to_string();
    check(FEDERATION, ok(other), &format!("{federation}: the token is for another key (claim jwk)")).await;
    let over = "the token in federation expired 1 s ago and there is no newer one";
    check(FEDERATION, answer("x", BEGIN - 1), over).await;
    let refused = "federation answered 400 TestCode (opc-request-id test/request/id)";
    check(FEDERATION, status(400), refused).await;
}

#[tokio::test(start_paused = true)]
async fn a_malformed_token_is_not_shown() {
    let world = world();
    world.web.on(FEDERATION, &[ok(r#"{"token": "secret.secret.secret"}"#)]);
    let shown = refusal(&world).await;
    assert!(shown.contains("malformed") && !shown.contains("secret"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn addresses_that_variables_change() {
    let world = World::new(&[
        ("OCI_METADATA_BASE_URL", "http://127.0.0.1:9/opc/v2/"),
        ("OCI_SDK_AUTH_CLIENT_REGION_URL", "https://auth.example.test"),
    ]);
    add_metadata(&world, "http://127.0.0.1:9/opc/v2");
    world.web.on("GET http://127.0.0.1:9/opc/v2/instance/region", &[ok("us-ashburn-1")]);
    world.web.on("POST https://auth.example.test/v1/x509", &[answer("one", BEGIN + 1200)]);
    let snapshot = instance::from_environment(&world.effects()).unwrap().snapshot().await.unwrap();
    assert_eq!(snapshot.region.as_deref(), Some("us-ashburn-1"));
    assert!(world.web.calls().iter().all(|call| !call.contains("169.254")));
}

#[tokio::test(start_paused = true)]
async fn the_domain_of_a_new_region_is_learnt_from_the_metadata() {
    let world = world();
    world.web.on(&format!("GET {METADATA}/instance/region"), &[ok("xnt")]);
    let info = r#"{"realmKey":"OC99","realmDomainComponent":"oraclecloud99.com","regionKey":"XNT",
        "regionIdentifier":"xx-newtown-1"}"#;
    world.web.on(&format!("GET {METADATA}/instance/regionInfo"), &[ok(info)]);
    let there = "POST https://auth.xx-newtown-1.oraclecloud99.com/v1/x509";
    world.web.on(there, &[answer("one", BEGIN + 1200)]);
    let snapshot = instance::from_environment(&world.effects()).unwrap().snapshot().await.unwrap();
    assert_eq!(snapshot.region.as_deref(), Some("xx-newtown-1"));
}

#[tokio::test(start_paused = true)]
async fn the_probe_knows_within_a_second() {
    assert!(instance::is_there(&world().effects()).await);
    for reply in [Reply::Silence, status(404), status(503), ok("")] {
        let world = World::new(&[]);
        world.web.on(&format!("GET {METADATA}/instance/region"), &[reply]);
        let begun = tokio::time::Instant::now();
        assert!(!instance::is_there(&world.effects()).await);
        assert!(begun.elapsed() <= Duration::from_secs(1));
        assert_eq!(world.web.calls().len(), 1);
    }
}

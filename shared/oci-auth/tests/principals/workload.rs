//! OKE workload identity.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use causeway_oci_auth::effects::Route;
use causeway_oci_auth::principals::oke;
use serde_json::json;

use crate::stub::{BEGIN, Reply, SECOND, TENANCY, World, key, ok, rpst, status, token};

const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
const AUTHORITY: &str = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
const CALL: &str = "POST https://10.96.0.1:12250/resourcePrincipalSessionTokens";

fn account(expiry: u64) -> String {
    token(&json!({"sub": "system:serviceaccount:default:pod", "exp": expiry}))
}

/// Base64 of a JSON object, as a JSON text.
fn wrapped(object: &str) -> Reply {
    ok(json!(STANDARD.encode(object)).to_string())
}

fn given(name: &str) -> Reply {
    wrapped(&json!({"token": format!("ST${}", rpst(name, SECOND, BEGIN + 1200))}).to_string())
}

fn world(more: &[(&str, &str)]) -> World {
    let mut pairs = vec![("KUBERNETES_SERVICE_HOST", "10.96.0.1"), ("OCI_RESOURCE_PRINCIPAL_REGION", "phx")];
    pairs.extend(more);
    let world = World::new(&pairs);
    world.drive.put(ACCOUNT, &format!("{}\n", account(BEGIN + 3600)));
    world.drive.put(AUTHORITY, "the authority");
    world.web.on(CALL, &[given("one")]);
    world
}

async fn refusal(world: &World) -> String {
    let provider = match oke::from_environment(&world.effects()) {
        Ok(provider) => provider,
        Err(error) => return error.to_string(),
    };
    provider.snapshot().await.unwrap_err().to_string()
}

#[tokio::test(start_paused = true)]
async fn a_service_account_becomes_credentials() {
    let world = world(&[]);
    let provider = oke::from_environment(&world.effects()).unwrap();
    let snapshot = provider.snapshot().await.unwrap();
    assert_eq!(snapshot.key_id.expose(), format!("ST${}", rpst("one", SECOND, BEGIN + 1200)), "one prefix, not two");
    assert_eq!(snapshot.key.modulus(), key(SECOND).modulus());
    assert_eq!((snapshot.region.as_deref(), snapshot.tenancy.as_deref()), (Some("us-phoenix-1"), Some(TENANCY)));
    let seen = world.web.last();
    assert_eq!(seen.header("authorization"), format!("Bearer {}", account(BEGIN + 3600)));
    assert!(seen.headers["authorization"].is_sensitive());
    assert_eq!(seen.body, format!("{{\"podKey\": \"{}\"}}", key(SECOND).spki_body()));
    assert_eq!(seen.how.route, Route::Pinned("the authority".into()));
    let id: Vec<_> = seen.header("opc-request-id").split('/').map(str::len).collect();
    assert_eq!(id, [32, 32, 32]);
}

#[tokio::test(start_paused = true)]
async fn hosts_and_files_of_ones_own() {
    let own =
        world(&[("OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH", "/own/ca.crt"), ("KUBERNETES_SERVICE_HOST", "fd00::1")]);
    own.drive.put("/own/ca.crt", "another authority");
    own.web.on("POST https://[fd00::1]:12250/resourcePrincipalSessionTokens", &[given("one")]);
    oke::from_environment(&own.effects()).unwrap().snapshot().await.unwrap();
    assert_eq!(own.web.last().how.route, Route::Pinned("another authority".into()));
}

#[tokio::test(start_paused = true)]
async fn the_service_account_is_read_at_each_refresh() {
    let world = world(&[]);
    world.web.on(CALL, &[given("one"), given("two")]);
    let provider = oke::from_environment(&world.effects()).unwrap();
    let used = provider.snapshot().await.unwrap();
    world.drive.put(ACCOUNT, &account(BEGIN + 7200));
    provider.renew(&used).await.unwrap().expect("newer");
    assert_eq!(world.web.last().header("authorization"), format!("Bearer {}", account(BEGIN + 7200)));
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_or_wrong() {
    assert_eq!(refusal(&World::new(&[])).await, "KUBERNETES_SERVICE_HOST is not set");
    let host = "KUBERNETES_SERVICE_HOST: neither a host name nor an address";
    assert_eq!(refusal(&world(&[("KUBERNETES_SERVICE_HOST", "a/b@c")])).await, host);
    let old = world(&[]);
    old.drive.put(ACCOUNT, &account(BEGIN - 5));
    assert_eq!(refusal(&old).await, format!("the token in {ACCOUNT} expired 5 s ago and there is no newer one"));
    let none = world(&[]);
    none.drive.remove(ACCOUNT);
    assert_eq!(refusal(&none).await, format!("cannot read service account token {ACCOUNT}: entity not found"));
    let no_authority = world(&[]);
    no_authority.drive.remove(AUTHORITY);
    let expected = format!("cannot read certificate authority {AUTHORITY}: entity not found");
    assert_eq!(refusal(&no_authority).await, expected);
    assert!(none.web.calls().is_empty() && no_authority.web.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn answers_of_no_use() {
    let check = async |reply: Reply, expected: &str| {
        let world = world(&[]);
        world.web.on(CALL, &[reply]);
        assert_eq!(refusal(&world).await, format!("OKE workload identity {expected}"));
    };
    let unexpected = "answered something unexpected";
    check(status(403), &format!("{unexpected}: 403: is the cluster of the enhanced type?")).await;
    check(status(400), "answered 400 TestCode (opc-request-id test/request/id)").await;
    check(ok("{}"), &format!("{unexpected}: no JSON with a text")).await;
    check(ok("\"!\""), &format!("{unexpected}: no base64")).await;
    check(wrapped("[]"), &format!("{unexpected}: no JSON with the member token")).await;
}

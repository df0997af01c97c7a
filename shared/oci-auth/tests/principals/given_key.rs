//! Versions 2.1, 2.1.1 and 2.1.2: the platform gives a key, the token is fetched and exchanged.

use crate::stub::*;
use crate::{provider, refusal, resource_world, snapshot};

const OWNER: &str = "GET https://owner.example.test";

fn world(version: &str, more: &[(&str, &str)]) -> World {
    let mut pairs = vec![
        ("VERSION", version),
        ("RPT_ENDPOINT", "https://owner.example.test/"),
        ("RESOURCE_ID", "ocid1.res.oc1..r1"),
        ("PRIVATE_PEM", FIRST),
        ("REGION", "phx"),
    ];
    pairs.extend(more);
    let world = resource_world(&pairs);
    world.web.on(SESSION, &[session("one", FIRST)]);
    world
}

#[tokio::test(start_paused = true)]
async fn paths_and_key_ids_of_each_version() {
    let tenancy = ("TENANCY_ID", TENANCY);
    let check = async |version: &str, more: &[(&str, &str)], path: &str, names: &str| {
        let world = world(version, more);
        let call = format!("{OWNER}{path}");
        world.web.on(&call, &[tokens()]);
        let snapshot = snapshot(&world).await.unwrap();
        assert_eq!(world.web.calls(), [call, SESSION.to_owned()]);
        for seen in world.web.seen() {
            assert_eq!(seen.signed_by(&key(FIRST)).0, format!("resource/v{version}/{names}"));
            assert_eq!(seen.header("opc-request-id").len(), 32);
        }
        assert_eq!(snapshot.key_id.expose(), format!("ST${}", rpst("one", FIRST, BEGIN + 1200)));
        assert_eq!(snapshot.key.modulus(), key(FIRST).modulus(), "the given key is the session key");
        assert_eq!(snapshot.region.as_deref(), Some("us-phoenix-1"));
        assert_eq!(snapshot.tenancy.as_deref(), Some(TENANCY));
        world
    };
    let (id, both) = ("ocid1.res.oc1..r1", &format!("{TENANCY}/ocid1.res.oc1..r1"));
    let usual = "/20180711/resourcePrincipalTokenV2/ocid1.res.oc1..r1";
    check("2.1", &[("RPT_PATH", "/ignored"), ("SECURITY_CONTEXT", "ignored")], usual, id).await;
    check("2.1.1", &[tenancy], usual, both).await;
    check("2.1.2", &[tenancy], "/20180711/resourcePrincipalTokenV212/ocid1.res.oc1..r1", both).await;
    for (own, path) in [("/own/{}", "/own/ocid1.res.oc1..r1"), ("own/", "/own/ocid1.res.oc1..r1")] {
        let context = [tenancy, ("RPT_PATH", own), ("SECURITY_CONTEXT", "context")];
        let world = check("2.1.2", &context, path, both).await;
        let contexts: Vec<_> = world.web.seen().iter().map(|seen| seen.header("security-context").to_owned()).collect();
        assert_eq!(contexts, ["context", ""]);
        assert!(world.web.seen()[0].headers["security-context"].is_sensitive());
    }
}

#[tokio::test(start_paused = true)]
async fn the_exchange() {
    let world = world("2.1", &[]);
    world.web.on(&format!("{OWNER}/20180711/resourcePrincipalTokenV2/ocid1.res.oc1..r1"), &[tokens()]);
    snapshot(&world).await.unwrap();
    let seen = world.web.last();
    let body = key(FIRST).spki_body();
    let layout = r#"{"resourcePrincipalToken": "rpt", "servicePrincipalSessionToken": "spst", "sessionPublicKey": "#;
    assert_eq!(seen.body, format!("{layout}\"{body}\"}}"));
    let (_, headers) = seen.signed_by(&key(FIRST));
    assert_eq!(headers, "date (request-target) host content-length content-type x-content-sha256");
    assert_eq!(world.web.seen()[0].signed_by(&key(FIRST)).1, "date (request-target) host");
}

#[tokio::test(start_paused = true)]
async fn where_the_auth_service_is() {
    let own = "POST https://own.example.test/v1/resourcePrincipalSessionToken";
    let world = world("2.1", &[("RPST_ENDPOINT", "https://own.example.test")]);
    world.web.on(&format!("{OWNER}/20180711/resourcePrincipalTokenV2/ocid1.res.oc1..r1"), &[tokens()]);
    world.web.on(own, &[session("one", FIRST)]);
    snapshot(&world).await.unwrap();
    assert_eq!(world.web.count(own), 1);
    let nowhere = resource_world(&[
        ("VERSION", "2.1"),
        ("RPT_ENDPOINT", "https://owner.example.test"),
        ("RESOURCE_ID", "r1"),
        ("PRIVATE_PEM", FIRST),
    ]);
    assert_eq!(refusal(&nowhere).await, "OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT is not set");
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_or_wrong() {
    let check = async |version: &str, more: &[(&str, &str)], expected: &str| {
        let world = world(version, more);
        assert_eq!(refusal(&world).await, expected);
        assert!(world.web.calls().is_empty());
    };
    check("2.1.1", &[], "OCI_RESOURCE_PRINCIPAL_TENANCY_ID is not set").await;
    check("2.1", &[("RESOURCE_ID", "")], "OCI_RESOURCE_PRINCIPAL_RESOURCE_ID is not set").await;
    check("2.1", &[("RPT_ENDPOINT", "")], "OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT is not set").await;
    check("2.1", &[("PRIVATE_PEM", "x")], "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM: no private key in PEM form").await;
    for endpoint in ["http://owner.example.test", "https://user:pw@owner.example.test", "https://a.test/path", "owner"]
    {
        let refused = refusal(&world("2.1", &[("RPT_ENDPOINT", endpoint)])).await;
        assert!(refused.starts_with("endpoint ") && !refused.contains("pw"), "{endpoint}: {refused}");
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_of_the_two_services() {
    let check = async |owner: Reply, auth: Reply, expected: &str| {
        let world = world("2.1", &[]);
        world.web.on(&format!("{OWNER}/20180711/resourcePrincipalTokenV2/ocid1.res.oc1..r1"), &[owner]);
        world.web.on(SESSION, &[auth]);
        assert_eq!(refusal(&world).await, expected);
    };
    let id = "(opc-request-id test/request/id)";
    let denied = format!("resource principal token answered 404 TestCode {id}");
    check(status(404), session("one", FIRST), &denied).await;
    let denied = format!("resource principal session answered 401 TestCode {id}");
    check(tokens(), status(401), &denied).await;
    let half = "resource principal token answered something unexpected: \
                no JSON with resourcePrincipalToken and servicePrincipalSessionToken";
    check(ok(r#"{"resourcePrincipalToken": "rpt"}"#), status(500), half).await;
    let other = "resource principal session answered something unexpected: the token is for another key (claim jwk)";
    check(tokens(), session("one", SECOND), other).await;
}

#[tokio::test(start_paused = true)]
async fn a_401_fetches_again() {
    let world = world("2.1", &[]);
    world.web.on(&format!("{OWNER}/20180711/resourcePrincipalTokenV2/ocid1.res.oc1..r1"), &[tokens()]);
    world.web.on(SESSION, &[session("one", FIRST), session("two", FIRST)]);
    let provider = provider(&world).unwrap();
    let used = provider.snapshot().await.unwrap();
    let newer = provider.renew(&used).await.unwrap().expect("newer");
    assert_eq!(newer.key_id.expose(), format!("ST${}", rpst("two", FIRST, BEGIN + 1200)));
}

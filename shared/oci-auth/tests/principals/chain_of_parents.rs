//! Version 3.0: the principal of the outermost resource.

use serde_json::json;

use crate::stub::*;
use crate::{refusal, resource_world, snapshot};

const AUTH: &str = "POST https://auth.example.test/v1/resourcePrincipalSessionToken";

fn world(leaf: &[(&str, &str)]) -> World {
    let token = rpst("leaf", FIRST, BEGIN + 1200);
    let mut pairs = vec![
        ("VERSION", "3.0"),
        ("VERSION_FOR_LEAF_RESOURCE", "2.2"),
        ("RPST_FOR_LEAF_RESOURCE", &token),
        ("PRIVATE_PEM_FOR_LEAF_RESOURCE", FIRST),
        ("REGION_FOR_LEAF_RESOURCE", "phx"),
        ("RPT_URL_FOR_PARENT_RESOURCE", "https://p0.example.test/token/p0?full=true"),
        ("RPST_ENDPOINT_FOR_PARENT_RESOURCE", "https://auth.example.test"),
    ];
    pairs.extend(leaf);
    let world = resource_world(&pairs);
    world.web.on(AUTH, &[session("parent 1", SECOND), session("parent 2", SECOND), session("parent n", SECOND)]);
    world
}

/// The owner's answer that names a further parent.
fn child_of(url: &str) -> Reply {
    let Reply::Say(status, body, _) = tokens() else { unreachable!("tokens are an answer") };
    Reply::Say(status, body, vec![("opc-parent-rpt-url", url.to_owned())])
}

fn first() -> String {
    "GET https://p0.example.test/token/p0?full=true".to_owned()
}

#[tokio::test(start_paused = true)]
async fn one_parent() {
    let world = world(&[]);
    world.web.on(&first(), &[tokens()]);
    let snapshot = snapshot(&world).await.unwrap();
    assert_eq!(world.web.calls(), [first(), AUTH.to_owned()]);
    for seen in world.web.seen() {
        assert_eq!(seen.signed_by(&key(FIRST)).0, format!("ST${}", rpst("leaf", FIRST, BEGIN + 1200)));
    }
    assert_eq!(snapshot.key_id.expose(), format!("ST${}", rpst("parent 1", SECOND, BEGIN + 1200)));
    assert_eq!(snapshot.key.modulus(), key(SECOND).modulus());
    assert_eq!(snapshot.region.as_deref(), Some("us-phoenix-1"));
}

#[tokio::test(start_paused = true)]
async fn each_parent_is_asked_by_its_child() {
    let world = world(&[]);
    world.web.on(&first(), &[child_of("https://p1.example.test/token")]);
    world.web.on("GET https://p1.example.test/token", &[tokens()]);
    let snapshot = snapshot(&world).await.unwrap();
    assert_eq!(snapshot.key_id.expose(), format!("ST${}", rpst("parent 2", SECOND, BEGIN + 1200)));
    let seen = world.web.seen();
    assert_eq!(seen.len(), 4);
    for seen in &seen[2..] {
        assert_eq!(seen.signed_by(&key(SECOND)).0, format!("ST${}", rpst("parent 1", SECOND, BEGIN + 1200)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_parent_that_names_itself_is_the_outermost() {
    let world = world(&[]);
    world.web.on(&first(), &[child_of("https://P0.example.test/token/p0?full=true")]);
    assert!(snapshot(&world).await.is_ok());
    assert_eq!(world.web.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_circle_and_a_chain_without_end_are_errors() {
    let circle = world(&[]);
    circle.web.on(&first(), &[child_of("https://p1.example.test/token")]);
    circle.web.on("GET https://p1.example.test/token", &[child_of("https://p0.example.test/token/p0?full=true")]);
    let expected = "resource principal token answered something unexpected: \
                    the chain of parents leads back to p0.example.test";
    assert_eq!(refusal(&circle).await, expected);

    let endless = world(&[]);
    endless.web.on(&first(), &[child_of("https://p1.example.test/token")]);
    for parent in 1..20 {
        let next = format!("https://p{}.example.test/token", parent + 1);
        endless.web.on(&format!("GET https://p{parent}.example.test/token"), &[child_of(&next)]);
    }
    let expected = "resource principal token answered something unexpected: the chain of parents is longer than 10";
    assert_eq!(refusal(&endless).await, expected);
    assert_eq!(endless.web.calls().len(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_parent_in_clear_is_not_asked() {
    let world = world(&[]);
    world.web.on(&first(), &[child_of("http://evil.example.test/token")]);
    let refused = refusal(&world).await;
    assert!(refused.starts_with("endpoint \"http://evil.example.test/token\""), "{refused}");
    assert_eq!(world.web.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_leaf_has_variables_of_its_own() {
    let check = async |more: &[(&str, &str)], expected: &str| assert_eq!(refusal(&world(more)).await, expected);
    let name = "OCI_RESOURCE_PRINCIPAL_VERSION_FOR_LEAF_RESOURCE";
    for version in ["3.0", "9"] {
        let reason = format!("{name}: unsupported version {version:?}; known are 1.1, 2.1, 2.1.1, 2.1.2 and 2.2");
        check(&[("VERSION_FOR_LEAF_RESOURCE", version)], &reason).await;
    }
    let missing = "OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT_FOR_LEAF_RESOURCE is not set";
    let keyed = [("VERSION_FOR_LEAF_RESOURCE", "2.1"), ("RESOURCE_ID_FOR_LEAF_RESOURCE", "r1")];
    check(&keyed, missing).await;
    let refused = refusal(&world(&[("RPT_URL_FOR_PARENT_RESOURCE", "ftp://x")])).await;
    assert!(refused.starts_with("endpoint \"ftp://x\""), "{refused}");
    let none = "OCI_RESOURCE_PRINCIPAL_RPT_URL_FOR_PARENT_RESOURCE is not set";
    check(&[("RPT_URL_FOR_PARENT_RESOURCE", "")], none).await;
}

#[tokio::test(start_paused = true)]
async fn a_leaf_that_fetches_its_token() {
    let world = world(&[
        ("VERSION_FOR_LEAF_RESOURCE", "2.1"),
        ("RESOURCE_ID_FOR_LEAF_RESOURCE", "r1"),
        ("RPT_ENDPOINT_FOR_LEAF_RESOURCE", "https://owner.example.test"),
        ("RPST_ENDPOINT_FOR_LEAF_RESOURCE", "https://leaf-auth.example.test"),
    ]);
    world.web.on("GET https://owner.example.test/20180711/resourcePrincipalTokenV2/r1", &[tokens()]);
    let leaf_auth = "POST https://leaf-auth.example.test/v1/resourcePrincipalSessionToken";
    world.web.on(leaf_auth, &[session("leaf", FIRST)]);
    world.web.on(&first(), &[tokens()]);
    snapshot(&world).await.unwrap();
    assert_eq!(world.web.seen()[0].signed_by(&key(FIRST)).0, "resource/v2.1/r1", "the leaf's version, not 3.0");
    assert_eq!(
        world.web.last().json(),
        json!({
            "resourcePrincipalToken": "rpt",
            "servicePrincipalSessionToken": "spst",
            "sessionPublicKey": key(SECOND).spki_body(),
        })
    );
}

#[tokio::test(start_paused = true)]
async fn without_an_auth_service_the_leafs_region_has_one() {
    let world = world(&[("RPST_ENDPOINT_FOR_PARENT_RESOURCE", "")]);
    world.web.on(&first(), &[tokens()]);
    let there = "POST https://auth.us-phoenix-1.oraclecloud.com/v1/resourcePrincipalSessionToken";
    world.web.on(there, &[session("parent", SECOND)]);
    snapshot(&world).await.unwrap();
    assert_eq!(world.web.count(there), 1);
}

//! Version 1.1: the instance principal fetches the resource's token.

use std::sync::atomic::Ordering;

use crate::stub::*;
use crate::{provider, refusal, resource_world, snapshot};

const OWNER: &str = "GET https://owner.example.test";
const USUAL: &str = "/20180711/resourcePrincipalToken/ocid1.instance.oc1.phx.throwaway";

fn world(more: &[(&str, &str)]) -> World {
    let mut pairs = vec![("VERSION", "1.1"), ("RPT_ENDPOINT", "https://owner.example.test")];
    pairs.extend(more);
    let world = resource_world(&pairs);
    add_instance(&world);
    // The instance's session key comes first.
    world.keys.will_be(&[SECOND, FIRST]);
    world.web.on(&format!("{OWNER}{USUAL}"), &[tokens()]);
    world.web.on(SESSION, &[session("one", FIRST)]);
    world
}

#[tokio::test(start_paused = true)]
async fn the_instance_signs_and_the_resource_has_a_key_of_its_own() {
    let world = world(&[]);
    let snapshot = snapshot(&world).await.unwrap();
    assert_eq!(snapshot.key_id.expose(), format!("ST${}", rpst("one", FIRST, BEGIN + 1200)));
    assert_eq!(snapshot.key.modulus(), key(FIRST).modulus());
    assert_eq!(snapshot.region.as_deref(), Some("us-phoenix-1"));
    assert_eq!(snapshot.tenancy.as_deref(), Some(TENANCY));
    let seen = world.web.seen();
    for seen in &seen[seen.len() - 2..] {
        assert_eq!(seen.signed_by(&key(SECOND)).0, format!("ST${}", given("one", BEGIN + 1200)));
    }
    assert_eq!(world.web.last().json()["sessionPublicKey"], key(FIRST).spki_body());
    assert_eq!(provider(&world).unwrap().name(), "resource_principal_1.1");
}

#[tokio::test(start_paused = true)]
async fn path_id_and_auth_service_of_ones_own() {
    let own = [("RPT_PATH", "/own/{id}/token"), ("RPT_ID", "r7"), ("RPST_ENDPOINT", "https://own.example.test")];
    let world = world(&own);
    world.web.on(&format!("{OWNER}/own/r7/token"), &[tokens()]);
    world.web.on("POST https://own.example.test/v1/resourcePrincipalSessionToken", &[session("one", FIRST)]);
    snapshot(&world).await.unwrap();
    assert_eq!(world.web.count(&format!("GET {METADATA}/instance/id")), 0);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_is_no_part_of_a_url_is_refused() {
    let refused = refusal(&world(&[("RPT_ID", "a b")])).await;
    assert!(refused.starts_with("endpoint "), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_refused_instance_renews_itself_once() {
    let world = world(&[]);
    world.keys.will_be(&[SECOND, FIRST, SECOND]);
    world.web.on(&format!("{OWNER}{USUAL}"), &[status(401), tokens()]);
    snapshot(&world).await.unwrap();
    assert_eq!(world.web.count(FEDERATION), 2);
    let seen = world.web.seen();
    let signers: Vec<_> = seen.iter().filter(|seen| seen.uri.contains("owner")).collect();
    assert_eq!(signers[1].signed_by(&key(SECOND)).0, format!("ST${}", given("two", BEGIN + 2400)));

    let for_ever = self::world(&[]);
    for_ever.web.on(&format!("{OWNER}{USUAL}"), &[status(401)]);
    let expected = "resource principal token answered 401 TestCode (opc-request-id test/request/id)";
    assert_eq!(refusal(&for_ever).await, expected);
    assert_eq!((for_ever.web.count(FEDERATION), for_ever.web.count(&format!("{OWNER}{USUAL}"))), (2, 2));
    assert_eq!(for_ever.keys.made.load(Ordering::SeqCst), 3);
}

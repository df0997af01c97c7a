//! Delegation tokens.

use std::sync::Arc;
use std::time::Duration;

use causeway_oci_auth::principals::config_file::{Selection, provider};
use causeway_oci_auth::principals::delegation::{self, Delegation, TokenPlace};
use causeway_oci_auth::principals::fixed::Fixed;
use causeway_oci_auth::principals::resource;
use causeway_oci_auth::{Provider, Secret};
use serde_json::json;

use crate::stub::{BEGIN, FIRST, TENANCY, World, add_instance, given, key, rpst, token};
use crate::{USER, refusal, with_config, world};

const OBO: &str = "/home/me/obo";
const SHELL: &str = "[DEFAULT]\nauthentication_type=instance_principal\ndelegation_token_file=~/obo\nregion=FRA\n";

fn fixed() -> Arc<dyn Provider> {
    Arc::new(Fixed::api_key(TENANCY, USER, key(FIRST), Some("us-phoenix-1")).unwrap())
}

fn in_file(world: &World, principal: Arc<dyn Provider>) -> Delegation {
    Delegation::new(world.effects(), principal, TokenPlace::File(OBO.into()))
}

#[tokio::test(start_paused = true)]
async fn a_cloud_shell_profile() {
    let world = with_config(SHELL, &[]);
    world.drive.put(OBO, " delegated-token\n");
    add_instance(&world);
    let provider = provider(&world.effects(), &Selection::default()).unwrap();
    assert_eq!(provider.name(), "delegation");
    let snapshot = provider.snapshot().await.unwrap();
    assert_eq!(snapshot.delegation.as_ref().map(Secret::expose), Some("delegated-token"));
    assert_eq!(snapshot.key_id.expose(), format!("ST${}", given("one", BEGIN + 1200)));
    assert_eq!(snapshot.region.as_deref(), Some("eu-frankfurt-1"), "the profile's");
    assert_eq!(snapshot.tenancy.as_deref(), Some(TENANCY));

    let without = with_config("[DEFAULT]\nauthentication_type=instance_principal\n", &[]);
    let error = refusal(crate::of_profile(&without, &Selection::default()).await);
    assert!(error.ends_with("[DEFAULT] lacks delegation_token_file"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_file_of_the_command_lines_variable() {
    let world = world(&[("OCI_CLI_DELEGATION_TOKEN_FILE", OBO)]);
    world.drive.put(OBO, "delegated-token");
    add_instance(&world);
    let snapshot = delegation::from_variables(&world.effects()).unwrap().snapshot().await.unwrap();
    assert_eq!(snapshot.region.as_deref(), Some("us-phoenix-1"), "the machine's");
    assert!(snapshot.delegation.is_some());
    assert!(delegation::from_variables(&World::new(&[]).effects()).is_err());
}

#[tokio::test(start_paused = true)]
async fn the_file_is_read_each_time() {
    let world = world(&[]);
    world.drive.put(OBO, "one");
    let delegation = in_file(&world, fixed());
    let one = delegation.snapshot().await.unwrap();
    assert!(Arc::ptr_eq(&one, &delegation.snapshot().await.unwrap()), "nothing changed");
    assert!(delegation.renew(&one).await.unwrap().is_none());
    world.drive.put(OBO, "two");
    let two = delegation.renew(&one).await.unwrap().expect("the new token");
    assert_eq!(two.delegation.as_ref().map(Secret::expose), Some("two"));
    assert!(Arc::ptr_eq(&two, &delegation.snapshot().await.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn a_refused_principal_is_renewed_and_keeps_the_token() {
    let given = [
        ("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2"),
        ("OCI_RESOURCE_PRINCIPAL_RPST", "/creds/rpst"),
        ("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", "/creds/pem"),
    ];
    let world = world(&given);
    world.drive.put("/creds/rpst", &rpst("old", FIRST, BEGIN + 1200));
    world.drive.put("/creds/pem", FIRST);
    let principal = resource::from_environment(&world.effects()).unwrap();
    let here = TokenPlace::Here(Secret::from("delegated-token"));
    let delegation = Delegation::new(world.effects(), principal, here);
    let old = delegation.snapshot().await.unwrap();
    world.drive.put("/creds/rpst", &rpst("new", FIRST, BEGIN + 1200));
    let new = delegation.renew(&old).await.unwrap().expect("a renewed principal");
    assert_eq!(new.key_id.expose(), format!("ST${}", rpst("new", FIRST, BEGIN + 1200)));
    assert_eq!(new.delegation, old.delegation);
}

#[tokio::test(start_paused = true)]
async fn tokens_that_cannot_be_sent() {
    let world = world(&[]);
    let delegation = in_file(&world, fixed());
    let long = "x".repeat(70_000);
    for wrong in ["", " \n", "two words", "line\nbreak", "ümlaut", long.as_str()] {
        world.drive.put(OBO, wrong);
        let error = refusal(delegation.snapshot().await);
        assert_eq!(error, format!("{OBO}: malformed token: empty, or not of printable characters alone"));
    }
    world.drive.put(OBO, &token(&json!({"exp": BEGIN + 10})));
    assert!(delegation.snapshot().await.is_ok());
    tokio::time::sleep(Duration::from_secs(20)).await;
    let over = refusal(delegation.snapshot().await);
    assert!(over.contains("expired"), "{over}");
    world.drive.remove(OBO);
    assert!(refusal(delegation.snapshot().await).contains("delegation token file"));
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_just_being_written_is_read_again() {
    let world = world(&[]);
    let jwt = token(&json!({"exp": BEGIN + 600}));
    world.drive.put(OBO, &jwt);
    world.drive.then(OBO, &["", &jwt[..8], &jwt[..jwt.len() / 2]]);
    let snapshot = in_file(&world, fixed()).snapshot().await.unwrap();
    assert_eq!(snapshot.delegation.as_ref().map(Secret::expose), Some(jwt.as_str()));
}

#[tokio::test(start_paused = true)]
async fn the_last_token_stays_while_the_file_cannot_be_used() {
    for (content, life) in [(token(&json!({"exp": BEGIN + 600})), 600), ("opaque".to_owned(), 60)] {
        let world = world(&[]);
        world.drive.put(OBO, &content);
        let delegation = in_file(&world, fixed());
        let first = delegation.snapshot().await.unwrap();
        for broken in ["", "eyJhbGci"] {
            world.drive.put(OBO, broken);
            assert!(Arc::ptr_eq(&first, &delegation.snapshot().await.unwrap()), "{broken:?}");
            assert!(delegation.renew(&first).await.unwrap().is_none());
        }
        tokio::time::sleep(Duration::from_secs(life - 1)).await;
        assert!(Arc::ptr_eq(&first, &delegation.snapshot().await.unwrap()));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(refusal(delegation.snapshot().await).contains("malformed token"));
        world.drive.put(OBO, "new");
        assert_eq!(delegation.snapshot().await.unwrap().delegation.as_ref().map(Secret::expose), Some("new"));
    }
}

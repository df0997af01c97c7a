//! Version 2.2: the platform gives token and key.

use serde_json::json;

use crate::stub::{BEGIN, COMPARTMENT, FIRST, SECOND, TENANCY, World, jwk, key, rpst, token};
use crate::{provider, refusal, resource_world, snapshot};

const RPST: &str = "/creds/rpst";
const PEM: &str = "/creds/private.pem";

fn good() -> String {
    rpst("one", FIRST, BEGIN + 1200)
}

fn literal(token: &str, pem: &str) -> World {
    resource_world(&[("VERSION", "2.2"), ("RPST", token), ("PRIVATE_PEM", pem), ("REGION", "PHX ")])
}

fn files(token: &str, pem: &str) -> World {
    let world = resource_world(&[("VERSION", "2.2"), ("RPST", RPST), ("PRIVATE_PEM", PEM)]);
    world.drive.put(RPST, token);
    world.drive.put(PEM, pem);
    world
}

#[tokio::test(start_paused = true)]
async fn literals_give_credentials_without_network() {
    let world = literal(&good(), FIRST);
    let snapshot = snapshot(&world).await.unwrap();
    assert_eq!(snapshot.key_id.expose(), format!("ST${}", good()));
    assert_eq!(snapshot.key.modulus(), key(FIRST).modulus());
    assert_eq!(snapshot.tenancy.as_deref(), Some(TENANCY));
    assert_eq!(snapshot.compartment.as_deref(), Some(COMPARTMENT));
    assert_eq!(snapshot.region.as_deref(), Some("us-phoenix-1"));
    assert_eq!(provider(&world).unwrap().name(), "resource_principal_2.2");
    assert!(world.web.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn every_way_to_give_them() {
    let padded = format!("\n {} \r\n", good());
    let ways = [
        files(&good(), FIRST),
        files(&padded, FIRST),
        files(&format!("ST${}", good()), FIRST),
        literal(&padded, FIRST),
    ];
    for world in ways {
        assert_eq!(snapshot(&world).await.unwrap().key_id.expose(), format!("ST${}", good()));
    }
    let mixed = resource_world(&[("VERSION", "2.2"), ("RPST", RPST), ("PRIVATE_PEM", FIRST), ("REGION", "")]);
    mixed.drive.put(RPST, &good());
    assert_eq!(snapshot(&mixed).await.unwrap().region, None);
}

#[tokio::test(start_paused = true)]
async fn refusals_name_the_variable_or_the_file() {
    let check = async |world: World, expected: &str| assert_eq!(refusal(&world).await, expected);
    let prefix = "OCI_RESOURCE_PRINCIPAL_";
    check(World::new(&[]), "OCI_RESOURCE_PRINCIPAL_VERSION is not set").await;
    for version in ["", "2.2 ", "9.9"] {
        let unsupported = format!(
            "unsupported OCI_RESOURCE_PRINCIPAL_VERSION {version:?}; known are 1.1, 2.1, 2.1.1, 2.1.2, 2.2 and 3.0"
        );
        check(resource_world(&[("VERSION", version)]), &unsupported).await;
    }
    check(resource_world(&[("VERSION", "2.2")]), &format!("{prefix}RPST is not set")).await;
    let no_key = resource_world(&[("VERSION", "2.2"), ("RPST", "x")]);
    check(no_key, &format!("{prefix}PRIVATE_PEM is not set")).await;
    let no_exp = token(&json!({"jwk": jwk(FIRST)}));
    check(literal(&no_exp, FIRST), &format!("{prefix}RPST: claim exp missing")).await;
    let mismatch = format!(
        "the private key in {prefix}PRIVATE_PEM is not the one that the token in {prefix}RPST names (claim jwk)"
    );
    check(literal(&good(), SECOND), &mismatch).await;
    check(literal(&good(), ""), &format!("{prefix}PRIVATE_PEM: no private key in PEM form")).await;
    let absent = files(&good(), FIRST);
    absent.drive.remove(RPST);
    check(absent, "cannot read token file /creds/rpst: entity not found").await;
    let in_files = format!("the private key in {PEM} is not the one that the token in {RPST} names (claim jwk)");
    check(files(&good(), SECOND), &in_files).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_relative_is_a_literal() {
    for path in ["creds/rpst", "~/rpst", "./rpst"] {
        let world = literal(path, FIRST);
        world.drive.put(path, &good());
        assert!(refusal(&world).await.starts_with("OCI_RESOURCE_PRINCIPAL_RPST: malformed token"), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_malformed_token_is_not_shown() {
    for text in ["", "secret", "secret.secret", "secret.secret.secret", "a.secret.b.c"] {
        for world in [literal(text, FIRST), files(text, FIRST)] {
            let shown = refusal(&world).await;
            assert!(shown.contains("malformed token") && !shown.contains("secret"), "{text}: {shown}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_is_refused() {
    let check = async |world: World, origin: &str| {
        let expected = format!("the token in {origin} expired 7 s ago and there is no newer one");
        assert_eq!(refusal(&world).await, expected);
    };
    let old = rpst("old", FIRST, BEGIN - 7);
    check(literal(&old, FIRST), "OCI_RESOURCE_PRINCIPAL_RPST").await;
    check(files(&old, FIRST), RPST).await;
    let this_second = literal(&rpst("now", FIRST, BEGIN), FIRST);
    assert!(refusal(&this_second).await.contains("expired 0 s ago"));
}

#[tokio::test(start_paused = true)]
async fn an_expired_file_is_read_again_before_it_is_refused() {
    let world = files(&good(), FIRST);
    world.drive.then(RPST, &[&rpst("old", FIRST, BEGIN - 7), &rpst("old", FIRST, BEGIN - 7)]);
    assert_eq!(snapshot(&world).await.unwrap().key_id.expose(), format!("ST${}", good()));
}

/// `FIRST` under PBES2 with AES-256, made by OpenSSL.
const ENCRYPTED: &str = include_str!("../data/throw-away-session-encrypted.pem");

#[tokio::test(start_paused = true)]
async fn key_and_passphrase_are_of_one_kind() {
    const PASS: &str = "/creds/pass";
    let world = |key: &str, pass: &str| {
        let pairs = [("VERSION", "2.2"), ("RPST", &good()), ("PRIVATE_PEM", key), ("PRIVATE_PEM_PASSPHRASE", pass)];
        let world = resource_world(&pairs);
        world.drive.put(PEM, ENCRYPTED);
        world.drive.put(PASS, "correct horse\n");
        world
    };
    for (key, pass, fine) in [
        (ENCRYPTED, "correct horse", true),
        (PEM, PASS, true),
        (FIRST, "needless", true),
        (PEM, "correct horse", false),
        (ENCRYPTED, PASS, false),
    ] {
        let world = world(key, pass);
        if fine {
            assert!(snapshot(&world).await.is_ok());
        } else {
            let name = "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE";
            assert_eq!(
                refusal(&world).await,
                format!("{name}: key and passphrase must both be paths or both literals")
            );
        }
    }
    let variable = "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM";
    let wrong = refusal(&world(ENCRYPTED, "wrong")).await;
    assert_eq!(wrong, format!("{variable}: wrong passphrase, or a damaged key"));
    let missing = refusal(&world(ENCRYPTED, "")).await;
    assert_eq!(missing, format!("{variable}: the key is encrypted: a passphrase is required"));
}

#[tokio::test(start_paused = true)]
async fn a_401_brings_the_new_pair_and_a_moved_resource() {
    let world = files(&good(), FIRST);
    let provider = provider(&world).unwrap();
    let used = provider.snapshot().await.unwrap();
    let claims = json!({"exp": BEGIN + 2400, "jwk": jwk(SECOND), "res_tenant": TENANCY, "res_compartment": "moved"});
    world.drive.put(PEM, SECOND);
    world.drive.put(RPST, &token(&claims));
    assert_eq!(provider.snapshot().await.unwrap().key_id, used.key_id, "nothing is due");
    let newer = provider.renew(&used).await.unwrap().expect("newer");
    assert_eq!(newer.key.modulus(), key(SECOND).modulus());
    assert_eq!(newer.compartment.as_deref(), Some("moved"));
    assert_eq!(provider.snapshot().await.unwrap().key_id, newer.key_id);
}

#[tokio::test(start_paused = true)]
async fn a_torn_pair_is_waited_out() {
    let new = rpst("two", SECOND, BEGIN + 2400);
    let world = files(&new, SECOND);
    // Key first, then a token in three pieces.
    world.drive.then(RPST, &[&good(), "", &new[..40], &new[..new.len() / 2]]);
    world.drive.then(PEM, &[SECOND, SECOND]);
    let snapshot = snapshot(&world).await.unwrap();
    assert_eq!(snapshot.key_id.expose(), format!("ST${new}"));
    assert_eq!(snapshot.key.modulus(), key(SECOND).modulus());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_changes_while_it_is_read_is_read_again() {
    // Without `jwk` the change itself is the only sign.
    let plain = |name: &str| token(&json!({"sub": name, "exp": BEGIN + 1200}));
    let world = files(&plain("new"), SECOND);
    world.drive.then(RPST, &[&plain("old")]);
    world.drive.then(PEM, &[FIRST]);
    let snapshot = snapshot(&world).await.unwrap();
    assert_eq!(snapshot.key_id.expose(), format!("ST${}", plain("new")));
    assert_eq!(snapshot.key.modulus(), key(SECOND).modulus());
}

#[tokio::test(start_paused = true)]
async fn the_old_pair_serves_while_the_files_are_torn() {
    let world = files(&good(), FIRST);
    let provider = provider(&world).unwrap();
    let old = provider.snapshot().await.unwrap();
    world.drive.put(PEM, "half a k");
    world.clock.shift(1000);
    assert_eq!(provider.snapshot().await.unwrap().key_id, old.key_id, "200 s are left");
    world.clock.shift(200);
    let refused = provider.snapshot().await.unwrap_err().to_string();
    assert_eq!(refused, "/creds/private.pem: no private key in PEM form");
    world.drive.put(PEM, SECOND);
    world.drive.put(RPST, &rpst("two", SECOND, BEGIN + 2400));
    world.clock.shift(1);
    assert_eq!(provider.snapshot().await.unwrap().key.modulus(), key(SECOND).modulus());
}

#[tokio::test(start_paused = true)]
async fn a_file_that_does_not_change_is_read_once_a_second() {
    let world = files(&rpst("one", FIRST, BEGIN + 200), FIRST);
    let provider = provider(&world).unwrap();
    for _ in 0..1000 {
        provider.snapshot().await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let loads = world.drive.reads.load(std::sync::atomic::Ordering::SeqCst) / 3;
    assert!((10..=12).contains(&loads), "{loads} loads in 10 s");
}

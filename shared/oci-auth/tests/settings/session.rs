//! Session tokens in files.

use std::time::{Duration, UNIX_EPOCH};

use causeway_oci_auth::principals::config_file::{Selection, provider};
use causeway_oci_auth::principals::session;
use serde_json::json;

use crate::stub::{BEGIN, FIRST, SECOND, TENANCY, World, jwk, token};
use crate::{CONFIG, KEY, named, of, of_profile, profile, refusal, with_config};

const TOKEN: &str = "/home/me/.oci/sessions/token";

fn upst(pem: &str, expiry: u64) -> String {
    token(&json!({"sub": "me", "tenant": "ocid1.tenancy.oc1..claimed", "exp": expiry, "jwk": jwk(pem)}))
}

fn lines() -> String {
    let mut lines = profile().lines().filter(|line| !line.starts_with("user=")).collect::<Vec<_>>().join("\n");
    lines.push_str("\nsecurity_token_file=~/.oci/sessions/token\n");
    lines
}

fn session(expiry: u64) -> World {
    let world = with_config(&format!("[DEFAULT]\n{}", lines()), &[]);
    world.drive.put(TOKEN, &upst(FIRST, expiry));
    world
}

#[tokio::test(start_paused = true)]
async fn token_and_key_of_a_profile() {
    let world = session(BEGIN + 3600);
    world.drive.put(TOKEN, &format!(" {}\n", upst(FIRST, BEGIN + 3600)));
    let snapshot = of_profile(&world, &Selection::default()).await.unwrap();
    assert_eq!(snapshot.key_id.expose(), format!("ST${}", upst(FIRST, BEGIN + 3600)));
    assert_eq!(snapshot.not_after, Some(UNIX_EPOCH + Duration::from_secs(BEGIN + 3600)));
    assert_eq!((snapshot.tenancy.as_deref(), snapshot.region.as_deref()), (Some(TENANCY), Some("us-ashburn-1")));
    assert_eq!(provider(&world.effects(), &Selection::default()).unwrap().name(), "security_token");
}

#[tokio::test(start_paused = true)]
async fn a_user_makes_it_an_api_key_unless_only_the_token_is_the_profiles_own() {
    let name = |config: &str, profile: &str| {
        let world = with_config(config, &[]);
        provider(&world.effects(), &named(profile)).unwrap().name()
    };
    let both = format!("[DEFAULT]\n{}security_token_file={TOKEN}\n", profile());
    assert_eq!(name(&both, "DEFAULT"), "api_key");
    assert_eq!(name(&format!("{both}[X]\nregion=phx\n"), "X"), "api_key");
    let own_token = format!("[DEFAULT]\n{}[X]\nsecurity_token_file={TOKEN}\n", profile());
    assert_eq!(name(&own_token, "X"), "security_token");
    assert_eq!(name(&own_token, "DEFAULT"), "api_key");
    let own_user = format!("[DEFAULT]\n{}[X]\nuser=ocid1.user.oc1..x\n", lines());
    assert_eq!(name(&own_user, "X"), "api_key");
    // The same text as in [DEFAULT], and yet its own.
    let same_token = format!("{both}[X]\nsecurity_token_file={TOKEN}\n");
    assert_eq!(name(&same_token, "X"), "security_token");
}

#[tokio::test(start_paused = true)]
async fn from_variables_alone() {
    let world = World::new(&[("OCI_CLI_SECURITY_TOKEN_FILE", TOKEN), ("OCI_CLI_KEY_CONTENT", FIRST)]);
    world.drive.put(TOKEN, &upst(FIRST, BEGIN + 3600));
    let snapshot = of(session::from_variables(&world.effects())).await.unwrap();
    assert_eq!(snapshot.tenancy.as_deref(), Some("ocid1.tenancy.oc1..claimed"));
    let missing = refusal(of(session::from_variables(&World::new(&[]).effects())).await);
    assert_eq!(missing, "OCI_CLI_SECURITY_TOKEN_FILE, OCI_CLI_KEY_FILE is not set");
}

#[tokio::test(start_paused = true)]
async fn faults() {
    let check = async |token: &str, pem: &str, expected: &str| {
        let world = session(0);
        world.drive.put(TOKEN, token);
        world.drive.put(KEY, pem);
        let error = refusal(of_profile(&world, &Selection::default()).await);
        assert!(error.contains(expected) && !error.contains(token), "{error}");
    };
    check("not.a-token", FIRST, "/sessions/token: malformed token").await;
    check(&upst(FIRST, BEGIN - 60), FIRST, "expired 60 s ago").await;
    check(&token(&json!({"sub": "me"})), FIRST, "claim exp missing").await;
    check(&upst(FIRST, BEGIN + 3600), SECOND, "is not the one that the token").await;
    check(&upst(FIRST, BEGIN + 3600), "no key", "key.pem: no private key").await;
    let world = session(BEGIN + 3600);
    world.drive.remove(TOKEN);
    assert!(refusal(of_profile(&world, &Selection::default()).await).contains("cannot read token file"));
}

#[tokio::test(start_paused = true)]
async fn a_pair_that_is_just_being_replaced_is_read_again() {
    let world = session(BEGIN + 3600);
    let new = upst(SECOND, BEGIN + 7200);
    // The key is new already; the token is old, then half written, then new.
    world.drive.put(KEY, SECOND);
    world.drive.put(TOKEN, &new);
    let (old, half) = (upst(FIRST, BEGIN + 3600), &new[..new.len() / 3]);
    world.drive.then(TOKEN, &[&old, half, &old]);
    let snapshot = of_profile(&world, &Selection::default()).await.unwrap();
    assert_eq!(snapshot.key_id.expose(), format!("ST${new}"));
    assert_eq!(snapshot.key.fingerprint(), crate::stub::key(SECOND).fingerprint());
}

#[tokio::test(start_paused = true)]
async fn both_files_are_read_again_before_the_token_runs_out() {
    let world = session(BEGIN + 3600);
    let provider = provider(&world.effects(), &Selection::default()).unwrap();
    let old = provider.snapshot().await.unwrap();
    world.drive.put(TOKEN, &upst(SECOND, BEGIN + 7200));
    world.drive.put(KEY, SECOND);
    assert_eq!(provider.snapshot().await.unwrap().key_id, old.key_id);
    tokio::time::sleep(Duration::from_secs(3400)).await;
    let new = provider.snapshot().await.unwrap();
    assert_eq!(new.key_id.expose(), format!("ST${}", upst(SECOND, BEGIN + 7200)));
    // What a service refused is replaced at once when there is something newer.
    world.drive.put(TOKEN, &upst(FIRST, BEGIN + 9000));
    world.drive.put(KEY, FIRST);
    let renewed = provider.renew(&new).await.unwrap().expect("the newer token");
    assert_eq!(renewed.key_id.expose(), format!("ST${}", upst(FIRST, BEGIN + 9000)));
    // A file that is gone does no harm while the token is valid.
    world.drive.remove(CONFIG);
    assert_eq!(provider.snapshot().await.unwrap().key_id, renewed.key_id);
}

#[tokio::test(start_paused = true)]
async fn any_fault_is_waited_out() {
    let world = session(BEGIN + 3600);
    // A half-written configuration, then a token that is over.
    world.drive.then(TOKEN, &[&upst(FIRST, BEGIN - 1), &upst(FIRST, BEGIN - 1)]);
    let provider = provider(&world.effects(), &Selection::default()).unwrap();
    world.drive.then(CONFIG, &["[DEF"]);
    assert_eq!(provider.snapshot().await.unwrap().key_id.expose(), format!("ST${}", upst(FIRST, BEGIN + 3600)));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_names_no_key_is_not_paired_with_the_next_key() {
    let plain = |name: &str, life: u64| token(&json!({"sub": name, "exp": BEGIN + life}));
    let world = session(0);
    world.drive.put(TOKEN, &plain("one", 1000));
    let provider = provider(&world.effects(), &Selection::default()).unwrap();
    let old = provider.snapshot().await.unwrap();
    world.drive.put(KEY, SECOND);
    assert!(provider.renew(&old).await.unwrap().is_none(), "only the key is new");
    world.drive.put(TOKEN, &plain("two", 2000));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let new = provider.renew(&old).await.unwrap().expect("both are new");
    assert_eq!(new.key.fingerprint(), crate::stub::key(SECOND).fingerprint());
    world.drive.put(TOKEN, &plain("three", 3000));
    tokio::time::sleep(Duration::from_secs(1_800)).await;
    assert_eq!(provider.snapshot().await.unwrap().key_id, new.key_id, "200 s are left");
    tokio::time::sleep(Duration::from_secs(200)).await;
    let last = provider.snapshot().await.unwrap();
    assert_eq!(last.key_id.expose(), format!("ST${}", plain("three", 3000)), "better than nothing");
}

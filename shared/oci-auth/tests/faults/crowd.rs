//! Many callers and a source that is slow or fails: one request at a time, one failure for all, everybody woken.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use causeway_oci_auth::Provider;
use causeway_oci_auth::principals::{oke, resource};
use serde_json::json;

use crate::stub::*;
use crate::{crowd, machine, seconds};

const CROWD: usize = 64;

fn at_once(world: &World) -> usize {
    world.web.most_at_once.load(Ordering::SeqCst)
}

#[tokio::test(start_paused = true)]
async fn a_slow_success_is_shared() {
    let (world, provider) = machine();
    world.web.on(FEDERATION, &[after(8, answer("one", BEGIN + 1200))]);
    for one in crowd(&provider, CROWD) {
        assert_eq!(one.await.unwrap().unwrap(), format!("ST${}", given("one", BEGIN + 1200)));
    }
    assert_eq!((world.web.count(FEDERATION), at_once(&world)), (1, 1));
    assert_eq!(world.keys.made.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_failure_is_shared() {
    let (world, provider) = machine();
    world.web.on(FEDERATION, &[after(4, status(403))]);
    let begun = tokio::time::Instant::now();
    let expected = "federation answered 403 TestCode (opc-request-id test/request/id)";
    for one in crowd(&provider, CROWD) {
        assert_eq!(one.await.unwrap().unwrap_err().to_string(), expected);
    }
    assert_eq!(begun.elapsed(), seconds(4), "nobody waited for a turn of his own");
    assert_eq!((world.web.count(FEDERATION), at_once(&world)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_is_cancelled_takes_nobody_along() {
    for reply in [answer("one", BEGIN + 1200), status(403)] {
        let (world, provider) = machine();
        world.web.on(FEDERATION, &[after(5, reply.clone())]);
        let leader = crowd(&provider, 1).remove(0);
        tokio::time::sleep(seconds(1)).await;
        let mut followers = crowd(&provider, CROWD);
        tokio::time::sleep(seconds(1)).await;
        leader.abort();
        followers.swap_remove(0).abort();
        let fine = matches!(reply, Reply::Say(200, ..));
        for follower in followers.split_off(1) {
            let ended = tokio::time::timeout(seconds(10), follower).await.expect("woken").unwrap();
            assert_eq!(ended.is_ok(), fine);
        }
        assert_eq!((world.web.count(FEDERATION), at_once(&world)), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn when_everybody_leaves_the_next_one_finds_the_result() {
    let (world, provider) = machine();
    world.web.on(FEDERATION, &[after(5, answer("one", BEGIN + 1200))]);
    let leavers = crowd(&provider, CROWD);
    tokio::time::sleep(seconds(1)).await;
    leavers.iter().for_each(tokio::task::JoinHandle::abort);
    tokio::time::sleep(seconds(5)).await;
    provider.snapshot().await.unwrap();
    assert_eq!(world.web.count(FEDERATION), 1);
}

#[tokio::test(start_paused = true)]
async fn a_crowd_of_refused_calls_renews_once() {
    let (world, provider) = machine();
    let used = provider.snapshot().await.unwrap();
    world.web.on(FEDERATION, &[after(3, answer("two", BEGIN + 2400))]);
    let renewals = (0..CROWD).map(|_| {
        let (provider, used) = (Arc::clone(&provider), Arc::clone(&used));
        tokio::spawn(async move { provider.renew(&used).await.unwrap().expect("newer").key_id.expose().to_owned() })
    });
    for renewal in renewals.collect::<Vec<_>>() {
        assert_eq!(renewal.await.unwrap(), format!("ST${}", given("two", BEGIN + 2400)));
    }
    assert_eq!((world.web.count(FEDERATION), at_once(&world)), (2, 1));
}

/// The other principals rest on the same cache; here is that they are built on it.
#[tokio::test(start_paused = true)]
async fn every_principal_that_asks_a_service_asks_once() {
    let prefix = |short: &str| format!("OCI_RESOURCE_PRINCIPAL_{short}");
    let leaf = rpst("leaf", FIRST, BEGIN + 1200);
    let worlds = [
        vec![("VERSION", "1.1"), ("RPT_ENDPOINT", "https://owner.example.test"), ("RPT_ID", "r1"), ("RPT_PATH", "/t")],
        vec![
            ("VERSION", "2.1"),
            ("RPT_ENDPOINT", "https://owner.example.test"),
            ("RESOURCE_ID", "r1"),
            ("PRIVATE_PEM", FIRST),
            ("REGION", "phx"),
        ],
        vec![
            ("VERSION", "3.0"),
            ("VERSION_FOR_LEAF_RESOURCE", "2.2"),
            ("RPST_FOR_LEAF_RESOURCE", &leaf),
            ("PRIVATE_PEM_FOR_LEAF_RESOURCE", FIRST),
            ("REGION_FOR_LEAF_RESOURCE", "phx"),
            ("RPT_URL_FOR_PARENT_RESOURCE", "https://owner.example.test/t"),
        ],
    ];
    for pairs in worlds {
        let pairs: Vec<_> = pairs.iter().map(|(short, value)| (prefix(short), *value)).collect();
        let world = World::new(&pairs.iter().map(|(name, value)| (name.as_str(), *value)).collect::<Vec<_>>());
        add_instance(&world);
        world.keys.will_be(&[FIRST]);
        for path in ["/t", "/20180711/resourcePrincipalTokenV2/r1"] {
            world.web.on(&format!("GET https://owner.example.test{path}"), &[after(2, tokens())]);
        }
        world.web.on(SESSION, &[after(2, session("one", FIRST))]);
        let provider = resource::from_environment(&world.effects()).unwrap();
        all_fine(&world, &provider, SESSION).await;
    }
    let world = World::new(&[("KUBERNETES_SERVICE_HOST", "10.96.0.1")]);
    let account = "/var/run/secrets/kubernetes.io/serviceaccount";
    world.drive.put(&format!("{account}/token"), &given("pod", BEGIN + 3600));
    world.drive.put(&format!("{account}/ca.crt"), "the authority");
    let url = "POST https://10.96.0.1:12250/resourcePrincipalSessionTokens";
    let inner = json!({"token": given("pod", BEGIN + 1200)}).to_string();
    world.web.on(url, &[after(2, ok(json!(STANDARD.encode(inner)).to_string()))]);
    all_fine(&world, &oke::from_environment(&world.effects()).unwrap(), url).await;
}

async fn all_fine(world: &World, provider: &Arc<dyn Provider>, url: &str) {
    for one in crowd(provider, CROWD) {
        assert!(one.await.unwrap().is_ok(), "{}", provider.name());
    }
    assert_eq!((world.web.count(url), at_once(world)), (1, 1), "{}", provider.name());
    assert_eq!(world.web.count(&format!("GET {METADATA}/identity/cert.pem")), world.web.count(FEDERATION));
}

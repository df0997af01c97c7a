//! A storage of two sides: what the checker needs while the first is out lies on the second.

use causeway_cloud::breaker::Dependency;
use causeway_cloud::object_store::{ObjectStore, ObjectStoreExt, path::Path};
use futures_util::TryStreamExt;
use tokio::net::{TcpListener, TcpSocket};

use super::*;
use crate::breaker::BreakerStanding;
use crate::sided::{First, Sided};

/// A shop that is down, its other side, and a tenant whose traffic has to move. The shop's port is held and nobody
/// listens there: one that was let go could become another test's.
async fn down() -> (String, (TcpSocket, TcpListener)) {
    let (gone, works) = (TcpSocket::new_v4().unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    gone.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let [down, port] = [gone.local_addr(), works.local_addr()].map(|one| one.unwrap().port());
    let check =
        |id: &str, port: u16| format!("  - {{ id: {id}, probe: {{ tcp: {{ host: 127.0.0.1, port: {port} }} }} }}\n");
    let tenant = "tenants:\n  - { id: acme, divergence: read_only, serving: oci, component: shop, target_check: aws, \
                  cutover_at: 2026-03-11T10:00:00Z }\n";
    let checks = format!("{}{}", check("shop", down), check("aws", port));
    (format!("allowed_hosts: [127.0.0.1]\nchecks:\n{checks}{tenant}"), (gone, works))
}

async fn names(side: &dyn ObjectStore) -> Vec<String> {
    side.list(None).map_ok(|meta| meta.location.to_string()).try_collect().await.unwrap()
}

async fn ticks(world: &World, count: usize) -> Reply {
    for _ in 1..count {
        world.tick().await;
        world.pass(60);
    }
    world.tick().await
}

#[tokio::test]
async fn a_signal_is_given_while_the_first_side_is_out() {
    let (settings, _ports) = down().await;
    let storage = Sided::new(First::Well);
    let world = World::on(&settings, &storage, true);
    world.tick().await;
    world.pass(60);
    storage.is(First::Out);
    let reply = ticks(&world, 3).await;
    assert_eq!(reply.report.tenants[0].decision.word(), "ROLLBACK(cluster)");
    // The page and breakers of other functions are the first side's, and that is all that is missing.
    let is_of_first =
        |problem: &String| problem.contains("was not written") || problem.contains("the circuit breakers in");
    assert!(reply.partial && reply.problems.iter().all(is_of_first), "{reply:?}");
    let written = names(storage.second.as_ref()).await;
    let signals = written.iter().filter(|name| name.starts_with("state/side2.health-checker/signals/acme-")).count();
    assert_eq!(signals, 1, "{written:?}");
    assert!(written.iter().any(|name| name.starts_with("state/side2.alerts/")), "{written:?}");
    let count = |text: &str| world.titles().iter().filter(|title| title.contains(text)).count();
    assert_eq!((count("move traffic back"), count("shop fails"), count("cannot keep")), (1, 1, 0));
}

#[tokio::test]
async fn what_was_known_before_there_was_a_second_side_is_taken_over_once() {
    let (settings, _ports) = down().await;
    let storage = Sided::new(First::Well);
    ticks(&World::on(&settings, &storage, false), 2).await;
    let state = Path::from("state/health-checker/state.json");
    let before = storage.first.get(&state).await.unwrap().bytes().await.unwrap();
    let world = World::on(&settings, &storage, true);
    // Nobody knows what the first side has, so nothing begins anew.
    storage.is(First::Out);
    world.pass(120);
    let reply = world.tick().await;
    assert!(reply.problems.iter().any(|problem| problem.contains("the state cannot be kept")), "{reply:?}");
    storage.is(First::Well);
    world.pass(60);
    let reply = world.tick().await;
    assert!(reply.report.alerts.iter().any(|alert| alert.title == "shop fails"), "the third failure: {reply:?}");
    assert_eq!(storage.first.get(&state).await.unwrap().bytes().await.unwrap(), before);
    // From then on the second side's state is the state.
    storage.first.put(&state, "{broken".into()).await.unwrap();
    world.pass(60);
    assert!(!ticks(&world, 2).await.partial);
}

#[tokio::test]
async fn a_storage_with_two_sides_probes_its_breaker_itself_and_a_copy_is_no_pass() {
    let check = async |folder: &str, first: First, expected: (BreakerStanding, u32, u32)| {
        let storage = Sided::new(First::Well);
        let settings =
            "checks:\n  - { id: shop, breaker: oci-object-storage, probe: { object: { name: shop.txt } } }\n";
        let world = World::on(settings, &storage, true);
        world.put("shop.txt", "x").await;
        world.left_open_in(folder, &Dependency::new("oci-object-storage", "").unwrap()).await;
        world.pass(11 * 60);
        storage.is(first);
        let reply = world.tick().await;
        let found = reply.report.breakers.iter().find(|one| one.folder == folder).unwrap();
        let probed = found.probed.as_ref().unwrap();
        assert_eq!((found.standing, probed.passed, probed.unknown), expected, "{folder} {first:?}");
    };
    // This storage has no breakers of its own, so nothing but a ticket of ours could change it.
    check("side2.breakers", First::Well, (BreakerStanding::Open, 5, 0)).await;
    check("side2.breakers", First::Copied, (BreakerStanding::Open, 0, 1)).await;
    let other = "chat-breakers";
    check(other, First::Well, (BreakerStanding::Closed, 1, 0)).await;
}

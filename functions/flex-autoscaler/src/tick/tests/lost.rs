//! What a tick does without a part of what it needs.

use causeway_cloud::object_store::path::Path;

use super::world::{World, dry, id, named, tick};
use super::*;

fn reason(reply: &Reply, id: &str) -> (&'static str, Option<f64>) {
    let decisions = &reply.record.as_ref().unwrap().decisions;
    let decision = decisions.iter().find(|decision| decision.id == id).unwrap();
    (decision.reason, decision.to.map(|to| to.ocpus))
}

/// With two shards: the machines of the one that is lost are those that nobody may take for new ones.
#[tokio::test(start_paused = true)]
async fn machines_of_a_shard_that_is_gone_do_not_grow_on_points_of_the_size_before() {
    const MACHINES: usize = 501;
    let world = World::new(MACHINES, 20, Duration::ZERO, None);
    let owner = world.autoscaler();
    tick(&owner).await;
    let grown = world.updates.load(Ordering::SeqCst);
    let names: Vec<Path> = world::names(&owner).await;
    let shards: Vec<&Path> = names.iter().filter(|name| name.as_ref().contains("/shards/")).collect();
    assert_eq!((grown, shards.len()), (20, 2));
    let lost = shards.into_iter().find(|name| name.as_ref().ends_with("/1.json")).unwrap();
    owner.objects.delete(lost).await.unwrap();

    let (reply, _) = tick(&owner).await;
    assert_eq!(world.updates.load(Ordering::SeqCst), grown, "nothing is resized twice");
    let decisions = &reply.record.as_ref().unwrap().decisions;
    let is_told_lost = |id: &str| {
        let decision = decisions.iter().find(|decision| decision.id == id).unwrap();
        decision.reasons.iter().any(|reason| reason.text.contains("was lost"))
    };
    for id in (0..20).map(id) {
        assert_eq!(is_told_lost(&id), crate::state::shard_of(&id, 2) == 1, "{id}");
    }
    assert!(reply.status == Status::Partial && reply.warnings[0].contains("is gone"), "{:?}", reply.warnings);
    assert_eq!(reply.record.unwrap().alerts[0].code, "state_corrupt");
    // All of it is written anew.
    assert_eq!(tick(&owner).await.0.status, Status::Ok);
}

/// R8: what has ended between two ticks is forgotten, and is no news to who never knew it.
#[tokio::test(start_paused = true)]
async fn a_machine_that_has_ended_is_dropped_once() {
    let world = World::new(3, 0, Duration::ZERO, None);
    let owner = world.autoscaler();
    world.end(&id(0));
    assert_eq!(dry(&owner).await.record.unwrap().decisions.len(), 2, "nobody knew it");
    world.begin(&id(0));
    tick(&owner).await;
    world.end(&id(0));
    assert_eq!(reason(&tick(&owner).await.0, &id(0)).0, "gone");
    assert_eq!(tick(&owner).await.0.record.unwrap().decisions.len(), 2);
}

/// One machine that cannot be looked at keeps nobody from the others.
#[tokio::test(start_paused = true)]
async fn a_machine_that_cannot_be_looked_at_is_left_out() {
    let world = World::new(3, 1, Duration::ZERO, None);
    let owner = world.autoscaler();
    world.broken.lock().unwrap().insert(id(1));
    let reply = named(&owner, [id(0), id(1)]).await.unwrap();
    assert_eq!((reason(&reply, &id(0)).1, reply.status), (Some(20.0), Status::Partial));
    assert!(reply.warnings.iter().any(|warning| warning.contains(&id(1))), "{:?}", reply.warnings);
    assert!(named(&owner, [id(1)]).await.is_err(), "nothing is known at all");
}

/// The lease is given back however the reading ends.
#[tokio::test(start_paused = true)]
async fn a_lease_is_finished_and_a_reading_is_not() {
    let done = std::cell::Cell::new(0);
    let after = |seconds, answer: Result<u8, u8>| {
        let done = &done;
        async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            done.set(done.get() + 1);
            answer
        }
    };
    for (first, second, expected, ended) in [
        ((1, Ok(1)), (2, Ok(2)), Ok((1, 2)), 2),
        ((2, Ok(1)), (1, Ok(2)), Ok((1, 2)), 2),
        ((2, Ok(1)), (1, Err(2)), Err(2), 2),
        ((2, Err(1)), (1, Err(2)), Err(1), 2),
        ((1, Err(1)), (2, Ok(2)), Err(1), 1),
    ] {
        done.set(0);
        let found = both(after(first.0, first.1), after(second.0, second.1)).await;
        assert_eq!((found, done.get()), (expected, ended), "{first:?} {second:?}");
    }
}

//! What a tick does without a part of what it needs.

use causeway_cloud::object_store::ObjectStoreExt;
use causeway_cloud::object_store::path::Path;

use super::world::{self, Shows, World, dry, id, named, tick};
use super::*;

fn reason(reply: &Reply, id: &str) -> (&'static str, Option<f64>) {
    let decisions = &reply.record.as_ref().unwrap().decisions;
    let decision = decisions.iter().find(|decision| decision.id == id).unwrap();
    (decision.reason, decision.to.map(|to| to.ocpus))
}

/// What is remembered of each machine, as it is written.
async fn remembered(owner: &FlexAutoscaler) -> serde_json::Map<String, serde_json::Value> {
    let mut all = serde_json::Map::new();
    for name in world::names(owner).await.into_iter().filter(|name| name.as_ref().contains("/shards/")) {
        let text = owner.objects.get(&name).await.unwrap().bytes().await.unwrap();
        let mut shard: serde_json::Value = serde_json::from_slice(&text).unwrap();
        all.append(shard["value"]["instances"].as_object_mut().unwrap());
    }
    all
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
    let stored = remembered(&owner).await;
    for id in (0..20).map(id) {
        let is_lost = crate::state::shard_of(&id, 2) == 1;
        let entry = &stored[&id];
        assert_eq!((entry["is_lost"] == true, entry["is_recalled"] == true), (is_lost, is_lost), "{id}");
        assert_eq!(entry["changes"][0]["from"]["ocpus"], 16.0, "{id}");
    }
    assert!(reply.status == Status::Partial && reply.warnings[0].contains("is gone"), "{:?}", reply.warnings);
    assert_eq!(reply.record.unwrap().alerts[0].code, "state_corrupt");
    // All of it is written anew.
    assert_eq!(tick(&owner).await.0.status, Status::Ok);
}

/// Removes what an autoscaler has left under names with this in them, or writes nonsense there.
async fn lose(owner: &FlexAutoscaler, part: &str, nonsense: Option<&'static str>) {
    for name in world::names(owner).await.into_iter().filter(|name| name.as_ref().contains(part)) {
        match nonsense {
            Some(text) => drop(owner.objects.put(&name, text.into()).await.unwrap()),
            None => owner.objects.delete(&name).await.unwrap(),
        }
    }
}

/// R20, R8: the points and perhaps the size are still those from before, and only the audit knows of the change.
#[tokio::test(start_paused = true)]
async fn an_emergency_is_answered_once_whatever_is_lost_of_the_state() {
    for shows in [Shows::Nothing, Shows::Work, Shows::Size] {
        for (part, nonsense) in
            [("state/", None), ("/shards/", None), ("/shards/", Some("{")), ("state/index", Some("{"))]
        {
            let world = World::on_fire(20);
            *world.shows.lock().unwrap() = shows;
            let owner = world.autoscaler();
            tick(&owner).await;
            assert_eq!(world.updates.load(Ordering::SeqCst), 1, "an emergency");
            lose(&owner, part, nonsense).await;
            for minute in 1..3 {
                tokio::time::advance(Duration::from_secs(60)).await;
                let (reply, _) = tick(&owner).await;
                let told = (shows, part, nonsense, minute, reason(&reply, &id(0)));
                assert_eq!(world.updates.load(Ordering::SeqCst), 1, "{told:?}");
                assert_eq!(reply.status == Status::Partial, minute == 1, "{told:?}: {:?}", reply.warnings);
            }
        }
    }
}

/// Without the audit nobody knows what is under way: floors and hot machines wait, emergencies do not.
#[tokio::test(start_paused = true)]
async fn without_an_audit_to_read_nothing_but_emergencies_changes() {
    for (world, expected) in [(World::on_fire(20), 1), (World::new(20, 2, Duration::ZERO, None), 0)] {
        let owner = world.autoscaler();
        tick(&owner).await;
        assert!(world.updates.swap(0, Ordering::SeqCst) > 0);
        lose(&owner, "state/", None).await;
        lose(&owner, "audit/", Some("{")).await;
        let (reply, _) = tick(&owner).await;
        assert_eq!(world.updates.load(Ordering::SeqCst), expected);
        assert!(reply.warnings[0].contains("nothing but emergencies"), "{:?}", reply.warnings);
        assert_eq!(reply.status, Status::Partial);
    }
}

/// R2: what cannot be asked for in one compartment says nothing about machines of another.
#[tokio::test(start_paused = true)]
async fn machines_of_a_compartment_without_measurements_are_held_and_others_go_on() {
    let world = World::new(4, 2, Duration::ZERO, None);
    world.move_to(&id(1), "d");
    world.move_to(&id(3), "d");
    world.silent.lock().unwrap().insert("d".to_owned());
    let owner = world.autoscaler();
    let reply = named(&owner, (0..4).map(id)).await.unwrap();
    let decisions = &reply.record.as_ref().unwrap().decisions;
    let found: Vec<_> = decisions.iter().map(|decision| (decision.decision.name(), decision.reason)).collect();
    assert_eq!(found, [("UP", "cpu_hot"), ("HOLD", "stale"), ("HOLD", "no_history"), ("HOLD", "stale")]);
    for decision in [&decisions[1], &decisions[3]] {
        assert!(decision.reasons[0].text.contains("could not be had: monitoring"), "{:?}", decision.reasons);
        assert_eq!((decision.from, decision.inputs.cpu.points), (decision.to, 0));
    }
    assert_eq!((world.updates.load(Ordering::SeqCst), reply.status), (1, Status::Partial));
    assert!(reply.warnings.iter().any(|warning| warning.contains("of d ")), "{:?}", reply.warnings);
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

/// A clock that was wrong has taken the lease for a day: nobody works, and people know why.
#[tokio::test(start_paused = true)]
async fn a_lease_that_lasts_too_long_is_told() {
    use causeway_cloud::state::lease::acquire;
    for (seconds, is_told) in [(330, false), (661, true)] {
        let world = World::new(1, 0, Duration::ZERO, None);
        let owner = world.autoscaler();
        acquire(&owner.documents, "lease", "somebody", Duration::from_secs(seconds)).await.unwrap();
        let (reply, _) = tick(&owner).await;
        assert_eq!((reply.status, reply.busy.is_some()), (Status::Busy, true));
        let warnings = reply.warnings.join("; ");
        assert_eq!(warnings.contains("a wrong clock has taken it"), is_told, "{seconds}: {warnings}");
    }
}

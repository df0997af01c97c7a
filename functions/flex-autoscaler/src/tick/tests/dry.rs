//! T45 of whole ticks: a dry run decides as the tick that enforces.

use super::world::{World, dry, names, tick};
use super::*;

/// Decisions and warnings of a tick.
fn said(reply: &Reply) -> (Vec<crate::record::Decision>, Vec<String>) {
    (reply.record.as_ref().unwrap().decisions.clone(), reply.warnings.clone())
}

fn reasons(reply: &Reply) -> Vec<&'static str> {
    let decisions = &reply.record.as_ref().unwrap().decisions;
    decisions.iter().take(2).map(|decision| decision.reason).collect()
}

/// Compares a dry run with the tick after it. No call takes time, so both have the same moment.
async fn check(world: &Arc<World>, owner: &FlexAutoscaler, expected: [&str; 2]) {
    let (before, updates) = (names(owner).await, world.updates.load(Ordering::SeqCst));
    let found = dry(owner).await;
    assert_eq!((names(owner).await, world.updates.load(Ordering::SeqCst)), (before, updates));
    let (real, _) = tick(owner).await;
    assert_eq!(reasons(&found), expected);
    assert_eq!(said(&found), said(&real));
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_looks_again_at_what_would_change() {
    let world = World::new(40, 2, Duration::ZERO, None);
    world.stopped.lock().unwrap().insert("ocid1.instance.oc1.iad.0001".to_owned());
    check(&world, &world.autoscaler(), ["cpu_hot", "stopped"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_knows_that_the_state_is_lost() {
    let world = World::new(40, 2, Duration::ZERO, None);
    let owner = world.autoscaler();
    tick(&owner).await;
    for name in names(&owner).await.into_iter().filter(|name| name.as_ref().starts_with("state")) {
        owner.objects.delete(&name).await.unwrap();
    }
    check(&world, &owner, ["no_history"; 2]).await;
}

//! How long a tick is, in calls that wait for each other.

use super::world::{World, tick};
use super::*;

const MACHINES: usize = 1000;
const HOT: usize = 120;
const MOST: usize = 50;
const LATENCY: Duration = Duration::from_secs(2);

/// Ticks of a fleet of which 120 are hot, until all have grown: how many calls long each was.
async fn lengths(refused_of: Option<usize>) -> Vec<f64> {
    let world = World::new(MACHINES, HOT, LATENCY, refused_of);
    let owner = world.autoscaler();
    let mut lengths = Vec::new();
    for changes in [MOST, MOST, HOT - 2 * MOST] {
        let (calls, updates) = (world.calls(), world.updates.load(Ordering::SeqCst));
        let (reply, took) = tick(&owner).await;
        assert_eq!(world.updates.load(Ordering::SeqCst) - updates, changes, "{:?}", reply.warnings);
        // Four answers of Monitoring, the machines that change, their updates, and the work of the tick before.
        assert!(world.calls() - calls <= 4 + 3 * MOST * 11 / 10, "{}", world.calls() - calls);
        lengths.push(took.as_secs_f64() / LATENCY.as_secs_f64());
        // A tick has as many changes as it may have, however often somebody asks.
        tokio::time::advance(Duration::from_secs(300)).await;
    }
    lengths
}

#[tokio::test(start_paused = true)]
async fn a_tick_of_a_thousand_machines_is_nine_calls_long() {
    let lengths = lengths(None).await;
    // The first one asks for what the state does not remember yet.
    assert!(lengths[0] <= 10.0 && lengths[1..].iter().all(|length| *length <= 9.0), "{lengths:?}");
}

/// T36 with the service at its slowest: one call of twenty is refused.
#[tokio::test(start_paused = true)]
async fn refused_calls_hold_up_a_tick_and_not_each_other() {
    let lengths = lengths(Some(20)).await;
    assert!(lengths[0] <= 14.0 && lengths[1..].iter().all(|length| *length <= 13.0), "{lengths:?}");
}

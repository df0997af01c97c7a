//! How many questions for measurements a tick asks, and that it looks back as far as ever: three hours, less the minute that
//! has just begun.

use super::world::{World, tick};
use super::*;

/// Ticks at these minutes: the questions of each.
async fn ticks(machines: usize, minutes: &[u64]) -> Vec<usize> {
    let world = World::new(machines, 0, Duration::ZERO, None);
    let owner = world.autoscaler();
    let (mut found, mut now) = (Vec::new(), 0);
    for &minute in minutes {
        tokio::time::advance(Duration::from_secs(60 * (minute - now))).await;
        now = minute;
        let before = world.questions.load(Ordering::SeqCst);
        let (reply, _) = tick(&owner).await;
        assert!(reply.warnings.is_empty(), "{:?}", reply.warnings);
        let decisions = reply.record.unwrap().decisions;
        let points = decisions
            .iter()
            .map(|decision| decision.inputs.cpu.window_points.min(decision.inputs.memory.window_points));
        assert!(points.min().unwrap() >= 179, "at minute {minute}");
        found.push(world.questions.load(Ordering::SeqCst) - before);
    }
    found
}

#[tokio::test(start_paused = true)]
async fn a_small_fleet_is_asked_about_the_whole_window_with_two_questions() {
    assert_eq!(ticks(10, &[0, 5, 200]).await, [2; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_machines_take_two_questions_once_their_past_is_remembered() {
    assert_eq!(ticks(1_000, &[0, 5, 11, 16]).await, [4, 2, 2, 2]);
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_the_minutes_that_nobody_has_read_are_asked_for() {
    assert_eq!(ticks(1_000, &[0, 60, 65, 200, 205]).await, [4, 2, 2, 4, 2]);
}

#[tokio::test(start_paused = true)]
async fn two_thousand_machines_take_two_questions_as_well() {
    assert_eq!(ticks(2_000, &[0, 5]).await, [8, 2]);
}

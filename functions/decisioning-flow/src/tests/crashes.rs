//! Processes that die, and stores and platforms that fail, at every single step.

use std::time::Duration;

use serde_json::{Value, json};

use super::fakes::{Behaviour, Fault, World, partial, world};
use super::{context, text};

fn asked() -> Value {
    json!({"run_id": "r1", "data_sources": ["sales"]})
}

/// A deployment in which one agent's result is partial.
fn deployment() -> World {
    let world = world(&[]);
    world.agents.set("intelligence", Behaviour::Answers(partial("intelligence")));
    world
}

/// Steps and document of a run that nothing happens to, which begins so late after the others.
async fn undisturbed(late: Duration) -> (usize, String) {
    let world = deployment();
    tokio::time::advance(late).await;
    let document = text(&world, asked(), &context()).await.unwrap();
    (world.fate.steps(), document)
}

/// No work was done again once its result was kept; the calls of one stage that were under way may have been made twice.
fn kept_work_was_not_done_again(world: &World, what: &str) {
    let work = world.agents.work.lock().unwrap();
    assert_eq!(work.len(), 5, "{what}: {work:?}");
    assert!(work.values().all(|times| *times <= 2) && work.values().sum::<usize>() <= 7, "{what}: {work:?}");
    assert_eq!(*world.agents.in_vain.lock().unwrap(), [""; 0], "{what}");
    let calls = world.agents.called().len();
    assert!(calls <= 7, "{what}: {calls} calls");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_dies_at_any_step_is_resumed_to_the_same_bytes() {
    is_resumed_to_the_same_bytes(Duration::from_secs(46), "12:00:46").await;
}

/// Longer than any agent has, and the run as a whole.
#[tokio::test(start_paused = true)]
async fn also_when_it_is_resumed_after_the_time_of_the_run() {
    is_resumed_to_the_same_bytes(Duration::from_secs(2 * 3600), "14:00:00").await;
}

/// `at` is a time that only a document of a run has that began after the process died.
async fn is_resumed_to_the_same_bytes(later: Duration, at: &str) {
    let (steps, expected) = undisturbed(Duration::ZERO).await;
    let (_, expected_later) = undisturbed(later).await;
    assert!(steps > 20, "{steps} steps");
    let mut begun_late = 0;
    for step in 0..steps {
        for fault in [Fault::DieBefore, Fault::DieAfter] {
            let what = format!("{fault:?} at step {step} of {steps}");
            let world = deployment();
            world.fate.plan(step, fault);
            let died = text(&world, asked(), &context()).await;
            world.fate.revive();
            tokio::time::advance(later).await;
            let document = text(&world, asked(), &context()).await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
            // A process that died before the run was written down never began it.
            let is_late = document.contains(at);
            begun_late += usize::from(is_late);
            assert_eq!(document, if is_late { expected_later.clone() } else { expected.clone() }, "{what}");
            if let Ok(died) = died {
                assert_eq!(died, document, "{what}");
            }
            // The one whose call was cut, or whose result was not kept yet, is asked again; tries within the dying
            // process do not reach anybody.
            kept_work_was_not_done_again(&world, &what);
            assert_eq!(text(&world, asked(), &context()).await.unwrap(), document, "{what}: the replay");
        }
    }
    assert!(begun_late > 0 && begun_late < 16, "{begun_late}");
}

#[tokio::test(start_paused = true)]
async fn a_fault_at_any_step_is_an_error_or_overcome_and_the_run_ends_with_the_same_bytes() {
    let (steps, expected) = undisturbed(Duration::ZERO).await;
    for step in 0..steps {
        for fault in [Fault::FailBefore, Fault::FailAfter] {
            let what = format!("{fault:?} at step {step} of {steps}");
            let world = deployment();
            world.fate.plan(step, fault);
            let mut outcome = text(&world, asked(), &context()).await;
            for _ in 0..3 {
                if outcome.is_ok() {
                    break;
                }
                tokio::time::advance(Duration::from_secs(46)).await;
                outcome = text(&world, asked(), &context()).await;
            }
            let document = outcome.unwrap_or_else(|error| panic!("{what}: {error:?}"));
            if !document.contains("12:00:46") {
                assert_eq!(document, expected, "{what}");
            }
            kept_work_was_not_done_again(&world, &what);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_dies_again_and_again_still_ends() {
    // A life has to reach beyond what the one before it did: to read what is known, and one step more.
    for stride in [18, 20, 23, 29] {
        let world = deployment();
        let mut document = None;
        for _ in 0..20 {
            world.fate.revive();
            world.fate.plan(world.fate.steps() + stride, Fault::DieAfter);
            if let Ok(done) = text(&world, asked(), &context()).await {
                document = Some(done);
                break;
            }
            tokio::time::advance(Duration::from_secs(46)).await;
        }
        let document = document.unwrap_or_else(|| panic!("no end with {stride} steps to a life"));
        assert!(document.contains("\"status\":\"partial\""));
        assert_eq!(*world.agents.in_vain.lock().unwrap(), [""; 0]);
    }
}

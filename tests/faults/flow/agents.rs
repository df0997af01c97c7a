//! An agent's process is killed, and the flow goes on.

use rustix::process::Signal;
use tests::harness::{AGENTS, When, signal};

use super::kill::is_work;
use super::run::{Run, is_wait};
use super::{each, undisturbed};

#[test]
fn one_that_dies_with_a_call_is_called_again() {
    let expected = undisturbed();
    each(AGENTS.to_vec(), "dies", |platform, id, agent| {
        let run = Run::new(platform, id);
        platform.stop_at(agent);
        let calling = run.call();
        signal(platform.wait_stopped(), Signal::KILL);
        expected.check(agent, &run, &calling.document());
        check_calls(&run, agent);
    });
}

#[test]
fn one_that_dies_in_the_middle_of_its_work_is_called_again() {
    let expected = undisturbed();
    let cases: Vec<_> = expected.points.iter().filter(|point| is_work(point)).collect();
    let cases = cases.into_iter().flat_map(|point| [(point, When::Before), (point, When::After)]).collect();
    each(cases, "amid", |platform, id, (point, when)| {
        let (run, what) = (Run::new(platform, id), format!("{when:?} {point:?}"));
        platform.gate.catch(point.catch(&run, when));
        let calling = run.call();
        platform.gate.wait_caught();
        signal(platform.busy(&point.seen.by), Signal::KILL);
        platform.gate.wait_gone();
        platform.gate.open();
        expected.check(&what, &run, &calling.document());
        check_calls(&run, &point.seen.by);
    });
}

/// Of two calls of the one that died the first has no answer; everybody else was called once. Calls that were told to
/// wait for the dead one do not count.
fn check_calls(run: &Run, dead: &str) {
    run.check_computed(dead);
    for agent in AGENTS {
        let answers = run.calls(agent).into_iter().map(|call| call.answer);
        let answers: Vec<_> =
            answers.filter(|answer| !answer.as_ref().is_some_and(is_wait)).map(|answer| answer.is_some()).collect();
        let expected: &[bool] = if agent == dead { &[false, true] } else { &[true] };
        assert_eq!(answers, expected, "{agent}, when {dead} died");
    }
}

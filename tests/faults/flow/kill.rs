//! The flow's process is killed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tests::harness::{AGENTS, Catch, FLOW, When, notice, signal};

use super::run::Run;
use super::{ANSWERS, Point, Undisturbed, each, is_effect, undisturbed};

/// A second more than an agent that gives no sign of life counts as alive.
const BEYOND_LEASE: Duration = Duration::from_secs(16);

#[test]
fn at_each_write_and_each_call_of_an_agent() {
    let expected = undisturbed();
    let points: Vec<_> = expected.points.iter().filter(|point| is_effect(point)).collect();
    let stages = points.iter().filter(|point| point.seen.path.contains("stages")).count();
    assert_eq!(stages, AGENTS.len(), "{points:?}");
    let cases: Vec<_> = points.iter().flat_map(|point| [(*point, When::Before), (*point, When::After)]).collect();
    notice(&format!("the flow is killed at {} places", cases.len()));
    each(cases, "at", |platform, id, (point, when)| {
        let (run, what) = (Run::new(platform, id), format!("{when:?} {point:?}"));
        platform.gate.catch(point.catch(&run, when));
        let calling = run.call();
        platform.gate.wait_caught();
        calling.kill();
        platform.gate.wait_gone();
        platform.gate.open();
        resume(&expected, &what, &run);
    });
}

#[test]
fn while_an_agent_is_about_to_work() {
    let expected = undisturbed();
    let cases: Vec<_> = AGENTS.iter().flat_map(|agent| [(*agent, Signal::CONT), (*agent, Signal::KILL)]).collect();
    each(cases, "during", |platform, id, (agent, fate)| {
        let (run, what) = (Run::new(platform, id), format!("{agent} {fate:?}"));
        platform.stop_at(agent);
        let calling = run.call();
        let pid = platform.wait_stopped();
        calling.kill();
        // Some platforms let it go on without its caller, others end it.
        signal(pid, fate);
        resume(&expected, &what, &run);
    });
}

#[test]
fn while_an_agent_reads_or_writes_and_goes_on() {
    let expected = undisturbed();
    let cases: Vec<_> = expected.points.iter().filter(|point| is_work(point)).collect();
    assert!(cases.len() > 5, "{cases:?}");
    each(cases, "work", |platform, id, point| {
        let (run, what) = (Run::new(platform, id), format!("{point:?}"));
        platform.gate.catch(point.catch(&run, When::Before));
        let calling = run.call();
        platform.gate.wait_caught();
        calling.kill();
        platform.gate.open();
        resume(&expected, &what, &run);
    });
}

#[test]
fn while_an_agent_is_at_work_for_long_and_the_run_is_resumed() {
    let expected = undisturbed();
    // A write that has no answer is not sent again, as it may have arrived: it fails, and the work with it.
    let is_read = |point: &&Point| is_work(point) && point.seen.method == "GET" && !point.seen.path.contains(ANSWERS);
    let mut cases: Vec<_> = expected.points.iter().filter(is_read).collect();
    cases.sort_by_key(|point| &point.seen.by);
    cases.dedup_by_key(|point| &point.seen.by);
    assert!(cases.len() > 2, "{cases:?}");
    let outlived = AtomicUsize::new(0);
    each(cases, "long", |platform, id, point| {
        let (run, what, agent) = (Run::new(platform, id), format!("{point:?}"), point.seen.by.as_str());
        let catch = point.catch(&run, When::Before);
        platform.gate.catch(catch.clone());
        let calling = run.call();
        platform.gate.wait_caught();
        let ends = Instant::now() + BEYOND_LEASE;
        // The agent gives the request up after ten seconds and sends it again.
        platform.gate.catch(Catch { skip: 0, ..catch });
        calling.kill();
        let resumed = run.call_when_free();
        outlived.fetch_add(usize::from(run.is_waited_for_after(agent, ends)), Ordering::Relaxed);
        platform.gate.open();
        expected.check(&what, &run, &resumed.document());
        run.check_computed(&what);
        assert!(run.waits(agent) > 0, "{what}: the flow was not told to wait");
    });
    // Not of all: the second try slips through when it comes before the first one's connection is seen to be closed.
    assert!(outlived.into_inner() > 0, "no claim was renewed");
}

#[test]
fn again_and_again() {
    let expected = undisturbed();
    each(vec![When::Before, When::After], "again", |platform, id, when| {
        let run = Run::new(platform, id);
        // One result further each time, which the next process finds.
        for lives in 0..AGENTS.len() {
            let path = format!("{id}%2Fstages%2F");
            let catch = Catch { by: FLOW.to_owned(), method: "PUT".to_owned(), path, skip: 0, when };
            platform.gate.catch(catch);
            let calling = run.call_when_free();
            platform.gate.wait_caught();
            calling.kill();
            platform.gate.wait_gone();
            platform.gate.open();
            platform.wait_quiet();
            let least = if when == When::After { lives + 1 } else { 0 };
            assert!(run.kept().len() >= least, "{when:?}: {:?} after {lives}", run.kept().keys());
            if run.kept().len() == AGENTS.len() {
                break;
            }
        }
        expected.check("again", &run, &run.finish());
        run.check_computed("again");
    });
}

/// Calls the run to its end, when what an agent still works out goes to nobody any more.
fn resume(expected: &Undisturbed, what: &str, run: &Run) {
    run.platform.wait_quiet();
    let resumed = Resumed::of(run);
    expected.check(what, run, &run.finish());
    resumed.check(what);
}

/// A request of an agent in the middle of its work.
pub(super) fn is_work(point: &Point) -> bool {
    point.seen.by != FLOW && point.seen.path.contains("/o/")
}

/// What had been done when a run was resumed.
struct Resumed<'a> {
    run: &'a Run,
    /// For each agent whether its result was kept, and how often it had been called.
    before: Vec<(&'static str, bool, usize)>,
    began: Option<u64>,
}

impl<'a> Resumed<'a> {
    fn of(run: &'a Run) -> Self {
        let kept = run.kept();
        let before = AGENTS.map(|agent| (agent, kept.contains_key(agent), run.calls(agent).len())).to_vec();
        Self { run, before, began: run.began() }
    }

    /// A result that was kept is not asked for again, one that was not is; and none was worked out twice.
    fn check(&self, what: &str) {
        for (agent, was_kept, calls) in &self.before {
            // More than one where a call of the dead flow has only just reached the agent: the next one waits for it.
            let since = self.run.calls(agent).len() - calls;
            assert_eq!(since == 0, *was_kept, "{what}: {since} calls of {agent} after the run was resumed");
        }
        self.run.check_computed(what);
        let began = self.run.began();
        assert!(began.is_some() && (self.began.is_none() || self.began == began), "{what}: it began once");
    }
}

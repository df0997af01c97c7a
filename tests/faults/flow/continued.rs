//! A run that takes several invocations, each of which calls the next one and does not wait for it.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustix::process::Signal;
use serde_json::{Value, json};
use tests::harness::{Called, FLOW, Platform, direct, signal};

use super::run::{Run, platform};
use super::{Undisturbed, undisturbed};

/// Seconds of the first invocation, of which it uses four fifths. The platform gives later ones their full time.
const SHORT: i64 = 25;
const PATIENCE: Duration = Duration::from_secs(120);
/// A second more than a run that was just written down is left alone.
const LEFT: Duration = Duration::from_secs(61);

// Names of runs are taken out of results before these are compared: nothing else in them may read like one.

/// Calls the flow with little time while an agent stands still, which is given back. The next invocation is stopped before
/// it sees its call where that is wanted.
fn cut(run: &Run, stops_next: bool) -> u32 {
    run.platform.stop_at("strategy-agent");
    let (process, request) = (run.platform.process(FLOW), direct(run.request()).deadline_in(SHORT));
    let calling = thread::spawn(move || process.call(&request).json());
    let agent = run.platform.wait_stopped();
    if stops_next {
        run.platform.stop_at(FLOW);
    }
    let answer = calling.join().unwrap();
    assert_eq!(answer["workflow_run"]["is_continued"], true, "{answer:#}");
    assert_eq!(answer["workflow_run"]["agents"]["strategy"]["status"], "running", "{answer:#}");
    agent
}

/// Calls that the flow made of itself, for this run.
fn continuations(run: &Run) -> Vec<Called> {
    run.calls(FLOW)
}

fn wait<T>(what: &str, find: impl Fn() -> Option<T>) -> T {
    let limit = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(Instant::now() < limit, "{what} never comes");
        thread::sleep(Duration::from_millis(50));
    }
}

fn finished(run: &Run) -> Bytes {
    wait("the next invocation's answer", || continuations(run).into_iter().find_map(|call| call.answer))
}

fn check(expected: &Undisturbed, what: &str, run: &Run, document: &Bytes) {
    expected.check(what, run, document);
    run.check_computed(what);
}

#[test]
fn an_invocation_that_is_cut_is_continued_and_the_run_ends_as_if_it_had_not_been() {
    let expected = undisturbed();
    let run = Run::new(&platform(), "cut-once-q7");
    signal(cut(&run, false), Signal::CONT);
    check(&expected, "continued", &run, &finished(&run));
    assert_eq!(continuations(&run).len(), 1);
}

#[test]
fn a_continuation_that_dies_is_found_by_a_sweep() {
    let expected = undisturbed();
    let platform: Arc<Platform> = platform();
    let run = Run::new(&platform, "left-alone-q7");
    let agent = cut(&run, true);
    signal(platform.wait_stopped(), Signal::KILL);
    wait("its end", || (!continuations(&run).is_empty()).then_some(()));
    assert_eq!(continuations(&run)[0].answer, None);
    signal(agent, Signal::CONT);
    platform.wait_quiet();
    assert_eq!(sweep(&platform)["continued"], json!([]), "it may only just have been handed over");
    thread::sleep(LEFT);
    assert_eq!(sweep(&platform)["continued"], json!(["left-alone-q7"]));
    check(&expected, "left-alone-q7", &run, &finished(&run));
    thread::sleep(Duration::from_secs(1));
    assert_eq!(sweep(&platform), json!({"continued": [], "failed": [], "given_up": [], "is_cut": false}));
}

fn sweep(platform: &Platform) -> Value {
    let reply = platform.process(FLOW).call(&direct(r#"{"kind": "tick", "sweep": true}"#));
    assert_eq!(reply.status, 200, "{:?}", reply.json());
    reply.json()
}

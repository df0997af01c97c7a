//! The decisioning flow as processes, killed with SIGKILL: right before and right after each write and each call of an
//! agent, and while each agent is at work. Called again with the same run id it ends with the document of an undisturbed
//! run, in which every result that was kept is the one that was kept, and no result is worked out twice: an agent that
//! was at work for a flow that died gives its answer to the next one.

mod agents;
mod continued;
mod kill;
mod orders;
mod paths;
mod run;
mod setup;
mod up;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread;

use bytes::Bytes;
use tests::harness::{AGENTS, Catch, FLOW, Platform, Seen, When};

use run::{Run, platform, timeless};

/// Platforms on which cases go on at the same time: most of the time is waiting for a dead process's lease.
const LANES: usize = 6;
/// The folder of a run's answers, in paths.
const ANSWERS: &str = "%2Fanswers%2F";

/// A request of an undisturbed run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Point {
    seen: Seen,
    /// Requests of the same kind before it.
    skip: usize,
}

impl Point {
    fn catch(&self, run: &Run, when: When) -> Catch {
        let Seen { by, method, path } = self.seen.clone();
        Catch { by, method, path: path.replace("RUN", &run.id), skip: self.skip, when }
    }
}

/// What an undisturbed run does and gives.
struct Undisturbed {
    points: Vec<Point>,
    document: String,
    /// Of the dashboard.
    files: BTreeMap<String, String>,
}

fn undisturbed() -> Undisturbed {
    let run = Run::new(&platform(), "undisturbed");
    let document = run.call().document();
    run.check_document("undisturbed", &document);
    for agent in AGENTS {
        assert_eq!(run.calls(agent).len(), 1, "{agent}");
    }
    run.check_computed("undisturbed");
    let mut times = BTreeMap::<Seen, usize>::new();
    let mut points = Vec::new();
    for mut seen in run.platform.gate.seen() {
        seen.path = common(&seen.path.replace(&run.id, "RUN"));
        let skip = *times.entry(seen.clone()).and_modify(|times| *times += 1).or_default();
        points.push(Point { seen, skip });
    }
    let files = run.files(&document);
    assert!(files.len() > 2, "{:?}", files.keys());
    Undisturbed { points, document: timeless(&run.id, &document), files }
}

impl Undisturbed {
    fn check(&self, what: &str, run: &Run, document: &Bytes) {
        run.check_document(what, document);
        same(what, &timeless(&run.id, document), &self.document);
        let files = run.files(document);
        assert!(files.keys().eq(self.files.keys()), "{what}: {:?}", files.keys());
        files.iter().zip(self.files.values()).for_each(|((name, file), expected)| same(name, file, expected));
    }
}

/// The part of a path that all runs have in common: an answer's name is a digest of the request.
fn common(path: &str) -> String {
    path.find(ANSWERS).map_or(path, |at| &path[..at + ANSWERS.len()]).to_owned()
}

/// Shows where they differ; they are too long to be shown as a whole.
fn same(what: &str, found: &str, expected: &str) {
    let differs = found.bytes().zip(expected.bytes()).position(|(one, other)| one != other);
    let at = differs.unwrap_or(found.len().min(expected.len()));
    let part = |text: &str| {
        String::from_utf8_lossy(&text.as_bytes()[at.saturating_sub(80)..]).chars().take(200).collect::<String>()
    };
    assert!(found == expected, "{what}: {} instead of {}", part(found), part(expected));
}

/// Tries every case, several at the same time. A case gets a platform that no other one uses meanwhile.
fn each<T: Send>(cases: Vec<T>, name: &str, check: impl Fn(&Arc<Platform>, &str, T) + Sync) {
    let cases = Mutex::new(cases.into_iter().enumerate());
    thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| {
                let platform = platform();
                loop {
                    let Some((number, case)) = cases.lock().unwrap().next() else { break };
                    check(&platform, &format!("{name}{number:03}"), case);
                }
            });
        }
    });
}

/// Whether a request of the flow changes something of its run.
fn is_effect(point: &Point) -> bool {
    // The day's search for old runs is another run's as soon as one of this day is finished.
    if point.seen.path.contains("search-for-old-runs") {
        return false;
    }
    // Renewals of the lease come when they come; taking it and giving it back are among the first two.
    let is_renewal = point.seen.path.ends_with("lease.json") && point.skip > 1;
    point.seen.by == FLOW && point.seen.method != "GET" && point.seen.method != "HEAD" && !is_renewal
}

//! One run of the flow: called, killed, called again, and looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::{Value, json};
use tests::harness::{AGENTS, BUCKET, Called, FLOW, Function, Platform, RESULTS_BUCKET, Reply, direct};

use super::orders::orders;

/// Folder of the runs' parts, as it is by default.
const RUNS: &str = "causeway-state/decisioning-flow-runs";
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two calls of a run that somebody still has.
const PAUSE: Duration = Duration::from_millis(200);
/// The stages of the built-in flow, by agent.
const STAGES: [&str; 5] = ["discovery", "analysis", "analysis", "synthesis", "presentation"];

/// A platform with the orders in it, whose runs can be resumed after five seconds, and an agent's work after fifteen.
pub(super) fn platform() -> Arc<Platform> {
    let platform = Platform::start(&[
        ("FLOW_LEASE_SECONDS", "5"),
        ("FLOW_FIRST_WAIT_MILLISECONDS", "20"),
        // A stage is begun with little time too, so that it is cut.
        ("FLOW_SHORTEST_CALL_SECONDS", "0"),
        ("AGENT_LEASE_SECONDS", "15"),
    ]);
    platform.put("orders/orders.csv", orders());
    Arc::new(platform)
}

/// A run on a platform.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) platform: Arc<Platform>,
    pub(super) id: String,
}

/// A call of the flow that has no answer yet.
pub(super) struct Calling {
    process: Function,
    reply: JoinHandle<Option<Reply>>,
}

impl Calling {
    /// Kills the flow's process while the call is under way.
    pub(super) fn kill(self) {
        drop(self.process.kill());
        assert_eq!(self.reply.join().unwrap(), None, "it had answered before it was killed");
    }

    pub(super) fn document(self) -> Bytes {
        document(&self.reply.join().unwrap().expect("an answer")).expect("the run")
    }
}

/// The document that was answered with; `None` when somebody else has the run.
fn document(reply: &Reply) -> Option<Bytes> {
    let answer = reply.json();
    assert_eq!(reply.status, 200, "{answer}");
    if answer["error"]["code"] == "run_in_progress" {
        return None;
    }
    assert_eq!(answer["workflow_run"]["deferred"], json!([]), "{answer}");
    Some(reply.body.clone().into())
}

impl Run {
    pub(super) fn new(platform: &Arc<Platform>, id: &str) -> Self {
        Self { platform: Arc::clone(platform), id: id.to_owned() }
    }

    pub(super) fn request(&self) -> Vec<u8> {
        json!({ "run_id": self.id, "data_sources": ["orders"], "as_of": "2025-01-01" }).to_string().into()
    }

    /// Calls the flow in a process of its own.
    pub(super) fn call(&self) -> Calling {
        let process = self.platform.process(FLOW);
        let (mut connection, request) = (process.connect(), direct(self.request()));
        connection.set_patience(PATIENCE);
        let reply = thread::spawn(move || {
            connection.try_send(&request.bytes()).ok()?;
            connection.try_reply().ok()
        });
        Calling { process, reply }
    }

    /// Calls the flow when nobody has the run any more.
    pub(super) fn call_when_free(&self) -> Calling {
        let lease = format!("causeway-state/decisioning-flow/{}/lease.json", self.id);
        let limit = Instant::now() + PATIENCE;
        while let Some(lease) = self.platform.object("causeway-state", &lease) {
            let lease: Value = serde_json::from_slice(&lease).unwrap();
            let until = lease["value"]["expires_unix_ms"].as_u64().unwrap();
            if SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() > until.into() {
                break;
            }
            assert!(Instant::now() < limit, "{}: the run is never free", self.id);
            thread::sleep(PAUSE);
        }
        self.call()
    }

    /// Calls until the run is finished.
    pub(super) fn finish(&self) -> Bytes {
        let process = self.platform.process(FLOW);
        let limit = Instant::now() + PATIENCE;
        loop {
            let reply = process.call(&direct(self.request()));
            if let Some(document) = document(&reply) {
                return document;
            }
            assert!(Instant::now() < limit, "{}: the run is never free", self.id);
            thread::sleep(PAUSE);
        }
    }

    /// The agents' results that are kept, by agent.
    pub(super) fn kept(&self) -> BTreeMap<String, Bytes> {
        let kept = |(agent, stage): (&&str, &str)| {
            let name = agent.trim_end_matches("-agent");
            let object = format!("{RUNS}/{}/stages/{stage}/{name}.json", self.id);
            Some(((*agent).to_owned(), self.platform.object(BUCKET, &object)?))
        };
        AGENTS.iter().zip(STAGES).filter_map(kept).collect()
    }

    /// When the run began, if that is written down.
    pub(super) fn began(&self) -> Option<u64> {
        let object = format!("causeway-state/decisioning-flow/{}/state.json", self.id);
        let state: Value = serde_json::from_slice(&self.platform.object("causeway-state", &object)?).unwrap();
        state["value"]["started_unix_ms"].as_u64()
    }

    /// What became of calls of an agent for this run.
    pub(super) fn calls(&self, agent: &str) -> Vec<Called> {
        let calls = self.platform.calls().into_iter();
        calls.filter(|call| call.function == agent && call.request["run_id"] == self.id.as_str()).collect()
    }

    /// How often an agent said that an earlier call is still at work.
    pub(super) fn waits(&self, agent: &str) -> usize {
        self.calls(agent).iter().filter_map(|call| call.answer.as_ref()).filter(|answer| is_wait(answer)).count()
    }

    /// Waits until an agent says after this moment that an earlier call is still at work, or until its work is done;
    /// whether it said so.
    pub(super) fn is_waited_for_after(&self, agent: &str, moment: Instant) -> bool {
        thread::sleep(moment.saturating_duration_since(Instant::now()));
        let (waits, limit) = (self.waits(agent), Instant::now() + PATIENCE);
        while self.waits(agent) == waits {
            if !self.computed(agent).is_empty() {
                return false;
            }
            assert!(Instant::now() < limit, "{}: {agent} neither works nor has worked", self.id);
            thread::sleep(PAUSE);
        }
        true
    }

    /// Each agent's work was done once: of calls that it lived through, and its result is none but that. Two
    /// computations have different time stamps.
    pub(super) fn check_computed(&self, what: &str) {
        let kept = self.kept();
        for agent in AGENTS {
            let computed = self.computed(agent);
            assert_eq!(computed.iter().collect::<Vec<_>>(), [&kept[agent]], "{what}: computations of {agent}");
        }
    }

    /// The different results that an agent gave.
    fn computed(&self, agent: &str) -> BTreeSet<Bytes> {
        let answers = self.calls(agent).into_iter().filter_map(|call| call.answer);
        answers.filter(|answer| !is_wait(answer)).collect()
    }

    /// The files of the dashboard, by name.
    pub(super) fn files(&self, document: &Bytes) -> BTreeMap<String, String> {
        let found: Value = serde_json::from_slice(document).unwrap();
        let files = found["agent_results"]["visualization"]["data"]["generated_artifacts"].as_array().unwrap();
        let text = |file: &Value| {
            let content = self.platform.object(BUCKET, file["object"].as_str().unwrap()).unwrap();
            assert_eq!(file["bytes"], content.len());
            (file["name"].as_str().unwrap().to_owned(), timeless(&self.id, &content))
        };
        files.iter().map(text).collect()
    }

    /// Whether an agent's results of this run are in the document as they were kept, and the document is everywhere
    /// the same.
    pub(super) fn check_document(&self, what: &str, document: &Bytes) {
        let found: Value = serde_json::from_slice(document).unwrap();
        let run = &found["workflow_run"];
        assert!(run["status"] == "success" || run["status"] == "partial", "{what}: {run:#}");
        let text = String::from_utf8(document.to_vec()).unwrap();
        let kept = self.kept();
        assert_eq!(kept.len(), AGENTS.len(), "{what}");
        for (agent, result) in kept {
            let result = String::from_utf8(result.to_vec()).unwrap();
            assert!(text.contains(&result), "{what}: {agent}'s result is another one");
        }
        let stored = [
            (BUCKET, format!("{RUNS}/{}/result.json", self.id)),
            (RESULTS_BUCKET, format!("results/{}.json", self.id)),
        ];
        for (bucket, object) in stored {
            assert_eq!(self.platform.object(bucket, &object).as_ref(), Some(document), "{what}: {object}");
        }
        assert_eq!(&self.finish(), document, "{what}: the replay");
    }
}

/// Whether an agent's answer says that an earlier call is still at work.
pub(super) fn is_wait(answer: &Bytes) -> bool {
    serde_json::from_slice::<Value>(answer).is_ok_and(|answer| answer["error"]["code"] == "in_progress")
}

/// Members of JSON that tell of the clock, also by way of the sizes and digests of files.
const TIMES: [&str; 7] = ["timestamp", "task_id", "execution_time", "start_time", "end_time", "bytes", "sha256"];
/// Cells of the dashboard that do.
const CELLS: [&str; 3] = ["Task", "Began", "Took"];

/// A text without what the clock and the run's name put into it.
pub(super) fn timeless(run: &str, document: &[u8]) -> String {
    let mut text = String::from_utf8(document.to_vec()).unwrap().replace(run, "RUN");
    for member in TIMES {
        text = without(&text, &format!("\"{member}\":"), |rest| rest.find([',', '}']));
    }
    for cell in CELLS {
        text = without(&text, &format!(" data-label=\"{cell}\""), |rest| rest.find("</td>"));
    }
    text
}

/// The text without what stands between `start` and the next `end`.
fn without(text: &str, start: &str, end: impl Fn(&str) -> Option<usize>) -> String {
    let mut parts = text.split(start);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + start + &part[end(part).expect("the end of a value")..])
}

//! `causeway up` with a directory for its state is killed as a whole, at each stage boundary and within a stage.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustix::process::Signal;
use serde_json::{Value, json};
use tests::harness::{AGENTS, BUCKET, FLOW, LocalCloud, signal};

use super::orders::orders;
use super::run::timeless;

const RUN: &str = "durable";
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(1);
const PAUSE: Duration = Duration::from_millis(200);

/// A running `causeway up`.
struct Up(LocalCloud);

impl Up {
    fn start(state: &Path) -> Self {
        Self(LocalCloud::start(state, 290, &[("FLOW_LEASE_SECONDS", "5"), ("AGENT_LEASE_SECONDS", "15")]))
    }

    /// One request on a connection of its own; `None` when the server dies.
    fn ask(&self, method: &str, path: &str, body: &[u8]) -> Option<(u16, Bytes)> {
        ask(&self.0.address, method, path, body)
    }

    fn objects(&self) -> String {
        let about: Value = serde_json::from_slice(&self.ask("GET", "/_causeway/about", b"").unwrap().1).unwrap();
        format!("/_causeway/oci/n/{}/b/{BUCKET}/o", about["namespace"].as_str().unwrap())
    }

    /// The agents' results that are kept.
    fn kept(&self) -> Vec<Bytes> {
        let folder = format!("causeway-state/decisioning-flow-runs/{RUN}/stages/");
        let (_, listed) = self.ask("GET", &format!("{}?prefix={folder}", self.objects()), b"").unwrap();
        let listed: Value = serde_json::from_slice(&listed).unwrap();
        let names = listed["objects"].as_array().unwrap().iter().map(|object| object["name"].as_str().unwrap());
        names.map(|name| self.ask("GET", &format!("{}/{name}", self.objects()), b"").unwrap().1).collect()
    }

    /// Calls the flow until the run is finished; `None` when the server dies.
    fn run(address: &str) -> Option<Bytes> {
        let request = json!({ "run_id": RUN, "data_sources": ["orders"], "as_of": "2025-01-01" }).to_string();
        loop {
            let (status, body) = ask(address, "POST", &format!("/invoke/{FLOW}"), request.as_bytes())?;
            let answer: Value = serde_json::from_slice(&body).ok()?;
            if answer["error"]["code"] != "run_in_progress" {
                assert_eq!((status, &answer["workflow_run"]["deferred"]), (200, &json!([])), "{answer}");
                return Some(body);
            }
            thread::sleep(PAUSE);
        }
    }

    /// The process of a function, as soon as there is one.
    fn wait_for(&self, function: &str) -> u32 {
        wait(function, || children(self.0.process.id(), function).first().copied())
    }

    /// The next calls of functions get stuck on their way.
    fn hold_calls(&self, count: usize) {
        let (service, operation) = ("functions", "InvokeFunction");
        let rule = json!({ "service": service, "operation": operation, "latencyMs": 600_000, "times": count });
        let (status, body) = self.ask("POST", "/_causeway/faults", rule.to_string().as_bytes()).unwrap();
        assert!(status < 300, "{status} {body:?}");
    }

    fn wait_held(&self, count: usize) {
        wait("a call", || {
            let (_, rules) = self.ask("GET", "/_causeway/faults", b"")?;
            String::from_utf8_lossy(&rules).contains(&format!("\"hits\":{count},")).then_some(())
        });
    }
}

fn wait<T>(what: &str, find: impl Fn() -> Option<T>) -> T {
    let limit = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(Instant::now() < limit, "{what} never comes");
        thread::sleep(LOOK);
    }
}

/// HTTP/1.0, so that the end of the answer is the end of the connection.
fn ask(address: &str, method: &str, path: &str, body: &[u8]) -> Option<(u16, Bytes)> {
    let mut connection = TcpStream::connect(address).ok()?;
    connection.set_read_timeout(Some(PATIENCE)).ok()?;
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.0\r\nhost: {address}\r\ncontent-type: application/json\r\n");
    connection.write_all(format!("{head}content-length: {length}\r\n\r\n").as_bytes()).ok()?;
    connection.write_all(body).ok()?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).ok()?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let status = String::from_utf8_lossy(&answer[..end]).split(' ').nth(1)?.parse().ok()?;
    Some((status, Bytes::from(answer).slice(end..)))
}

/// Processes of a function below this one.
fn children(parent: u32, function: &str) -> Vec<u32> {
    let is_its = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let of_parent = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)) == Some(&parent.to_string());
        let arguments = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        of_parent && arguments.contains(&format!("\0{function}\0"))
    };
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(is_its).collect()
}

/// A server over a state with the orders in it.
fn furnished(directory: &Path) -> Up {
    let up = Up::start(&directory.join("state"));
    let (status, answer) = up.ask("PUT", &format!("{}/orders/orders.csv", up.objects()), orders().as_bytes()).unwrap();
    assert_eq!(status, 200, "{answer:?}");
    up
}

/// Lives of the server, one after the other: agents at work, and how many calls come after them. It is killed when these
/// calls are on their way.
const LIVES: [(&[&str], usize); 4] =
    [(&[], 1), (&["discovery-agent"], 2), (&["intelligence-agent", "strategy-agent"], 1), (&["decision-agent"], 1)];

#[test]
fn killed_as_a_whole_at_each_boundary_and_within_the_last_stage() {
    let directory = tempfile::tempdir().unwrap();
    let undisturbed = furnished(directory.path());
    let expected = timeless(RUN, &Up::run(&undisturbed.0.address).unwrap());
    drop(undisturbed);

    let directory = tempfile::tempdir().unwrap();
    drop(furnished(directory.path()));
    let state = directory.path().join("state");
    let mut kept = Vec::new();
    for (working, next) in LIVES {
        let up = Up::start(&state);
        if working.is_empty() {
            up.hold_calls(next);
        }
        let address = up.0.address.clone();
        let calling = thread::spawn(move || Up::run(&address));
        // Stopped until the rule is there, so that it cannot come too late.
        let agents: Vec<_> = working.iter().map(|agent| stopped(up.wait_for(agent))).collect();
        if !agents.is_empty() {
            up.hold_calls(next);
        }
        agents.into_iter().for_each(|agent| signal(agent, Signal::CONT));
        up.wait_held(next);
        kept = grown(&kept, up.kept());
        drop(up);
        assert_eq!(calling.join().unwrap(), None, "{working:?}: it had answered before it was killed");
    }
    assert_eq!(kept.len(), 4, "all but the last stage");

    let up = Up::start(&state);
    let address = up.0.address.clone();
    let calling = thread::spawn(move || Up::run(&address));
    let agent = stopped(up.wait_for("visualization-agent"));
    drop(up);
    signal(agent, Signal::CONT);
    assert_eq!(calling.join().unwrap(), None);

    let up = Up::start(&state);
    let document = Up::run(&up.0.address).unwrap();
    assert_eq!(timeless(RUN, &document), expected);
    let called = AGENTS.map(|agent| children(up.0.process.id(), agent).len());
    assert_eq!(called, [0, 0, 0, 0, 1], "what was kept was not worked out again");
    let all = grown(&kept, up.kept());
    let text = String::from_utf8(document.to_vec()).unwrap();
    assert!(all.len() == AGENTS.len() && all.iter().all(|kept| text.contains(&*String::from_utf8_lossy(kept))));
    drop(up);
    assert_eq!(Up::run(&Up::start(&state).0.address), Some(document), "the replay after one more kill");
}

fn stopped(pid: u32) -> u32 {
    signal(pid, Signal::STOP);
    pid
}

/// What is kept now, with everything that was kept before.
fn grown(before: &[Bytes], now: Vec<Bytes>) -> Vec<Bytes> {
    assert!(before.iter().all(|result| now.contains(result)), "a kept result was lost or changed");
    now
}

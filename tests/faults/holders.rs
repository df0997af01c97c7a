//! A holder of a lease that is killed or stopped, in a process of its own, and its successor.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use causeway_cloud::state::lease::{Acquired, Lease, acquire};
use causeway_cloud::state::{Documents, StateError};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use tests::harness::Hurried;

use crate::cloud::{BUCKET, Cloud};

const TIME_TO_LIVE: Duration = Duration::from_millis(1500);
const PATIENCE: Duration = Duration::from_secs(30);

/// What the holders write under the lease.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Work {
    by: String,
    step: u64,
}

/// A holder in a process of its own; it is killed with this value.
struct Holder {
    process: Child,
    lines: Receiver<String>,
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Holder {
    fn start(variables: HashMap<String, String>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lease_holder"));
        command.args(["--bucket", BUCKET, "--owner", "first", "--time-to-live-ms"]).env_clear().envs(variables);
        command.arg(TIME_TO_LIVE.as_millis().to_string()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the holder starts");
        let output = BufReader::new(process.stdout.take().unwrap());
        let (line, lines) = channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|text| line.send(text)));
        Self { process, lines }
    }

    /// The first line that starts so.
    fn line(&self, start: &str) -> String {
        let limit = Instant::now() + PATIENCE;
        loop {
            let line = self.lines.recv_timeout(limit.saturating_duration_since(Instant::now()));
            let line = line.unwrap_or_else(|_| panic!("no line {start:?} came"));
            assert!(line.starts_with(start) || !line.starts_with("fenced"), "too early: {line}");
            if line.starts_with(start) {
                return line;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }
}

fn documents(cloud: &Cloud) -> Documents {
    let bucket = causeway_oci_client::store::Bucket::new(cloud.direct().object_storage(), BUCKET);
    Documents::new(Arc::new(bucket), "lease", Arc::new(Hurried { by: 1 }))
}

/// Takes the lease as soon as it can be had; not before the holder's time is over.
async fn succeed(documents: &Documents) -> Lease {
    let limit = Instant::now() + PATIENCE;
    let mut until = 0;
    loop {
        match acquire(documents, "lease", "second", TIME_TO_LIVE).await.unwrap() {
            Acquired::Held(lease) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
                assert!(until > 0 && now >= u128::from(until), "it was taken {until} at {now}");
                return lease;
            }
            Acquired::Busy { owner, expires_unix_ms } => {
                assert_eq!(owner, "first");
                until = expires_unix_ms;
            }
        }
        assert!(Instant::now() < limit, "the lease never ends");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The successor writes over what its predecessor has left.
async fn take_over(documents: &Documents, lease: &Lease) -> Work {
    let found = documents.get::<Work>("work").await.unwrap().unwrap();
    assert_eq!(found.value.by, "first");
    let work = Work { by: "second".to_owned(), step: found.value.step };
    documents.write_fenced("work", &work, Some(&found.version), lease.epoch()).await.unwrap();
    work
}

fn epoch_in(line: &str) -> u64 {
    line.rsplit(' ').next().and_then(|epoch| epoch.parse().ok()).expect("an epoch")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_holder_had_under_way_is_refused() {
    let cloud = Cloud::start(31).await;
    let documents = documents(&cloud);
    let mut holder = Holder::start(cloud.variables(&cloud.proxy.url));
    let epoch = epoch_in(&holder.line("held"));
    holder.line("wrote 3 ");
    // Its next write gets stuck in the network, and then it dies.
    cloud.proxy.hold(true);
    let limit = Instant::now() + PATIENCE;
    while cloud.proxy.waiting() == 0 {
        assert!(Instant::now() < limit, "it writes no more");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    holder.signal(Signal::KILL);
    assert!(!holder.process.wait().unwrap().success());

    let lease = succeed(&documents).await;
    assert_eq!(lease.epoch(), epoch + 1);
    let work = take_over(&documents, &lease).await;
    cloud.proxy.hold(false);
    while !cloud.proxy.late().contains("\r\n\r\n") {
        assert!(Instant::now() < limit, "the late write has no answer");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let late = cloud.proxy.late();
    assert!(late.starts_with("HTTP/1.1 412 "), "the late write: {late}");
    assert_eq!(documents.get::<Work>("work").await.unwrap().unwrap().value, work);
    assert!(matches!(acquire(&documents, "lease", "third", TIME_TO_LIVE).await.unwrap(),
        Acquired::Busy { owner, .. } if owner == "second"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_that_was_stopped_is_fenced_when_it_goes_on() {
    let cloud = Cloud::start(32).await;
    let documents = documents(&cloud);
    let mut holder = Holder::start(cloud.variables(&cloud.proxy.url));
    let epoch = epoch_in(&holder.line("held"));
    holder.line("wrote 3 ");
    holder.signal(Signal::STOP);

    let lease = succeed(&documents).await;
    assert_eq!(lease.epoch(), epoch + 1);
    let work = take_over(&documents, &lease).await;
    holder.signal(Signal::CONT);
    let fenced = holder.line("fenced");
    assert_eq!(fenced, format!("fenced ours={epoch} theirs={}", lease.epoch()));
    assert_eq!(holder.process.wait().unwrap().code(), Some(3));
    assert_eq!(documents.get::<Work>("work").await.unwrap().unwrap().value, work);

    // Whoever still has its version and its epoch is refused as well.
    let present = documents.get::<Work>("work").await.unwrap().unwrap();
    let late = documents.write_fenced("work", &work, Some(&present.version), epoch).await.unwrap_err();
    assert!(matches!(late, StateError::Fenced { .. }), "{late}");
}

//! One child process: its pipes, its end, its directory.
//!
//! Whoever holds a [`Process`] keeps it running; dropping it kills the child, reaps it and removes its
//! directory. A task of its own does that, so it happens even when a call is cancelled half-way.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::host::Host;
use super::memory;
use crate::failure::{Failure, FailureKind};
use crate::logs::{FunctionLog, follow};

/// Lines of a dead process that are shown to whoever waited for it.
const LAST_LINES: usize = 5;
/// How long the last lines of a dead process are waited for: a grandchild can keep the pipes open.
const PIPES_CLOSE: Duration = Duration::from_millis(200);

/// How much there is that has to end before the cloud has: children, and events on their way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Census(Arc<watch::Sender<usize>>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Counted(Census);

impl Census {
    pub(crate) fn enter(&self) -> Counted {
        self.0.send_modify(|count| *count += 1);
        Counted(self.clone())
    }

    /// Waits until there is none.
    pub(crate) async fn empty(&self) {
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}

/// A running child.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    log: Arc<FunctionLog>,
    exit: watch::Receiver<Option<String>>,
    /// Dropped together with the process, which is the order to kill it.
    _kill: oneshot::Sender<()>,
}

impl Process {
    /// Starts the function with these platform variables.
    pub(crate) fn start(host: &Host, platform: &[(&str, String)], directory: TempDir) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| {
            FailureKind::NotStarted.because(format!("{}: {error}", host.program.executable.display()))
        };
        // Counted first: whoever stops the cloud sets the sign before it looks at the count.
        let counted = host.census.enter();
        if *host.stop.borrow() {
            return Err(FailureKind::Stopping.into());
        }
        let mut child = command(host, platform).spawn().map_err(failed)?;
        let pid = child.id().unwrap_or_default();
        let readers = [
            child.stdout.take().map(|stream| read(stream, host, pid)),
            child.stderr.take().map(|stream| read(stream, host, pid)),
        ];
        let (kill, killed) = oneshot::channel();
        let (exit_sender, exit) = watch::channel(None);
        let keeper = Keeper {
            child,
            readers,
            directory,
            memory_mb: host.limits.enforce_memory.then_some(host.limits.memory_mb),
            log: Arc::clone(&host.log),
            stop: host.stop.clone(),
            _counted: counted,
        };
        tokio::spawn(keeper.keep(killed, exit_sender));
        Ok(Self { pid, log: Arc::clone(&host.log), exit, _kill: kill })
    }

    pub(crate) fn has_exited(&self) -> bool {
        self.exit.borrow().is_some()
    }

    /// Waits for the end; says how it ended, such as `exit status: 3`.
    pub(crate) async fn exited(&self) -> String {
        let mut exit = self.exit.clone();
        match exit.wait_for(Option::is_some).await {
            Ok(status) => status.clone().unwrap_or_default(),
            Err(_) => "stopped".to_owned(),
        }
    }

    /// How it ended and what it said last, if it ended just now.
    pub(crate) async fn last_words(&self) -> Option<String> {
        let status = timeout(Duration::from_millis(300), self.exited()).await.ok()?;
        Some(self.epitaph(&status))
    }

    /// An exit status together with the last log lines.
    pub(crate) fn epitaph(&self, status: &str) -> String {
        let lines = self.log.last(self.pid, LAST_LINES);
        if lines.is_empty() { status.to_owned() } else { format!("{status}; last lines:\n{}", lines.join("\n")) }
    }

    /// Number of the next log line.
    pub(crate) fn log_mark(&self) -> u64 {
        self.log.mark()
    }

    pub(crate) fn log_since(&self, mark: u64) -> Vec<String> {
        self.log.since(mark, self.pid)
    }

    /// Largest resident size so far, in MB.
    pub(crate) fn peak_memory_mb(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kilobytes.div_ceil(1024))
    }
}

/// A process group of its own keeps a Ctrl-C in the terminal from ending calls that we still want to end
/// in order. Standard input is a pipe that nobody writes to: the child watches it, and its end means that
/// the supervisor is gone, however that died.
fn command(host: &Host, platform: &[(&str, String)]) -> Command {
    let mut command = Command::new(&host.program.executable);
    command
        .args(&host.program.arguments)
        .env_clear()
        .envs(host.program.environment.iter().map(|(name, value)| (name, value)))
        .envs(platform.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    command
}

fn read(stream: impl tokio::io::AsyncRead + Unpin + Send + 'static, host: &Host, pid: u32) -> JoinHandle<()> {
    let log = Arc::clone(&host.log);
    tokio::spawn(follow(stream, move |line| log.append(pid, line)))
}

/// Waits until the process of this number is over the limit, if there is one.
async fn too_large(limit: Option<(u32, u32)>) -> (u32, u64) {
    match limit {
        Some((id, limit_mb)) => (id, memory::exceeded(id, limit_mb).await),
        None => std::future::pending().await,
    }
}

struct Keeper {
    child: Child,
    readers: [Option<JoinHandle<()>>; 2],
    directory: TempDir,
    /// The most memory that the child may hold, in MB.
    memory_mb: Option<u32>,
    log: Arc<FunctionLog>,
    stop: watch::Receiver<bool>,
    _counted: Counted,
}

impl Keeper {
    async fn keep(mut self, killed: oneshot::Receiver<()>, exit: watch::Sender<Option<String>>) {
        // `wait` would close it, which is the sign for the child to end.
        let _stdin = self.child.stdin.take();
        // Asked now: an ended child has no id.
        let id = self.child.id();
        let group = id.and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let limit = id.zip(self.memory_mb);
        let stop = async |mut stop: watch::Receiver<bool>| drop(stop.wait_for(|stop| *stop).await);
        let ended = tokio::select! {
            status = self.child.wait() => Some(status),
            _ = killed => None,
            () = stop(self.stop.clone()) => None,
            (id, used) = too_large(limit) => {
                // Under the child's number, so that it is among its last words.
                let fields = json!({ "used_mb": used, "limit_mb": self.memory_mb, "process_id": id });
                self.log.tell(id, "ERROR", "memory.exceeded", fields);
                None
            }
        };
        let status = match ended {
            Some(status) => {
                kill_group(group);
                status
            }
            None => self.kill(group).await,
        };
        for reader in self.readers.iter_mut().flatten() {
            if timeout(PIPES_CLOSE, &mut *reader).await.is_err() {
                reader.abort();
            }
        }
        drop(self.directory);
        let _ = exit.send(Some(status.map_or_else(|error| error.to_string(), describe)));
    }

    async fn kill(&mut self, group: Option<Pid>) -> std::io::Result<ExitStatus> {
        kill_group(group);
        let _ = self.child.start_kill();
        self.child.wait().await
    }
}

/// The whole group, so that nothing that the function has started stays, also when it ended by itself. The
/// kernel gives its number to nobody else while there is a member.
fn kill_group(group: Option<Pid>) {
    if let Some(group) = group {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(9)) => "signal: killed".to_owned(),
        (None, Some(signal)) => format!("signal: {signal}"),
        (None, None) => status.to_string(),
    }
}

//! The echo servers: starting one as the platform would, and what its process uses.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;
use tempfile::TempDir;

use crate::wire::Connection;

/// The agent's own limit for a container to come up.
const START_LIMIT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_micros(50);

/// A program to measure, given as `name=path`.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// The name in the report.
    pub(crate) name: String,
    path: PathBuf,
}

impl FromStr for Program {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, path) = text.split_once('=').context("expected name=path")?;
        let path = fs::canonicalize(path).with_context(|| format!("no program at {path}"))?;
        Ok(Self { name: name.to_owned(), path })
    }
}

/// A running server; it is killed and its directory removed when dropped.
pub(crate) struct Server {
    child: Child,
    socket: PathBuf,
    started: Instant,
    _dir: TempDir,
}

impl Server {
    /// Starts `program` with the environment of a function and waits for nothing.
    pub(crate) fn start(program: &Program) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let socket = dir.path().join("lsnr.sock");
        let mut command = Command::new(&program.path);
        command
            .env_clear()
            .envs([("PATH", "/usr/local/bin:/usr/bin:/bin"), ("HOME", "/tmp"), ("FN_FORMAT", "http-stream")])
            .env("FN_LISTENER", format!("unix:{}", socket.display()))
            .envs([("FN_APP_NAME", "bench"), ("FN_FN_NAME", "echo"), ("FN_TYPE", "sync"), ("FN_MEMORY", "128")])
            .envs([("FN_APP_ID", "01M7XXXAWMR00040J6M0000001"), ("FN_FN_ID", "01M7XXXAWMR00040J6M0000002")])
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("starting {}", program.path.display()))?;
        Ok(Self { child, socket, started, _dir: dir })
    }

    /// Waits until the socket accepts the first connection; says how long that took from the start.
    pub(crate) fn first_connection(&mut self) -> Result<(Connection, Duration)> {
        loop {
            if let Ok(connection) = Connection::open(&self.socket) {
                return Ok((connection, self.started.elapsed()));
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended before listening: {status}");
            }
            ensure!(self.started.elapsed() < START_LIMIT, "no socket after {START_LIMIT:?}");
            std::thread::sleep(POLL);
        }
    }

    /// Time since the process was started.
    pub(crate) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// A further connection.
    pub(crate) fn connect(&self) -> Result<Connection> {
        Connection::open(&self.socket).context("connecting again")
    }

    /// What the process occupies now.
    pub(crate) fn memory(&self) -> Result<Memory> {
        let text = fs::read_to_string(self.proc().join("smaps_rollup"))?;
        Ok(Memory { rss_kib: kib(&text, "Rss:")?, pss_kib: kib(&text, "Pss:")? })
    }

    /// Processor time of all threads so far.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let mut total = 0;
        for task in fs::read_dir(self.proc().join("task"))? {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            total += text.split(' ').next().unwrap_or_default().parse::<u64>().context("schedstat")?;
        }
        Ok(Duration::from_nanos(total))
    }

    fn proc(&self) -> PathBuf {
        Path::new("/proc").join(self.child.id().to_string())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Memory of a process in KiB.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Memory {
    /// Resident pages.
    pub(crate) rss_kib: u64,
    /// Resident pages, shared ones counted in proportion.
    pub(crate) pss_kib: u64,
}

fn kib(smaps: &str, label: &str) -> Result<u64> {
    let line = smaps.lines().find(|line| line.starts_with(label)).with_context(|| format!("no {label} line"))?;
    let number = line.split_whitespace().nth(1).context("no number")?;
    number.parse().with_context(|| format!("{label} {number}"))
}

//! A function as a process of Fn: it publishes a Unix socket and answers `POST /call` there.

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::HeaderMap;
use tokio::time::{sleep, timeout};

use super::fn_wire::{Connection, WireError};
use super::host::Host;
use super::pool::{Called, Worker};
use super::process::Process;
use crate::failure::{Failure, FailureKind};
use crate::ids;

/// The agent closes its connection after so long without a call.
const CONNECTION_IDLE: Duration = Duration::from_secs(1);
const SOCKET_NAME: &str = "lsnr.sock";

/// A call as the caller gave it; the call id and the deadline are added here.
#[derive(Debug, Clone)]
pub(crate) struct FnRequest {
    pub(crate) call_id: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What the function answered with 200.
#[derive(Debug)]
pub(crate) struct FnReply {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

pub(crate) struct FnWorker {
    host: Arc<Host>,
    process: Process,
    socket: PathBuf,
    connection: Option<Connection>,
}

impl Worker for FnWorker {
    type Request = FnRequest;
    type Reply = FnReply;

    async fn start(host: Arc<Host>) -> Result<Self, Failure> {
        let directory = host.process_directory().map_err(|error| FailureKind::NotStarted.because(error.to_string()))?;
        let socket = directory.path().join(SOCKET_NAME);
        let process = Process::start(&host, &platform(&host, &socket), directory)?;
        match timeout(host.limits.fn_init_timeout, published(&process, &socket)).await {
            Ok(ready) => ready?,
            Err(_) => return Err(init_timed_out(&process)),
        }
        let connection = connect(&process, &socket).await?;
        Ok(Self { host, process, socket, connection: Some(connection) })
    }

    async fn prepare(&mut self) -> bool {
        if self.process.has_exited() {
            return false;
        }
        if !self.connection.as_ref().is_some_and(Connection::is_open) {
            self.connection = Connection::open(&self.socket).await.ok();
        }
        self.connection.is_some()
    }

    async fn call(&mut self, request: FnRequest) -> Called<FnReply> {
        let limits = &self.host.limits;
        let Some(mut connection) = self.connection.take() else {
            return Called { outcome: Err(FailureKind::NoResponse.into()), keep: false };
        };
        let (limit, bytes) = (limits.call_timeout, limits.max_response_bytes);
        match timeout(limit, connection.call(request, limit, bytes)).await {
            Ok(Ok(reply)) => {
                self.connection = Some(connection);
                Called { outcome: Ok(reply), keep: true }
            }
            Ok(Err(WireError { kind, fatal })) => Called { outcome: Err(self.explain(kind).await), keep: !fatal },
            Err(_) => {
                let text = format!("no answer within {} s; the process was killed", limit.as_secs_f64());
                Called { outcome: Err(FailureKind::TimedOut.because(text)), keep: false }
            }
        }
    }

    fn rest(&mut self, idle: Duration) -> bool {
        if idle >= CONNECTION_IDLE {
            self.connection = None;
        }
        !self.process.has_exited()
    }

    fn pid(&self) -> u32 {
        self.process.pid
    }
}

impl FnWorker {
    /// A connection that breaks mostly means a process that has died; its exit status says more.
    async fn explain(&self, kind: FailureKind) -> Failure {
        match kind {
            FailureKind::NoResponse => Failure { kind, detail: self.process.last_words().await },
            kind => kind.into(),
        }
    }
}

fn platform(host: &Host, socket: &Path) -> [(&'static str, String); 8] {
    [
        ("FN_LISTENER", format!("unix:{}", socket.display())),
        ("FN_FORMAT", "http-stream".to_owned()),
        ("FN_APP_ID", ids::stable_id("app/causeway")),
        ("FN_APP_NAME", "causeway".to_owned()),
        ("FN_FN_ID", host.program.id()),
        ("FN_FN_NAME", host.program.name.clone()),
        ("FN_MEMORY", host.limits.memory_mb.to_string()),
        ("FN_TYPE", "sync".to_owned()),
    ]
}

/// Waits for the socket's name and checks it as the agent does, or for the end of the process.
async fn published(process: &Process, socket: &Path) -> Result<(), Failure> {
    let started = Instant::now();
    let appears = async {
        while fs::symlink_metadata(socket).is_err() {
            // Short at first: a good start takes a few milliseconds.
            let pause = if started.elapsed() < Duration::from_millis(100) { 1 } else { 10 };
            sleep(Duration::from_millis(pause)).await;
        }
    };
    tokio::select! {
        () = appears => check(socket).map_err(|error| FailureKind::InitFailed.because(error.to_string())),
        status = process.exited() => Err(FailureKind::InitFailed.because(process.epitaph(&status))),
    }
}

fn check(socket: &Path) -> io::Result<()> {
    if fs::symlink_metadata(socket)?.is_symlink() {
        let target = fs::read_link(socket)?;
        let parts: Vec<_> = target.components().filter(|part| *part != Component::CurDir).collect();
        if !matches!(parts[..], [Component::Normal(_)]) {
            return Err(io::Error::other(format!("{SOCKET_NAME} links to {}, not to a bare name", target.display())));
        }
    }
    if fs::metadata(socket)?.file_type().is_socket() {
        Ok(())
    } else {
        Err(io::Error::other(format!("{SOCKET_NAME} is not a socket")))
    }
}

fn init_timed_out(process: &Process) -> Failure {
    FailureKind::InitTimedOut.because(process.epitaph("no socket in time; the process was killed"))
}

async fn connect(process: &Process, socket: &Path) -> Result<Connection, Failure> {
    match Connection::open(socket).await {
        Ok(connection) => Ok(connection),
        Err(error) => {
            let words = process.last_words().await.unwrap_or_default();
            Err(FailureKind::InitFailed.because(format!("the socket refuses connections: {error} {words}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn names_are_checked_like_the_agent_does() {
        let check_name = |make: &dyn Fn(&Path), fine: bool| {
            let directory = tempfile::tempdir().unwrap();
            std::os::unix::net::UnixListener::bind(directory.path().join("real")).unwrap();
            make(directory.path());
            let checked = check(&directory.path().join(SOCKET_NAME));
            assert_eq!(checked.is_ok(), fine, "{checked:?}");
        };
        check_name(&|at| symlink("real", at.join(SOCKET_NAME)).unwrap(), true);
        check_name(&|at| fs::rename(at.join("real"), at.join(SOCKET_NAME)).unwrap(), true);
        check_name(&|at| symlink(at.join("real"), at.join(SOCKET_NAME)).unwrap(), false);
        check_name(&|at| symlink("./real", at.join(SOCKET_NAME)).unwrap(), true);
        check_name(&|at| symlink("../x/real", at.join(SOCKET_NAME)).unwrap(), false);
        check_name(&|at| symlink("gone", at.join(SOCKET_NAME)).unwrap(), false);
        check_name(&|at| fs::write(at.join(SOCKET_NAME), "").unwrap(), false);
    }
}

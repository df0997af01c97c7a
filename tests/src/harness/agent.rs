//! A small Fn agent: one request at a time per container, containers started on demand, and the rules on
//! which answers cost a container.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use super::{Connection, Function, Home, Reply, Request, Spec, WireError};

/// What the agent does about a wire status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The answer goes to the caller.
    Pass,
    /// 502 "function failed", the container is kept.
    Failed,
    /// 504 "Timed out", the container is kept.
    TimedOut,
    /// 502 "invalid function response", the container is killed.
    Invalid,
}

impl Verdict {
    /// The agent's table.
    #[must_use]
    pub fn on(status: u16) -> Self {
        match status {
            200 => Self::Pass,
            502 => Self::Failed,
            504 => Self::TimedOut,
            _ => Self::Invalid,
        }
    }
}

/// What the caller of the agent sees, and what became of the container.
#[derive(Debug)]
pub struct Outcome {
    /// Status for the caller; behind a gateway that of `Fn-Http-Status`.
    pub status: u16,
    /// The agent's message when the function's answer did not go through.
    pub message: Option<&'static str>,
    /// The function's reply, if it came.
    pub reply: Option<Reply>,
    /// The process that had the call.
    pub pid: u32,
    /// Whether it can have another one.
    pub kept: bool,
    /// How the process had ended by itself, if it had.
    pub exit: Option<ExitStatus>,
}

/// A container with the agent's one idle connection to it.
#[derive(Debug)]
struct Container {
    function: Function,
    connection: Option<Connection>,
}

/// A call that was sent and not answered yet.
#[derive(Debug)]
pub struct InFlight {
    container: Container,
    connection: Connection,
    sent: Result<(), WireError>,
    gateway: bool,
    start: Instant,
}

/// The agent for one function.
#[derive(Debug)]
pub struct Agent {
    spec: Spec,
    timeout: Duration,
    idle: Vec<Container>,
}

impl Agent {
    /// With the function timeout that is the platform's default, 30 s.
    #[must_use]
    pub fn new(spec: Spec) -> Self {
        Self { spec, timeout: Duration::from_secs(30), idle: Vec::new() }
    }

    /// Sets the function timeout.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Containers that wait for a call.
    #[must_use]
    pub fn idle(&self) -> usize {
        self.idle.len()
    }

    /// Freezes all idle containers, as the agent does after 50 ms. The next call thaws one.
    pub fn freeze_idle(&self) {
        for container in &self.idle {
            container.function.freeze();
        }
    }

    /// One call from beginning to end.
    pub fn call(&mut self, request: &Request) -> Outcome {
        let in_flight = self.begin(request);
        self.finish(in_flight)
    }

    /// Sends a call to an idle container, or to a new one.
    pub fn begin(&mut self, request: &Request) -> InFlight {
        let mut container = self.idle.pop().unwrap_or_else(|| start(&self.spec));
        container.function.thaw();
        let start = Instant::now();
        let mut connection = container.connection.take().unwrap_or_else(|| container.function.connect());
        connection.set_patience(self.timeout);
        let sent = connection.try_send(&request.bytes()).map_err(WireError::from);
        InFlight { container, connection, sent, gateway: request.is_gateway(), start }
    }

    /// Waits for the answer until the function timeout and decides about the container.
    pub fn finish(&mut self, call: InFlight) -> Outcome {
        let InFlight { container: Container { mut function, .. }, mut connection, sent, gateway, start } = call;
        connection.set_patience(self.timeout.saturating_sub(start.elapsed()).max(Duration::from_millis(1)));
        let result = sent.and_then(|()| connection.try_reply());
        let pid = function.pid();
        let (status, message, kept) = judge(&result, gateway);
        let exit = if kept {
            let exit = function.exited();
            self.idle.push(Container { function, connection: Some(connection) });
            exit
        } else {
            end(function)
        };
        Outcome { status, message, reply: result.ok(), pid, kept, exit }
    }
}

fn judge(result: &Result<Reply, WireError>, gateway: bool) -> (u16, Option<&'static str>, bool) {
    let reply = match result {
        Ok(reply) => reply,
        Err(WireError::Silent) => return (504, Some("Timed out"), false),
        Err(_) => return (502, Some("error receiving function response"), false),
    };
    match Verdict::on(reply.status) {
        Verdict::Pass if gateway => (gateway_status(reply), None, true),
        Verdict::Pass => (200, None, true),
        Verdict::Failed => (502, Some("function failed"), true),
        Verdict::TimedOut => (504, Some("Timed out"), true),
        Verdict::Invalid => (502, Some("invalid function response"), false),
    }
}

fn gateway_status(reply: &Reply) -> u16 {
    reply.value("fn-http-status").and_then(|status| status.parse().ok()).unwrap_or(200)
}

/// A process that closed the connection gets a moment to end by itself; then it is killed.
fn end(mut function: Function) -> Option<ExitStatus> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(500) {
        if let Some(status) = function.exited() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(function);
    None
}

fn start(spec: &Spec) -> Container {
    let mut function = spec.spawn(Home::new());
    function.wait_published();
    if let Err(reason) = check_publication(&function.home().socket()) {
        panic!("{}: Container failed to initialize: {reason}", spec.program());
    }
    Container { function, connection: None }
}

/// What the agent asks of the published name.
fn check_publication(socket: &Path) -> Result<(), String> {
    let error = |error: std::io::Error| error.to_string();
    if fs::symlink_metadata(socket).map_err(error)?.is_symlink() {
        let target = fs::read_link(socket).map_err(error)?;
        if target.components().count() != 1 || target.is_absolute() {
            return Err(format!("the symlink points to {}", target.display()));
        }
    }
    let metadata = fs::metadata(socket).map_err(error)?;
    metadata.file_type().is_socket().then_some(()).ok_or_else(|| "not a socket".to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn publications_that_an_agent_refuses() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let _listener = UnixListener::bind(path("hidden")).unwrap();
        symlink("hidden", path("relative")).unwrap();
        symlink(path("hidden"), path("absolute")).unwrap();
        symlink("nothing", path("dangling")).unwrap();
        fs::write(path("file"), "").unwrap();
        for (name, accepted) in
            [("hidden", true), ("relative", true), ("absolute", false), ("dangling", false), ("file", false)]
        {
            assert_eq!(check_publication(&path(name)).is_ok(), accepted, "{name}");
        }
    }

    #[test]
    fn only_three_statuses_keep_a_container() {
        let kept = |status: u16| Verdict::on(status) != Verdict::Invalid;
        let statuses: Vec<_> = (100..=999).filter(|status| kept(*status)).collect();
        assert_eq!(statuses, [200, 502, 504]);
    }
}

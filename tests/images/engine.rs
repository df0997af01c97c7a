//! A Docker engine for the time of the tests.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::geteuid;
use tests::harness::notice;

/// Until the engine is up; generous, since test machines are busy.
const PATIENCE: Duration = Duration::from_secs(60);
/// Debian's client builds with BuildKit by itself; Docker's own needs a plug-in, which may be missing.
const CLIENTS: [&str; 2] = ["docker", "/usr/bin/docker"];

/// The engine ends when the standard input does, which is when the test's process is gone, however that ended. What it
/// kept in the directory `$0` goes with it. It needs no bridge: the containers have no network.
const SERVE: &str = r#"
set -u
dockerd --host "unix://$0/docker.sock" --data-root "$0/data" --exec-root "$0/exec" --pidfile "$0/pid" \
    --bridge none --iptables=false --ip6tables=false >"$0/log" 2>&1 </dev/null &
engine=$!
cat >/dev/null
kill "$engine"
wait "$engine"
rm -rf "$0"
"#;

/// An engine and how to talk to it.
pub(crate) struct Engine {
    client: &'static str,
    host: String,
    /// Its standard input is the engine's life.
    _own: Option<Child>,
}

/// The engine; where there can be none, the reason is printed. That is no failure on CI: not every machine lets
/// anybody start containers.
pub(crate) fn engine(test: &str) -> Option<&'static Engine> {
    static ENGINE: OnceLock<Result<Engine, String>> = OnceLock::new();
    match ENGINE.get_or_init(Engine::find) {
        Ok(engine) => Some(engine),
        Err(reason) => {
            notice(&format!("SKIPPED {test}: no Docker engine: {reason}"));
            None
        }
    }
}

impl Engine {
    fn find() -> Result<Self, String> {
        if !geteuid().is_root() {
            return Err("it takes root".to_owned());
        }
        let client = CLIENTS.into_iter().find(|client| builds(client)).ok_or("no docker with BuildKit is installed")?;
        match std::env::var("DOCKER_HOST") {
            Ok(host) => Ok(Self { client, host, _own: None }),
            Err(_) => Self::start(client),
        }
    }

    fn start(client: &'static str) -> Result<Self, String> {
        // The paths of sockets in it must be short.
        let directory = tempfile::Builder::new().prefix("docker-").tempdir_in("/tmp").map_err(|it| it.to_string())?;
        let directory = directory.keep();
        let mut command = Command::new("sh");
        command.args(["-c", SERVE]).arg(&directory).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // An interrupt from the terminal is for the test, whose end ends this.
        let own = std::os::unix::process::CommandExt::process_group(&mut command, 0).spawn();
        let own = own.map_err(|error| format!("sh: {error}"))?;
        let host = format!("unix://{}/docker.sock", directory.display());
        let engine = Self { client, host, _own: Some(own) };
        engine.wait(&directory).map(|()| engine)
    }

    fn wait(&self, directory: &Path) -> Result<(), String> {
        let limit = Instant::now() + PATIENCE;
        while !succeeds(self.docker(&["info"])) {
            let log = last_lines(&directory.join("log"));
            if log.contains("failed to start") || log.contains("not found") || Instant::now() > limit {
                return Err(log);
            }
            sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// A command of the engine's client.
    pub(crate) fn docker(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.client);
        command.env("DOCKER_BUILDKIT", "1").env("DOCKER_HOST", &self.host).args(arguments).stdin(Stdio::null());
        command
    }

    /// What a command of the client prints, without the line's end.
    ///
    /// # Panics
    /// When it fails.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        text(self.docker(arguments))
    }
}

/// What a command prints, without the line's end.
///
/// # Panics
/// When it fails.
pub(crate) fn text(mut command: Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (said, problem) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}: {said}{problem}", output.status);
    said.trim_end().to_owned()
}

fn builds(client: &str) -> bool {
    let mut command = Command::new(client);
    command.env("DOCKER_BUILDKIT", "1").args(["build", "--help"]).stdin(Stdio::null());
    succeeds(command)
}

fn succeeds(mut command: Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn last_lines(file: &PathBuf) -> String {
    let mut log = String::new();
    // It is not there before the engine has begun.
    let _ = File::open(file).and_then(|mut file| file.read_to_string(&mut log));
    let lines: Vec<_> = log.lines().rev().take(3).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

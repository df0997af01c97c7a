//! A function in a container as Fn's agent starts it, and nothing of the agent's network.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::harness::{Connection, Home, Reply, Request, TASK_LIMIT, WireError};

use crate::engine::{Engine, text};
use crate::root;

/// Bound on everything that should happen at once; generous, since test machines are busy.
const PATIENCE: Duration = Duration::from_secs(60);
/// Seconds that a call has.
const CALL_SECONDS: u64 = 120;
/// Where the agent puts the socket.
const IOFS: &str = "/tmp/iofs";
/// Where OCI puts the principal's files.
pub(crate) const CREDENTIALS: &str = "/.oci-credentials";

/// A function's image and its descriptor.
pub(crate) struct Spec<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) function: &'a str,
    pub(crate) image: &'a str,
}

/// A running container. It is removed on drop.
pub(crate) struct Container<'a> {
    engine: &'a Engine,
    id: String,
    home: Home,
}

impl<'a> Spec<'a> {
    /// Starts the container with the descriptor's settings, these variables above them, and a folder of credentials.
    pub(crate) fn start(&self, variables: &BTreeMap<String, String>, credentials: &Path) -> Container<'a> {
        let home = Home::new();
        let descriptor = self.descriptor();
        let memory = descriptor["memory"].as_u64().expect("memory");
        let mut docker = self.engine.docker(&["run", "--detach"]);
        docker.args(sandbox(memory));
        docker.arg(format!("--volume={}:{IOFS}", home.iofs().display()));
        docker.arg(format!("--volume={}:{CREDENTIALS}:ro", credentials.display()));
        for (name, value) in environment(&descriptor, memory, variables) {
            docker.arg("--env").arg(format!("{name}={value}"));
        }
        docker.arg(self.image);
        let container = Container { engine: self.engine, id: text(docker), home };
        container.wait("publish its socket", |it| fs::symlink_metadata(it.socket()).is_ok());
        container
    }

    fn descriptor(&self) -> Value {
        let file = root().join("func-yaml").join(self.function).join("func.yaml");
        let read = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        serde_yaml_ng::from_str(&read).expect("a descriptor")
    }
}

/// The limits that the open-source agent sets, and those of OCI's `/tmp`, which grow with the memory (in MB).
fn sandbox(memory: u64) -> Vec<String> {
    let tmp = format!("/tmp:rw,nosuid,nodev,noexec,size={}m,nr_inodes={}", memory / 4, memory * 8);
    let mut arguments: Vec<_> = [
        "--network=none",
        "--dns=127.0.0.1",
        "--read-only",
        "--user=1000:1000",
        "--cap-drop=all",
        "--security-opt=no-new-privileges",
        "--ulimit=nofile=350:350",
        "--ulimit=memlock=65536:65536",
        "--ulimit=sigpending=5000:5000",
        "--ulimit=msgqueue=819200:819200",
    ]
    .map(str::to_owned)
    .into();
    arguments.push(format!("--pids-limit={TASK_LIMIT}"));
    arguments.push(format!("--memory={memory}m"));
    arguments.push(format!("--memory-swap={memory}m"));
    arguments.push(format!("--tmpfs={tmp}"));
    arguments
}

/// The descriptor's settings, then a deployment's, then what the agent sets.
fn environment(descriptor: &Value, memory: u64, variables: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let settings = descriptor["config"].as_object().into_iter().flatten();
    let mut all: BTreeMap<_, _> =
        settings.map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned())).collect();
    all.extend(variables.clone());
    let own = [
        ("FN_FORMAT", "http-stream".to_owned()),
        ("FN_LISTENER", format!("unix:{IOFS}/lsnr.sock")),
        ("FN_MEMORY", memory.to_string()),
        ("FN_TYPE", "sync".to_owned()),
    ];
    all.extend(own.map(|(name, value)| (name.to_owned(), value)));
    all
}

/// One call over a function's socket.
///
/// # Errors
/// When nothing that is a reply comes back.
pub(crate) fn call(socket: &Path, body: &[u8]) -> Result<Reply, WireError> {
    let mut connection = Connection::try_open(socket)?;
    connection.set_patience(Duration::from_secs(2 * CALL_SECONDS));
    let request = Request::call(body).header("Content-Type", "application/json");
    connection.try_call(&request.deadline_in(CALL_SECONDS.try_into().unwrap_or(i64::MAX)))
}

impl Container<'_> {
    /// The function's socket, outside of the container.
    pub(crate) fn socket(&self) -> PathBuf {
        self.home.socket()
    }

    /// One field of what the engine knows of the container, in its template language.
    pub(crate) fn inspect(&self, field: &str) -> String {
        self.engine.run(&["inspect", "--format", &format!("{{{{{field}}}}}"), &self.id])
    }

    /// The process id outside of the container.
    pub(crate) fn pid(&self) -> u32 {
        self.inspect(".State.Pid").parse().expect("a process id")
    }

    pub(crate) fn is_running(&self) -> bool {
        self.inspect(".State.Running") == "true"
    }

    /// What the function wrote.
    pub(crate) fn log(&self) -> String {
        let output = self.engine.docker(&["logs", &self.id]).output().expect("logs");
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    }

    fn wait(&self, what: &str, done: impl Fn(&Self) -> bool) {
        let limit = Instant::now() + PATIENCE;
        while !done(self) {
            assert!(self.is_running(), "it ended before it could {what}: {}", self.log());
            assert!(Instant::now() < limit, "it does not {what}: {}", self.log());
            sleep(Duration::from_millis(5));
        }
    }

    /// One call over the mounted socket.
    pub(crate) fn call(&self, body: &str) -> Reply {
        call(&self.socket(), body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error:?}: {}", self.log()))
    }

    /// Stops all of its processes, as the agent does with an idle container.
    pub(crate) fn freeze(&self) {
        self.engine.run(&["pause", &self.id]);
    }

    pub(crate) fn thaw(&self) {
        self.engine.run(&["unpause", &self.id]);
    }

    /// Kills it as the agent does; its exit status.
    pub(crate) fn kill(&self) -> String {
        self.engine.run(&["kill", "--signal", "KILL", &self.id]);
        self.engine.run(&["wait", &self.id])
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        let _ = self.engine.docker(&["rm", "--force", &self.id]).output();
    }
}

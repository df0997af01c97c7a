//! Starts a function with the Fn environment and watches the process. It is killed on drop.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::programs::Program;
use super::{Connection, Home, Reply, Request, home, sandbox};

/// Bound on everything that should happen at once; generous, since test machines are busy.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_micros(50);

/// How to start a function.
#[derive(Debug, Clone)]
pub struct Spec {
    program: Program,
    variables: BTreeMap<String, Option<String>>,
    confined: bool,
}

impl Spec {
    /// With the variables that the open-source agent sets, and nothing else.
    #[must_use]
    pub fn new(program: &Program) -> Self {
        Self { program: program.clone(), variables: BTreeMap::new(), confined: false }
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), Some(value.to_owned()));
        self
    }

    /// Leaves out a variable that the agent would set.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.variables.insert(name.to_owned(), None);
        self
    }

    /// Inside the platform's limits: see [`super::confine`].
    #[must_use]
    pub fn confined(mut self, confined: bool) -> Self {
        self.confined = confined;
        self
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Starts the process in fresh directories and waits for the socket's name.
    #[must_use]
    pub fn start(&self) -> Function {
        let mut function = self.spawn(Home::new());
        function.wait_published();
        function
    }

    /// Starts the process in these directories and does not wait for anything.
    #[must_use]
    pub fn spawn(&self, home: Home) -> Function {
        let mut command = if self.confined {
            sandbox::command(&self.program.path, &home)
        } else {
            let mut command = Command::new(&self.program.path);
            command.current_dir(home.work());
            command
        };
        command.env_clear().envs(self.environment(&home));
        command.stdin(Stdio::null()).stdout(home.log("stdout")).stderr(home.log("stderr"));
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot start {}: {error}", self.program));
        Function { running: Running(child), home, name: self.program.name }
    }

    fn environment(&self, home: &Home) -> BTreeMap<String, String> {
        let listener = if self.confined {
            format!("unix:{}/{}", sandbox::IOFS, home.socket_name())
        } else {
            format!("unix:{}", home.socket().display())
        };
        let given = [
            ("FN_FORMAT", "http-stream"),
            ("FN_LISTENER", &listener),
            ("FN_APP_ID", "01M7XXX0000000000000000APP"),
            ("FN_FN_ID", "01M7XXX00000000000000000FN"),
            ("FN_MEMORY", "256"),
            ("FN_TYPE", "sync"),
            ("HOME", "/"),
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ];
        let mut all: BTreeMap<_, _> = given.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        for (name, value) in &self.variables {
            match value {
                Some(value) => all.insert(name.clone(), value.clone()),
                None => all.remove(name),
            };
        }
        all
    }
}

/// A started function.
#[derive(Debug)]
pub struct Function {
    running: Running,
    home: Home,
    name: &'static str,
}

impl Function {
    /// Its directories.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.running.0.id()
    }

    /// What it answers to a call that has so many seconds.
    ///
    /// # Panics
    /// When the call fails.
    #[must_use]
    pub fn answer(&self, request: &Value, seconds: u32) -> Value {
        let mut connection = self.connect();
        connection.set_patience(Duration::from_secs(u64::from(seconds) + 60));
        let request = Request::call(request.to_string()).header("Content-Type", "application/json");
        let reply = connection.call(&request.deadline_in(seconds.into()));
        assert_eq!(reply.status, 200, "{}: {}", reply.text(), self.stderr());
        reply.json()
    }

    /// Waits until the final name of the socket exists.
    pub fn wait_published(&mut self) {
        let socket = self.home.socket();
        self.wait_until("publish its socket", || fs::symlink_metadata(&socket).is_ok());
    }

    /// Waits until somebody listens, which is later than the name when there is a stale one.
    pub fn wait_listening(&mut self) {
        let socket = self.home.socket();
        self.wait_until("listen", || Connection::try_open(&socket).is_ok());
    }

    fn wait_until(&mut self, what: &str, done: impl Fn() -> bool) {
        let start = Instant::now();
        while !done() {
            if let Some(status) = self.exited() {
                panic!("{} ended with {status} before it could {what}: {}", self.name, self.stderr());
            }
            assert!(start.elapsed() < PATIENCE, "{} did not {what}: {}", self.name, self.stderr());
            sleep(POLL);
        }
    }

    /// Waits for the end of the process.
    pub fn wait_exit(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.exited() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "{} still runs: {}", self.name, self.stderr());
            sleep(POLL);
        }
    }

    /// The exit status, once the process has ended.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.running.0.try_wait().expect("state of the process")
    }

    /// Kills the process as the platform does and gives the directories back, stale socket included.
    #[must_use]
    pub fn kill(self) -> Home {
        let Self { running, home, .. } = self;
        drop(running);
        home
    }

    /// Stops the process as the freezer does.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
        self.wait_state("T");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.running.0), signal).expect("signal");
    }

    fn wait_state(&self, state: &str) {
        let start = Instant::now();
        while self.stat()[0] != state {
            assert!(start.elapsed() < PATIENCE, "{} is not in state {state}", self.name);
            sleep(POLL);
        }
    }

    /// A new connection to the socket.
    #[must_use]
    pub fn connect(&self) -> Connection {
        let socket = self.home.socket();
        Connection::try_open(&socket).unwrap_or_else(|error| panic!("cannot connect to {}: {error}", self.name))
    }

    /// One call on a connection of its own.
    #[must_use]
    pub fn call(&self, request: &Request) -> Reply {
        self.connect().call(request)
    }

    /// Asserts that this process, not another one, serves a call on a new connection.
    pub fn assert_serves(&mut self, request: &Request) {
        let reply = self.call(request);
        assert_eq!(reply.status, 200, "{}: {reply:?}: {}", self.name, self.stderr());
        assert_eq!(self.exited(), None, "{} ended: {}", self.name, self.stderr());
    }

    /// What it wrote to stdout so far.
    #[must_use]
    pub fn stdout(&self) -> String {
        self.home.logged("stdout")
    }

    /// What it wrote to stderr so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.home.logged("stderr")
    }

    /// Names in the socket directory.
    #[must_use]
    pub fn published(&self) -> Vec<String> {
        home::names(&self.home.iofs())
    }

    /// Names in the working directory.
    #[must_use]
    pub fn left_behind(&self) -> Vec<String> {
        home::names(&self.home.work())
    }

    /// Open descriptors.
    #[must_use]
    pub fn descriptors(&self) -> usize {
        fs::read_dir(self.proc("fd")).expect("descriptors").count()
    }

    /// CPU time used so far, in clock ticks.
    #[must_use]
    pub fn cpu_ticks(&self) -> u64 {
        let stat = self.stat();
        // Fields 14 and 15 of proc(5), counted from the third.
        stat[11].parse::<u64>().expect("user time") + stat[12].parse::<u64>().expect("system time")
    }

    fn stat(&self) -> Vec<String> {
        let stat = fs::read_to_string(self.proc("stat")).expect("process status");
        let (_, fields) = stat.rsplit_once(')').expect("name in parentheses");
        fields.split_whitespace().map(str::to_owned).collect()
    }

    fn proc(&self, file: &str) -> std::path::PathBuf {
        Path::new("/proc").join(self.pid().to_string()).join(file)
    }
}

/// Kills on drop. SIGKILL also ends a stopped process.
#[derive(Debug)]
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        match self.0.kill() {
            Err(error) if error.kind() != ErrorKind::InvalidInput => panic!("cannot kill: {error}"),
            _ => drop(self.0.wait()),
        }
    }
}

//! What all processes of one function share: how to start one, its log, and the order to stop.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::watch;

use super::process::Census;
use crate::ids;
use crate::logs::FunctionLog;

/// An executable that serves calls, and its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The function's name.
    pub name: String,
    /// What it does, in one sentence.
    pub about: String,
    /// The file to run.
    pub executable: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// The whole environment, except for the platform's variables.
    pub environment: Vec<(String, String)>,
}

impl Program {
    /// The function's id in Fn's API.
    #[must_use]
    pub fn id(&self) -> String {
        ids::stable_id(&self.name)
    }
}

/// Bounds, the same for every function.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Processes of one function that may run at the same time.
    pub max_processes: usize,
    /// How long a call waits for one of them.
    pub queue_timeout: Duration,
    /// How long an Fn process may take to publish its socket.
    pub fn_init_timeout: Duration,
    /// How long a Lambda process may take to ask for its first event.
    pub lambda_init_timeout: Duration,
    /// How long a call may take.
    pub call_timeout: Duration,
    /// An idle process is ended after this.
    pub idle_timeout: Duration,
    /// The memory that functions are told they have, in MB.
    pub memory_mb: u32,
    /// Whether a function that holds more than that is killed. It is looked at, not walled in, so one that grows
    /// fast is a little over by then.
    pub enforce_memory: bool,
    /// Pauses before a failed asynchronous call of Lambda is tried again, one for each further try. Lambda itself
    /// waits one minute and two.
    pub event_retry_waits: Vec<Duration>,
    /// An asynchronous call is given up when it is this old.
    pub event_max_age: Duration,
    /// Largest response, in bytes.
    pub max_response_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_processes: 4,
            queue_timeout: Duration::from_secs(10),
            fn_init_timeout: Duration::from_secs(5),
            lambda_init_timeout: Duration::from_secs(10),
            call_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(30),
            memory_mb: 256,
            enforce_memory: false,
            event_retry_waits: vec![Duration::from_secs(1), Duration::from_secs(2)],
            event_max_age: Duration::from_secs(6 * 3600),
            max_response_bytes: 6 * 1024 * 1024,
        }
    }
}

/// Shared by all processes of a function.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) program: Program,
    pub(crate) limits: Limits,
    pub(crate) log: Arc<FunctionLog>,
    /// Sockets live below this directory; it is short, because their paths have at most 107 bytes.
    pub(crate) directory: PathBuf,
    /// True from the moment on when every process has to end.
    pub(crate) stop: watch::Receiver<bool>,
    /// How many processes and waiting events there are, those of all functions together.
    pub(crate) census: Census,
}

impl Host {
    /// A directory that only this user can enter, for one process.
    pub(crate) fn process_directory(&self) -> io::Result<TempDir> {
        tempfile::Builder::new().prefix("").rand_bytes(6).tempdir_in(&self.directory)
    }
}

/// The directory below which all sockets live. A long `TMPDIR` gives way to `/tmp`.
pub(crate) fn socket_directory() -> io::Result<TempDir> {
    const ROOM: usize = 107 - "/causeway-XXXXXX/XXXXXX/phonylsnr.sock".len();
    let preferred = std::env::temp_dir();
    let base = if preferred.as_os_str().len() <= ROOM { preferred.as_path() } else { Path::new("/tmp") };
    let made = tempfile::Builder::new().prefix("causeway-").rand_bytes(6).tempdir_in(base);
    made.map_err(|error| {
        io::Error::new(error.kind(), format!("no directory for sockets in {}: {error}", base.display()))
    })
}

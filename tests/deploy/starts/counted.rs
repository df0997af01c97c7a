//! A function's process under callgrind, which counts the instructions of all its threads from its start to its end.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tests::harness::programs::Program;
use tests::harness::{Function, Spec, programs};

/// Bound on what should happen at once; generous, since the process runs fifty times slower and test machines are busy.
const PATIENCE: Duration = Duration::from_secs(120);
/// Seconds that a call has.
const CALL_SECONDS: u32 = 120;
/// How often in succession all threads must be found asleep, and the time between two looks.
const LOOKS: usize = 20;
const BETWEEN: Duration = Duration::from_millis(5);

/// Whether there is a callgrind.
pub(super) fn is_there() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// A process that listens.
pub(super) struct Counted {
    folder: TempDir,
    function: Function,
}

impl Counted {
    /// Starts a function with these variables.
    pub(super) fn start(function: &str, variables: &HashMap<String, String>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let program = counted(programs::function(function), folder.path());
        let spec = variables.iter().fold(Spec::new(&program), |spec, (name, value)| spec.env(name, value));
        Self { function: spec.start(), folder }
    }

    /// What it answers.
    pub(super) fn answer(&self, request: &Value) -> Value {
        self.function.answer(request, CALL_SECONDS)
    }

    /// Ends the process when it has nothing left to do.
    pub(super) fn instructions(mut self) -> u64 {
        self.wait_idle();
        let told = Command::new("kill").arg(self.function.pid().to_string()).status();
        assert!(told.expect("kill").success());
        self.function.wait_exit();
        summary(&self.folder.path().join("counts"))
    }

    /// What it does after an answer, such as a log's line, counts as well, and counts whole.
    fn wait_idle(&self) {
        let (limit, mut looks) = (Instant::now() + PATIENCE, 0);
        while looks < LOOKS {
            assert!(Instant::now() < limit, "it never rests: {}", self.function.stderr());
            looks = if is_asleep(self.function.pid()) { looks + 1 } else { 0 };
            sleep(BETWEEN);
        }
    }
}

/// The same program with callgrind around it.
fn counted(mut program: Program, folder: &Path) -> Program {
    let (counts, counted) = (folder.join("counts"), folder.join("counted"));
    let script = format!(
        "#!/bin/sh\nexec valgrind --tool=callgrind --callgrind-out-file='{}' '{}' 2>/dev/null\n",
        counts.display(),
        program.path.display()
    );
    fs::write(&counted, script).expect("written");
    fs::set_permissions(&counted, PermissionsExt::from_mode(0o755)).expect("mode");
    program.path = counted;
    program
}

/// Whether no thread runs or wants to (the third field of proc(5)'s `stat`).
fn is_asleep(pid: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("threads");
    threads.flatten().all(|thread| {
        // A thread may end meanwhile.
        let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_none_or(|(_, fields)| fields.starts_with('S'))
    })
}

fn summary(counts: &Path) -> u64 {
    let text = fs::read_to_string(counts).unwrap_or_else(|error| panic!("{}: {error}", counts.display()));
    let line = text.lines().find_map(|line| line.strip_prefix("summary: ")).expect("a sum");
    line.trim().parse().expect("a number")
}

//! A function that does what it is told, in every host: the tests supervise it in place of a real one.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use causeway_runtime::{Context, Error, Handler, Settings, Vars, run};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// Not answering the supervisor at all is an option of the command line, for it concerns the start.
fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("fail-at-start") => {
            eprintln!("no configuration, no service");
            ExitCode::from(64)
        }
        Some("never-ready") => loop {
            std::thread::sleep(Duration::from_secs(3600));
        },
        _ => run(&[], |_: Nothing| Ok::<_, String>(Probe)),
    }
}

struct Nothing;

impl Settings for Nothing {
    const PREFIX: &'static str = "PROBE_";

    fn read(vars: &mut Vars) -> Self {
        vars.path("CAUSEWAY_LOCAL_ROOT", ".", "unused");
        Self
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "kebab-case")]
enum Op {
    /// Ids of the call and of the process.
    Pid,
    /// Waits without blocking.
    Sleep { ms: u64 },
    /// Blocks the thread.
    Block { ms: u64 },
    /// Panics.
    Panic,
    /// Starts a process that stays.
    Spawn,
    /// Ends the process.
    Exit { code: i32 },
    /// Fails as the caller's mistake.
    Refuse,
    /// Fails.
    Fail,
    /// Answers with this many bytes.
    Big { bytes: usize },
    /// Prints a line.
    Say { text: String },
    /// Names and values of the environment.
    Environment,
    /// Holds this much memory for a while.
    Hold { mb: usize, ms: u64 },
    /// Writes the request id into the file, a line per call, and fails until there are more lines than this.
    FailTimes { file: PathBuf, times: usize },
}

struct Probe;

impl Handler for Probe {
    const NAME: &'static str = "probe";
    const ABOUT: &'static str = "Does what it is told.";
    type Config = Nothing;
    type Request = Op;
    type Reply = Value;

    async fn handle(&self, op: Op, context: &Context) -> Result<Value, Error> {
        match op {
            Op::Pid => Ok(json!({ "pid": std::process::id(), "request_id": context.request_id })),
            Op::Sleep { ms } => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                Ok(json!({ "slept_ms": ms, "pid": std::process::id() }))
            }
            Op::Block { ms } => {
                std::thread::sleep(Duration::from_millis(ms));
                Ok(json!({ "blocked_ms": ms }))
            }
            Op::Panic => panic!("as told"),
            Op::Spawn => {
                let script = "sleep 600 </dev/null >/dev/null 2>&1 & echo $!";
                let output = std::process::Command::new("sh").args(["-c", script]).output();
                let pid =
                    output.ok().and_then(|output| String::from_utf8(output.stdout).ok()?.trim().parse::<u64>().ok());
                pid.map(|pid| json!({ "pid": pid })).ok_or_else(|| Error::internal("spawn", "no process"))
            }
            Op::Exit { code } => std::process::exit(code),
            Op::Refuse => Err(Error::client(422, "as_told", "refused")),
            Op::Fail => Err(Error::internal("as_told", "failed")),
            Op::Big { bytes } => Ok(json!({ "text": "x".repeat(bytes) })),
            Op::Say { text } => {
                eprintln!("{text}");
                Ok(json!({ "pid": std::process::id() }))
            }
            Op::Hold { mb, ms } => {
                // Written, so that it is there and not only promised.
                let held = std::hint::black_box(vec![1_u8; mb << 20]);
                tokio::time::sleep(Duration::from_millis(ms)).await;
                Ok(json!({ "held_mb": held.len() >> 20, "pid": std::process::id() }))
            }
            Op::FailTimes { file, times } => {
                let broken = |error: std::io::Error| Error::internal("file", error.to_string());
                let mut lines = std::fs::read_to_string(&file).unwrap_or_default();
                lines += &format!("{}\n", context.request_id);
                std::fs::write(&file, &lines).map_err(broken)?;
                let calls = lines.lines().count();
                if calls > times { Ok(json!({ "calls": calls })) } else { Err(Error::internal("as_told", "failed")) }
            }
            Op::Environment => Ok(json!(std::env::vars().collect::<std::collections::BTreeMap<_, _>>())),
        }
    }
}

//! Does whatever a call tells it to, to drive the server into every corner of the contract.
//!
//! The command is JSON in the request header `Probe`, or else the body when that is an object with
//! `op`; without a command the body comes back under its own type. Not for production: it exits, blocks
//! and reads files on request. Start at [`Op`].

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use causeway_fdk::{BoxError, Call, Context, Gateway, IntoResponse, Json, Response, Trace, run};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

/// Commands.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
enum Op {
    /// Sends the body back.
    Echo,
    /// Length and FNV-1a digest of the body.
    Digest,
    /// Returns `()`.
    Unit,
    /// Everything that the context tells, as JSON.
    Context,
    /// Fails with this text.
    Error { text: String },
    /// Panics with this text.
    Panic { text: String },
    /// Builds a response with this text, then fails or panics.
    LeakPart { text: String, panic: bool },
    /// Waits without blocking the thread.
    Sleep { ms: u64 },
    /// Blocks the thread that serves all connections.
    Block { ms: u64 },
    /// How many sleeps were dropped before their end.
    Dropped,
    /// Ends the process.
    Exit { code: i32 },
    /// Answers with this status.
    Status { status: u16 },
    /// Answers with these headers.
    Headers { headers: Vec<(String, String)> },
    /// Answers with this many bytes.
    Big { bytes: usize },
    /// Prints to stdout and stderr.
    Print { stdout: String, stderr: String },
    /// Tries to run this many threads at the same time; tells how many there were.
    Threads { count: usize },
    /// Tries to hold this many files open; tells how many there were.
    Files { count: usize },
    /// Text of a file.
    Read { path: String },
    /// Writes a file.
    Write { path: String, text: String },
    /// Names in a directory.
    List { path: String },
    /// Copies this program to the path and starts it there.
    Execute { path: String },
}

static DROPPED: AtomicUsize = AtomicUsize::new(0);

fn main() -> ExitCode {
    run(answer)
}

async fn answer(call: Call) -> Result<Response, BoxError> {
    match command(&call)? {
        Op::Echo => echo(call),
        Op::Digest => Json(json!({"bytes": call.body.len(), "digest": digest(&call.body)})).into_response(),
        Op::Unit => ().into_response(),
        Op::Context => Json(context(&call.context)).into_response(),
        Op::Error { text } => Err(text.into()),
        Op::Panic { text } => panic!("{text}"),
        Op::LeakPart { text, panic } => leak_part(&text, panic),
        Op::Sleep { ms } => sleep(ms).await,
        Op::Status { status } => Ok(Response::new(format!("status {status}")).status(status)?),
        Op::Headers { headers } => with_headers(&headers),
        Op::Big { bytes } => Ok(Response::new(vec![b'x'; bytes])),
        op => on_process(op),
    }
}

/// Commands about the process and its surroundings.
fn on_process(op: Op) -> Result<Response, BoxError> {
    let value = match op {
        Op::Block { ms } => {
            thread::sleep(Duration::from_millis(ms));
            json!({"blocked_ms": ms})
        }
        Op::Dropped => json!({"dropped": DROPPED.load(Ordering::SeqCst)}),
        Op::Exit { code } => std::process::exit(code),
        Op::Print { stdout, stderr } => print(&stdout, &stderr)?,
        Op::Threads { count } => json!({"threads": threads(count)}),
        Op::Files { count } => json!({"files": files(count)}),
        Op::Read { path } => outcome(fs::read_to_string(path)),
        Op::Write { path, text } => outcome(fs::write(path, text).map(|()| "written".to_owned())),
        Op::List { path } => outcome(list(&path).map(|names| names.join(" "))),
        Op::Execute { path } => outcome(execute(&path)),
        op => return Err(format!("{op:?} is not about the process").into()),
    };
    Json(value).into_response()
}

fn command(call: &Call) -> Result<Op, BoxError> {
    if let Some(command) = call.context.header("probe") {
        return Ok(serde_json::from_str(command)?);
    }
    match serde_json::from_slice::<Value>(&call.body) {
        Ok(value) if value.get("op").is_some() => Ok(serde_json::from_value(value)?),
        _ => Ok(Op::Echo),
    }
}

fn echo(call: Call) -> Result<Response, BoxError> {
    let content_type = call.context.header("content-type").unwrap_or("application/octet-stream").to_owned();
    Ok(Response::new(call.body).header("Content-Type", &content_type)?)
}

fn leak_part(text: &str, panic: bool) -> Result<Response, BoxError> {
    let part = Response::new(text.to_owned()).status(418)?.header("X-Leak", text)?;
    assert!(!panic, "after {} bytes: {text}", part.body().len());
    Err(format!("after {} bytes: {text}", part.body().len()).into())
}

async fn sleep(ms: u64) -> Result<Response, BoxError> {
    let guard = CountDrop;
    tokio::time::sleep(Duration::from_millis(ms)).await;
    std::mem::forget(guard);
    Json(json!({"slept_ms": ms})).into_response()
}

struct CountDrop;

impl Drop for CountDrop {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, Ordering::SeqCst);
    }
}

fn with_headers(headers: &[(String, String)]) -> Result<Response, BoxError> {
    let mut response = Response::new("headers");
    for (name, value) in headers {
        response = response.header(name, value)?;
    }
    Ok(response)
}

fn print(stdout: &str, stderr: &str) -> std::io::Result<Value> {
    std::io::stdout().write_all(stdout.as_bytes())?;
    std::io::stdout().flush()?;
    std::io::stderr().write_all(stderr.as_bytes())?;
    Ok(json!({"printed": true}))
}

/// Threads that were alive together: each waits until the channel closes.
fn threads(count: usize) -> usize {
    let mut running = Vec::new();
    for _ in 0..count {
        let (hold, wait) = mpsc::channel::<()>();
        let builder = thread::Builder::new().stack_size(64 * 1024);
        let Ok(handle) = builder.spawn(move || wait.recv()) else { break };
        running.push((hold, handle));
    }
    let alive = running.len();
    for (hold, handle) in running {
        drop(hold);
        let _ = handle.join();
    }
    alive
}

fn files(count: usize) -> usize {
    let open: Vec<_> = (0..count).map_while(|_| fs::File::open("/proc/self/status").ok()).collect();
    open.len()
}

fn list(path: &str) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Started without `FN_LISTENER` the copy would end by itself.
fn execute(path: &str) -> std::io::Result<String> {
    fs::copy("/proc/self/exe", path)?;
    let status = Command::new(path).env_remove("FN_LISTENER").status();
    fs::remove_file(path)?;
    Ok(status?.to_string())
}

fn outcome(result: std::io::Result<String>) -> Value {
    match result {
        Ok(text) => json!({"ok": text}),
        Err(error) => json!({"error": error.to_string(), "code": error.raw_os_error()}),
    }
}

fn context(context: &Context) -> Value {
    let config = context.config();
    json!({
        "pid": std::process::id(),
        "call_id": context.call_id(),
        "deadline_ms": context.deadline().map(unix_ms),
        "has_remaining": context.remaining().is_some(),
        "detached": context.is_detached(),
        "headers": header_map(context.headers()),
        "gateway": context.gateway().map(gateway),
        "trace": context.trace().map(trace),
        "app_id": config.app_id,
        "fn_id": config.fn_id,
        "memory_mb": config.memory_mb,
    })
}

fn gateway(gateway: &Gateway) -> Value {
    json!({
        "method": gateway.method(),
        "url": gateway.request_url(),
        "path": gateway.path(),
        "query": gateway.query_pairs(),
        "headers": header_map(gateway.headers()),
    })
}

fn trace(trace: &Trace) -> Value {
    json!({
        "trace_id": trace.trace_id,
        "span_id": trace.span_id,
        "parent_span_id": trace.parent_span_id,
        "sampled": trace.sampled,
        "flags": trace.flags,
        "service_name": trace.service_name,
    })
}

fn header_map(headers: &HeaderMap) -> BTreeMap<&str, Vec<String>> {
    let mut map = BTreeMap::<_, Vec<_>>::new();
    for (name, value) in headers {
        map.entry(name.as_str()).or_default().push(String::from_utf8_lossy(value.as_bytes()).into_owned());
    }
    map
}

fn unix_ms(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

fn digest(bytes: &[u8]) -> String {
    let digest = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{digest:016x}")
}

//! `causeway demo`: sample data, one real call through the socket, a table, and `result.json`.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

use super::invoke::{failed, is_client_error, json_request};
use super::{print, report};
use crate::arguments::Demo;
use crate::cli::{CliError, Signals};
use crate::cloud::{Cloud, Limits, Options};
use crate::failure::Failure;
use crate::logs::Echo;
use crate::programs::{Data, programs};
use crate::sample::{SAMPLE, SAMPLE_LICENSE, SAMPLE_OBJECT, SAMPLE_PREFIX};
use crate::supervisor::fn_worker::FnReply;
use crate::terminal::{Terminal, bytes as size};

const FUNCTION: &str = "discovery-agent";
/// Builds without optimisation take many times as long as others.
const CALL_TIMEOUT: Duration = Duration::from_secs(180);

pub(crate) async fn run(args: Demo) -> Result<ExitCode, CliError> {
    let progress = Progress(Terminal::stderr());
    let bucket = copy_sample(&args.out, &progress)?;
    let options = Options {
        limits: Limits { call_timeout: CALL_TIMEOUT, ..Limits::default() },
        log_directory: Some(args.out.join("logs")),
        echo: if args.verbose { Echo::Prefixed } else { Echo::Off },
    };
    let mut signals = Signals::listen()?;
    let cloud = Cloud::new(programs(&Data::Directory(bucket))?, &options)
        .map_err(|error| CliError::io("cannot start", &error))?;
    let outcome = signals.unless(call(&cloud, &progress)).await;
    cloud.shutdown().await;
    finish(&outcome?, &args.out, &progress).map(|()| ExitCode::SUCCESS)
}

/// Lays the sample out as objects of a bucket; its notice goes beside it.
fn copy_sample(out: &Path, progress: &Progress) -> Result<PathBuf, CliError> {
    let bucket = out.join("bucket");
    let object = bucket.join(SAMPLE_OBJECT);
    write_whole(&object, SAMPLE)?;
    write_whole(&out.join("superstore-LICENSE"), SAMPLE_LICENSE)?;
    progress.step("copy", &format!("sample data -> {} ({})", object.display(), size(SAMPLE.len())));
    bucket.canonicalize().map_err(|error| CliError::io(bucket.display(), &error))
}

async fn call(cloud: &Cloud, progress: &Progress) -> Result<Bytes, CliError> {
    let Some(function) = cloud.get(FUNCTION) else {
        return Err(CliError::usage(format!("{FUNCTION} is not part of this build")));
    };
    let explain = |failure: Failure| {
        let CliError { text, exit } = failed(&failure);
        CliError { text: format!("{FUNCTION}: {text}"), exit }
    };
    let process = function.fn_process().await.map_err(explain)?;
    let ready = process.cold_start.unwrap_or_default().as_secs_f64() * 1000.0;
    progress.step("start", &format!("{FUNCTION} as process {}, its socket was ready in {ready:.0} ms", process.pid()));
    let request = json_request(json!({ "data_sources": [SAMPLE_PREFIX] }).to_string().into());
    let started = Instant::now();
    let FnReply { body, .. } = progress.while_running(process.run(request)).await.map_err(explain)?;
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    progress.step("done", &format!("in {ms:.0} ms, {} came back through the socket", size(body.len())));
    Ok(body)
}

fn finish(body: &[u8], out: &Path, progress: &Progress) -> Result<(), CliError> {
    let broken = |text: String| CliError { text: format!("{FUNCTION} answered {text}"), exit: 70 };
    let result: Value =
        serde_json::from_slice(body).map_err(|error| broken(format!("something else than JSON: {error}")))?;
    if is_client_error(body) {
        return Err(broken(format!("with an error: {}", result["error"]["message"].as_str().unwrap_or("?"))));
    }
    let file = out.join("result.json");
    write_whole(&file, report::indented(&String::from_utf8_lossy(body)).as_bytes())?;
    progress.step("write", &file.display().to_string());
    print(&report::text(&result, &Terminal::stdout()))?;
    match result["status"].as_str() {
        Some("success" | "partial") => Ok(()),
        status => Err(broken(format!("with status {}", status.unwrap_or("unknown")))),
    }
}

/// Nobody ever sees half a file, nor loses the old one when the disk is full.
fn write_whole(path: &Path, content: &[u8]) -> Result<(), CliError> {
    let write = || -> io::Result<()> {
        let directory = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(directory)?;
        // As for any new file the umask takes its part of these permissions.
        let permissions = fs::Permissions::from_mode(0o666);
        let mut file = tempfile::Builder::new().prefix(".causeway-").permissions(permissions).tempfile_in(directory)?;
        file.write_all(content)?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|error| CliError::io(format!("cannot write {}", path.display()), &error))
}

/// What is going on, on stderr, so that stdout holds the result alone.
struct Progress(Terminal);

impl Progress {
    fn step(&self, name: &str, text: &str) {
        let name = self.0.good(&format!("{name:>6}"));
        let _ = writeln!(io::stderr(), "{name}  {text}");
    }

    /// A spinner with the seconds so far; without a terminal nothing moves.
    async fn while_running<T>(&self, work: impl Future<Output = T>) -> T {
        const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
        if !self.0.is_terminal {
            self.step("call", "running");
            return work.await;
        }
        let started = Instant::now();
        let mut ticks = interval(Duration::from_millis(100));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut frames = FRAMES.iter().cycle();
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => {
                    let _ = write!(io::stderr(), "\r\x1b[K");
                    return done;
                }
                _ = ticks.tick() => {
                    let frame = frames.next().unwrap_or(&' ');
                    let _ = write!(io::stderr(), "\r{frame:>6}  running, {:.1} s", started.elapsed().as_secs_f64());
                }
            }
        }
    }
}

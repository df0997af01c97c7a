//! `causeway demo`: the whole flow over sample data or the user's own, and the files that come of it.
//!
//! It is `causeway up` for one run: OCI in memory, every function a process of its own and a principal of it, called
//! as OCI calls them. What runs here is what runs in production.

use std::fs;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::invoke::{failed, is_client_error, json_request};
use super::{print, seed, summary};
use crate::api::{base_url, router_with};
use crate::arguments::Demo;
use crate::cli::{CliError, Signals};
use crate::cloud::{Cloud, Limits, Options};
use crate::logs::Echo;
use crate::oci::target::Target;
use crate::oci::{BUCKET, Oci, Settings};
use crate::programs::{Data, programs_on};
use crate::sample::{SAMPLE, SAMPLE_LICENSE, SAMPLE_OBJECT, SAMPLE_PREFIX};
use crate::server;
use crate::terminal::{Terminal, bytes as size};

use progress::Progress;
use stages::Stages;

mod progress;
mod stages;

const FUNCTION: &str = "decisioning-flow";
/// Name of the run. OCI is new each time, so it is always free.
const RUN: &str = "demo";
/// Folder of the user's own files in the bucket.
const OWN_PREFIX: &str = "data";
/// Builds without optimisation take many times as long as others.
const CALL_TIMEOUT: Duration = Duration::from_secs(290);
/// Keys are made for an hour.
const ROTATION: Duration = Duration::from_secs(600);
/// What is kept of the dashboard, beside the result.
const KEPT: [&str; 2] = ["dashboard.html", "export.json"];

pub(crate) async fn run(args: Demo) -> Result<ExitCode, CliError> {
    let progress = Progress::new();
    let mut signals = Signals::listen()?;
    let outcome = signals.unless(carry_out(&args, &progress)).await?;
    finish(&outcome, &args.out, &progress).map(|()| ExitCode::SUCCESS)
}

/// The result, and the files of the dashboard.
struct Outcome {
    result: Bytes,
    files: Vec<(&'static str, Bytes)>,
}

async fn carry_out(args: &Demo, progress: &Progress) -> Result<Outcome, CliError> {
    fs::create_dir_all(&args.out)
        .map_err(|error| CliError::io(format!("cannot write {}", args.out.display()), &error))?;
    let region = "us-ashburn-1".to_owned();
    let settings = Settings { data: None, region, faults: Vec::new(), rotate: ROTATION, step_ms: None };
    let mut oci = Oci::open(&settings)?;
    let target = Target::Here(oci.emulator.clone());
    let furnished = oci.furnish(&target).await;
    furnished.map_err(|error| CliError { text: format!("buckets and topic: {error}"), exit: 74 })?;
    let source = lay_out(args, &target, progress).await?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let bound = server::bind(address).await;
    let (listener, address) = bound.map_err(|error| CliError::io(format!("cannot listen on {address}"), &error))?;
    let cloud = start(args, &oci, address)?;
    oci.serve(&cloud);
    let (stop, stopped) = oneshot::channel::<()>();
    let routes = router_with(Arc::clone(&cloud), Some(oci.emulator.clone()), address, false);
    let server = tokio::spawn(server::serve(listener, routes, async { drop(stopped.await) }));
    let result = call(&cloud, source, Stages::new(&oci, &target, RUN), progress).await;
    cloud.shutdown().await;
    drop(stop);
    server.abort();
    let result = result?;
    let files = fetch(&oci, &target, &result).await?;
    Ok(Outcome { result, files })
}

fn start(args: &Demo, oci: &Oci, address: SocketAddr) -> Result<Arc<Cloud>, CliError> {
    let options = Options {
        limits: Limits { call_timeout: CALL_TIMEOUT, memory_mb: 512, ..Limits::default() },
        log_directory: Some(args.out.join("logs")),
        echo: if args.verbose { Echo::Prefixed } else { Echo::Off },
    };
    let programs = programs_on(&Data::Bucket, oci, &base_url(address))?;
    Ok(Arc::new(Cloud::new(programs, &options).map_err(|error| CliError::io("cannot start", &error))?))
}

/// Puts the data into the bucket and gives their folder there. The sample also becomes a directory, which
/// `causeway invoke` works on.
async fn lay_out(args: &Demo, target: &Target, progress: &Progress) -> Result<&'static str, CliError> {
    let Some(directory) = &args.data else {
        write_whole(&args.out.join("bucket").join(SAMPLE_OBJECT), SAMPLE)?;
        write_whole(&args.out.join("superstore-LICENSE"), SAMPLE_LICENSE)?;
        progress.step("data", &format!("{SAMPLE_OBJECT}, {} of retail orders", size(SAMPLE.len())));
        return Ok(SAMPLE_PREFIX);
    };
    let absolute = directory.canonicalize().map_err(|error| CliError::io(directory.display(), &error))?;
    let wanted = json!({ "buckets": [{ "name": BUCKET, "objects": [{ "directory": absolute, "prefix": format!("{OWN_PREFIX}/") }] }] });
    let file = tempfile::Builder::new().suffix(".json").tempfile().map_err(|error| CliError::io("scratch", &error))?;
    fs::write(file.path(), wanted.to_string()).map_err(|error| CliError::io("scratch", &error))?;
    let report = crate::seed::load(target, file.path()).await.map_err(|error| seed::failed(&error))?;
    progress.step("data", &format!("{}: {report}", absolute.display()));
    Ok(OWN_PREFIX)
}

async fn call(cloud: &Cloud, source: &str, stages: Stages<'_>, progress: &Progress) -> Result<Bytes, CliError> {
    let Some(function) = cloud.get(FUNCTION) else {
        return Err(CliError::usage(format!("{FUNCTION} is not part of this build")));
    };
    let explain = |failure: crate::failure::Failure| {
        let CliError { text, exit } = failed(&failure);
        CliError { text: format!("{FUNCTION}: {text}"), exit }
    };
    let process = function.fn_process().await.map_err(explain)?;
    let ready = process.cold_start.unwrap_or_default().as_secs_f64() * 1000.0;
    progress.step("start", &format!("{FUNCTION} as process {}, its socket was ready in {ready:.0} ms", process.pid()));
    let request = json_request(json!({ "run_id": RUN, "data_sources": [source] }).to_string().into());
    let started = Instant::now();
    let reply = stages.shown_during(process.run(request), progress).await.map_err(explain)?;
    progress.step("done", &format!("in {:.2} s, {}", started.elapsed().as_secs_f64(), size(reply.body.len())));
    Ok(reply.body)
}

/// The files of the dashboard that the run made; none when it made none.
async fn fetch(oci: &Oci, target: &Target, result: &[u8]) -> Result<Vec<(&'static str, Bytes)>, CliError> {
    let result: Value = serde_json::from_slice(result).unwrap_or_default();
    let artifacts = result["agent_results"]["visualization"]["data"]["generated_artifacts"].as_array();
    let mut files = Vec::new();
    for artifact in artifacts.into_iter().flatten() {
        let Some(name) = KEPT.into_iter().find(|name| artifact["name"] == **name) else { continue };
        let object = artifact["object"].as_str().unwrap_or_default();
        let read = oci.object(target, object).await;
        files.push((name, read.map_err(|error| CliError { text: format!("{object}: {error}"), exit: 74 })?));
    }
    Ok(files)
}

fn finish(outcome: &Outcome, out: &Path, progress: &Progress) -> Result<(), CliError> {
    let broken = |text: String| CliError { text: format!("{FUNCTION} answered {text}"), exit: 70 };
    let body = &outcome.result;
    let result: Value =
        serde_json::from_slice(body).map_err(|error| broken(format!("something else than JSON: {error}")))?;
    if is_client_error(body) {
        return Err(broken(format!("with an error: {}", result["error"]["message"].as_str().unwrap_or("?"))));
    }
    let file = out.join("result.json");
    write_whole(&file, summary::indented(&String::from_utf8_lossy(body)).as_bytes())?;
    progress.step("write", &file.display().to_string());
    write_files(&outcome.files, out, progress)?;
    print(&summary::text(&result, &Terminal::stdout()))?;
    match result["workflow_run"]["status"].as_str() {
        Some("success" | "partial") => Ok(()),
        status => Err(broken(format!("with status {}", status.unwrap_or("unknown")))),
    }
}

/// Those of an earlier run go: they would pass for this one's.
fn write_files(files: &[(&str, Bytes)], out: &Path, progress: &Progress) -> Result<(), CliError> {
    for name in KEPT {
        let file = out.join(name);
        if let Some((_, content)) = files.iter().find(|(made, _)| *made == name) {
            write_whole(&file, content)?;
            progress.step("write", &file.display().to_string());
            continue;
        }
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(CliError::io(file.display(), &error)),
            _ => progress.step("write", &format!("no {name}: the run made none, see its coverage")),
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dashboard_of_an_earlier_run_does_not_stay() {
        let out = tempfile::tempdir().unwrap();
        let progress = Progress::new();
        let page = |text: &'static str| [("dashboard.html", Bytes::from_static(text.as_bytes()))];
        write_files(&page("earlier"), out.path(), &progress).unwrap();
        write_files(&page("later"), out.path(), &progress).unwrap();
        assert_eq!(fs::read_to_string(out.path().join("dashboard.html")).unwrap(), "later");
        write_files(&[], out.path(), &progress).unwrap();
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0, "nothing is left that would pass for this run's");
    }
}

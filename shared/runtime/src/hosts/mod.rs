//! The places a function can run in, and the choice between them.

mod cli;
mod fn_host;
mod http_reply;
mod lambda;
mod serve;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::runtime::{LocalOptions, LocalRuntime};

use crate::metrics::{Emitter, Format};
use crate::service::{Function, Service};
use crate::settings::{Common, Loaded, Shared, Vars, load};
use crate::{Handler, telemetry};

/// Exit status for a wrong configuration (`EX_USAGE`).
const EXIT_CONFIG: u8 = 64;
/// Exit status for anything else that keeps a function from starting.
const EXIT_START: u8 = 70;
/// Blocking threads: a container has about 50 tasks for everything.
const MAX_BLOCKING_THREADS: usize = 8;

/// Why a function could not start: the text for the log, and the exit status.
pub(crate) struct StartError {
    code: &'static str,
    text: String,
    exit: u8,
}

impl StartError {
    fn new(code: &'static str, error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            text = format!("{text}: {error}");
            source = error.source();
        }
        Self { code, text, exit: EXIT_START }
    }

    fn config(error: &dyn std::error::Error) -> Self {
        Self { exit: EXIT_CONFIG, ..Self::new("invalid_config", error) }
    }
}

/// A started function, ready for any host.
pub(crate) struct App {
    service: Arc<dyn Service>,
    common: Common,
}

/// Runs a function in whatever host the environment shows: `FN_LISTENER` means Fn, then
/// `AWS_LAMBDA_RUNTIME_API` means Lambda, else the command line.
///
/// `connect` makes the handler from its settings; it runs once, before the first call. `shared` are settings that
/// `connect` or its adapters read by themselves: they are known to the check for unknown names and shown by the
/// `config` command.
pub fn run<H, E>(shared: Shared, connect: impl FnOnce(H::Config) -> Result<H, E>) -> ExitCode
where
    H: Handler,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let level = ["LOG_LEVEL", "AWS_LAMBDA_LOG_LEVEL", "RUST_LOG"].iter().find_map(|name| set(name));
    if is_set("FN_LISTENER") {
        telemetry::install(H::NAME, level.as_deref());
        exit(start(shared, connect, Format::Log).and_then(fn_host::run))
    } else if is_set("AWS_LAMBDA_RUNTIME_API") {
        telemetry::install(H::NAME, level.as_deref());
        exit(start(shared, connect, Format::Emf).and_then(lambda::run).inspect_err(lambda::report_init_error))
    } else {
        telemetry::install(H::NAME, level.as_deref().or(Some("warn")));
        cli::run(shared, connect)
    }
}

fn exit(outcome: Result<(), StartError>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(code = error.code, error = error.text, "the function cannot start");
            ExitCode::from(error.exit)
        }
    }
}

fn settings<H: Handler>(shared: Shared) -> Result<Loaded<H::Config>, StartError> {
    let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
    let vars = std::env::vars_os().map(|(name, value)| (text(name), text(value)));
    load(Vars::new(vars), shared).map_err(|error| StartError::config(&error))
}

/// `metrics` is the host's form of measurements, unless a setting names another.
fn start<H, E>(
    shared: Shared,
    connect: impl FnOnce(H::Config) -> Result<H, E>,
    metrics: Format,
) -> Result<App, StartError>
where
    H: Handler,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (handler, common) = connected(shared, connect)?;
    let metrics = Format::of(common.metrics, metrics);
    let emitter = Emitter::new(H::NAME, metrics, common.metrics_namespace.clone());
    Ok(App { service: Arc::new(Function::new(handler, emitter)), common })
}

/// The handler with its settings and its services.
fn connected<H, E>(shared: Shared, connect: impl FnOnce(H::Config) -> Result<H, E>) -> Result<(H, Common), StartError>
where
    H: Handler,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let Loaded { config, common, .. } = settings::<H>(shared)?;
    let handler = connect(config).map_err(|error| StartError::new("connect_failed", &*error.into()))?;
    Ok((handler, common))
}

/// A local runtime keeps the code of tokio's multi-thread scheduler out of the binary, and with it the
/// mathematics library.
fn runtime() -> Result<LocalRuntime, StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(MAX_BLOCKING_THREADS)
        .build_local(LocalOptions::default());
    runtime.map_err(|error| StartError::new("no_runtime", &error))
}

/// An id for calls whose host gives none: the time and the process make it unique enough to search for.
fn new_request_id() -> String {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_nanos());
    format!("{nanos:x}-{:x}", std::process::id())
}

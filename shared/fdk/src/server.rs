//! The server: accepts connections from the agent and never stops by itself.

use std::convert::Infallible;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use tokio::net::UnixStream;
use tokio::runtime::LocalOptions;
use tokio::task::JoinSet;

use crate::dispatch::Shared;
use crate::report::to_stderr;
use crate::stream::Stream;
use crate::{Config, ConfigError, Handler, ListenError, Listener, Report};

/// Request heads with more headers than this get 431 from the HTTP library, which costs the container.
/// Its own default of 100 is within reach of any client of a gateway.
const MAX_HEADERS: usize = 512;

/// Bounds a request head. Gateways stop at 64 KiB or less, a Go front end at 1 MiB.
const MAX_BUFFER_BYTES: usize = 1 << 20;

/// Blocking threads: a container has about 50 tasks for everything.
const MAX_BLOCKING_THREADS: usize = 8;

/// Exit status for a wrong configuration (`EX_USAGE`).
const EXIT_CONFIG: u8 = 64;

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A platform variable is missing or wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The socket could not be made.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The async runtime could not be made.
    #[error("cannot start the async runtime")]
    Runtime(#[source] std::io::Error),
}

/// A server that is not running yet.
pub struct Server {
    config: Config,
    report: Box<dyn Fn(&Report) + Send + Sync>,
}

impl Server {
    /// A server for this configuration. Reports go to stderr, one line each.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { config, report: Box::new(to_stderr) }
    }

    /// Sends reports somewhere else, for instance to a structured log.
    #[must_use]
    pub fn on_report(mut self, report: impl Fn(&Report) + Send + Sync + 'static) -> Self {
        self.report = Box::new(report);
        self
    }

    /// Publishes the socket and serves until the future is dropped, which closes all connections and
    /// removes the socket. Needs a tokio runtime with I/O and time.
    ///
    /// # Errors
    /// When the socket cannot be made. Errors after that are reported and survived.
    pub async fn serve<H: Handler>(self, handler: H) -> Result<Infallible, ServeError> {
        keep_freed_memory();
        let listener = Listener::publish(&self.config.listener)?;
        let shared = Arc::new(Shared { config: Arc::new(self.config), handler, report: self.report });
        let mut connections = JoinSet::new();
        loop {
            match listener.accept().await {
                Ok(stream) => drop(connections.spawn(connection(stream, Arc::clone(&shared)))),
                Err(error) => {
                    (shared.report)(&Report::Connection { error: error.into() });
                    // Out of descriptors, most likely: connections that end give some back.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
            while connections.try_join_next().is_some() {}
        }
    }
}

/// glibc gives the top of the heap back to the kernel after every call that used more than 128 KiB, and
/// asks for it again in the next. Freeing one large block makes it raise that bound to twice the block's
/// size (mallopt(3), `M_MMAP_THRESHOLD`, dynamic adjustment). The block's pages are never touched.
fn keep_freed_memory() {
    const BLOCK_BYTES: usize = 4 << 20;
    drop(std::hint::black_box(Vec::<u8>::with_capacity(BLOCK_BYTES)));
}

async fn connection<H: Handler>(stream: UnixStream, shared: Arc<Shared<H>>) {
    let service = service_fn(|request| shared.dispatch(request));
    let connection = http1::Builder::new()
        // The contract wants no timeouts here: the agent has its own, and a frozen process none.
        .header_read_timeout(None)
        .auto_date_header(false)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_BUFFER_BYTES)
        .serve_connection(Stream::new(stream), service);
    match connection.await {
        Ok(()) => {}
        // The agent hangs up on calls it has given up and on idle connections.
        Err(error) if error.is_incomplete_message() || error.is_canceled() => {}
        Err(error) => (shared.report)(&Report::Connection { error: error.into() }),
    }
}

/// Runs a function: reads the environment, serves on one thread, and returns only when it cannot start.
///
/// The exit code is 64 for a wrong environment and 1 for anything else; the reason is on stderr.
pub fn run<H: Handler>(handler: H) -> ExitCode {
    match start(handler) {
        Ok(never) => match never {},
        Err(error) => {
            let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
            eprintln!("fdk: {error}{}", source.unwrap_or_default());
            ExitCode::from(if matches!(error, ServeError::Config(_)) { EXIT_CONFIG } else { 1 })
        }
    }
}

fn start<H: Handler>(handler: H) -> Result<Infallible, ServeError> {
    let config = Config::from_env()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(MAX_BLOCKING_THREADS)
        // Unlike build(), this links nothing of tokio's multi-thread scheduler.
        .build_local(LocalOptions::default())
        .map_err(ServeError::Runtime)?;
    runtime.block_on(Server::new(config).serve(handler))
}

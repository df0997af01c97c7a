//! All functions of this machine, each with its processes in both hosts.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::failure::Failure;
use crate::logs::{Echo, FunctionLog};
use crate::supervisor::events::EventQueue;
use crate::supervisor::fn_worker::FnWorker;
use crate::supervisor::host::{Host, socket_directory};
pub use crate::supervisor::host::{Limits, Program};
use crate::supervisor::lambda_worker::LambdaWorker;
use crate::supervisor::pool::{Lease, Pool};
use crate::supervisor::process::{Census, Counted};
use crate::supervisor::runtime_api::Event;

/// After the order to kill, processes are gone within milliseconds; one that the kernel cannot end is left.
const STOP: Duration = Duration::from_secs(5);

/// How a cloud behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bounds.
    pub limits: Limits,
    /// Where log files go, if anywhere.
    pub log_directory: Option<PathBuf>,
    /// Where log lines are shown.
    pub echo: Echo,
}

impl Default for Options {
    fn default() -> Self {
        Self { limits: Limits::default(), log_directory: None, echo: Echo::Off }
    }
}

/// The running local cloud. End it with [`Cloud::shutdown`]; dropping it kills the processes too, but does
/// not wait for them.
pub struct Cloud {
    deployments: BTreeMap<String, Deployment>,
    directory: TempDir,
    stop: watch::Sender<bool>,
    census: Census,
}

/// One function.
pub(crate) struct Deployment {
    pub(crate) program: Program,
    pub(crate) log: Arc<FunctionLog>,
    pub(crate) limits: Limits,
    on_fn: Pool<FnWorker>,
    on_lambda: Arc<Pool<LambdaWorker>>,
    events: EventQueue,
}

impl Deployment {
    pub(crate) async fn fn_process(&self) -> Result<Lease<FnWorker>, Failure> {
        self.on_fn.acquire().await
    }

    pub(crate) async fn lambda_process(&self) -> Result<Lease<LambdaWorker>, Failure> {
        self.on_lambda.acquire().await
    }

    /// Takes an asynchronous call of Lambda over.
    pub(crate) fn accept(&self, event: Event) -> Result<(), Failure> {
        self.events.accept(event)
    }
}

impl Cloud {
    /// Prepares the functions; none is started before its first call. Must be called inside a runtime.
    ///
    /// # Errors
    /// When there is no place for sockets or logs.
    pub fn new(programs: Vec<Program>, options: &Options) -> io::Result<Self> {
        let directory = socket_directory()?;
        let (stop, stopped) = watch::channel(false);
        let census = Census::default();
        let mut deployments = BTreeMap::new();
        for program in programs {
            let log = FunctionLog::open(&program.name, options.log_directory.as_deref(), options.echo)?;
            let host = Arc::new(Host {
                program: program.clone(),
                limits: options.limits.clone(),
                log: Arc::new(log),
                directory: directory.path().to_owned(),
                stop: stopped.clone(),
                census: census.clone(),
            });
            deployments.insert(program.name.clone(), deployment(&host));
        }
        Ok(Self { deployments, directory, stop, census })
    }

    pub(crate) fn deployments(&self) -> impl Iterator<Item = &Deployment> {
        self.deployments.values()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Deployment> {
        self.deployments.get(name)
    }

    /// Counts something that [`Cloud::shutdown`] has to wait for; `None` when it has begun.
    pub(crate) fn enter(&self) -> Option<Counted> {
        // Counted first: whoever stops the cloud sets the sign before it looks at the count.
        let counted = self.census.enter();
        (!*self.stop.borrow()).then_some(counted)
    }

    /// Waits until the cloud is being stopped.
    pub(crate) async fn stopping(&self) {
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// Kills every process, waits for their ends and removes every socket. Calls under way fail; asynchronous
    /// ones that are not done are dropped, each with a line in its function's log.
    pub async fn shutdown(&self) {
        self.stop.send_replace(true);
        for deployment in self.deployments.values() {
            deployment.on_fn.clear();
            deployment.on_lambda.clear();
        }
        let _ = timeout(STOP, self.census.empty()).await;
        let _ = std::fs::remove_dir_all(self.directory.path());
    }
}

fn deployment(host: &Arc<Host>) -> Deployment {
    let on_lambda = Arc::new(Pool::new(Arc::clone(host)));
    Deployment {
        program: host.program.clone(),
        log: Arc::clone(&host.log),
        limits: host.limits.clone(),
        on_fn: Pool::new(Arc::clone(host)),
        events: EventQueue::new(Arc::clone(host), Arc::clone(&on_lambda)),
        on_lambda,
    }
}

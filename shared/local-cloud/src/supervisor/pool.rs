//! The processes of one function: as many as there are calls at the same time, up to a limit.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::host::Host;
use crate::failure::{Failure, FailureKind};

/// How often idle processes are looked at.
const SWEEP: Duration = Duration::from_millis(200);

/// A process that answers one call at a time.
pub(crate) trait Worker: Sized + Send + 'static {
    type Request: Send + 'static;
    type Reply: Send + 'static;

    /// Starts a process and waits until it can take a call.
    fn start(host: Arc<Host>) -> impl Future<Output = Result<Self, Failure>> + Send;

    /// Whether an idle process can still take a call; nothing of the call has been sent when it cannot.
    fn prepare(&mut self) -> impl Future<Output = bool> + Send;

    /// One call. A process that is not kept is killed.
    fn call(&mut self, request: Self::Request) -> impl Future<Output = Called<Self::Reply>> + Send;

    /// Called now and then while idle; false when the process is dead.
    fn rest(&mut self, idle: Duration) -> bool;

    fn pid(&self) -> u32;
}

/// Outcome of one call.
pub(crate) struct Called<R> {
    pub(crate) outcome: Result<R, Failure>,
    pub(crate) keep: bool,
}

/// The processes of one function in one of the two hosts.
pub(crate) struct Pool<W> {
    host: Arc<Host>,
    slots: Arc<Semaphore>,
    idle: Arc<Idle<W>>,
}

/// Processes that wait, the latest used last.
struct Idle<W>(Mutex<Vec<(W, Instant)>>);

impl<W> Idle<W> {
    fn lock(&self) -> MutexGuard<'_, Vec<(W, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Worker> Pool<W> {
    /// Must be called inside a runtime.
    pub(crate) fn new(host: Arc<Host>) -> Self {
        let idle = Arc::new(Idle(Mutex::new(Vec::new())));
        tokio::spawn(sweep(Arc::downgrade(&idle), host.limits.idle_timeout));
        Self { slots: Arc::new(Semaphore::new(host.limits.max_processes.max(1))), host, idle }
    }

    /// Waits for a process, and starts one if need be.
    ///
    /// # Errors
    /// When all are busy for too long, or the new one does not come up.
    pub(crate) async fn acquire(&self) -> Result<Lease<W>, Failure> {
        if *self.host.stop.borrow() {
            return Err(FailureKind::Stopping.into());
        }
        let slot = timeout(self.host.limits.queue_timeout, Arc::clone(&self.slots).acquire_owned()).await;
        let Ok(Ok(slot)) = slot else { return Err(FailureKind::Busy.into()) };
        let started = Instant::now();
        let (worker, cold_start) = match self.waiting().await {
            Some(worker) => (worker, None),
            None => (W::start(Arc::clone(&self.host)).await?, Some(started.elapsed())),
        };
        Ok(Lease { worker, cold_start, idle: Arc::clone(&self.idle), _slot: slot })
    }

    async fn waiting(&self) -> Option<W> {
        loop {
            let (mut worker, _) = self.idle.lock().pop()?;
            if worker.prepare().await {
                return Some(worker);
            }
        }
    }

    /// Ends the processes that wait.
    pub(crate) fn clear(&self) {
        self.slots.close();
        self.idle.lock().clear();
    }
}

/// A process that is reserved for one call. Dropping it before the end of the call kills the process, as
/// the platforms do when a caller goes away.
pub(crate) struct Lease<W> {
    worker: W,
    /// How long the start took, if there was one.
    pub(crate) cold_start: Option<Duration>,
    idle: Arc<Idle<W>>,
    _slot: OwnedSemaphorePermit,
}

impl<W: Worker> Lease<W> {
    pub(crate) fn pid(&self) -> u32 {
        self.worker.pid()
    }

    pub(crate) async fn run(mut self, request: W::Request) -> Result<W::Reply, Failure> {
        let Called { outcome, keep } = self.worker.call(request).await;
        if keep {
            self.idle.lock().push((self.worker, Instant::now()));
        }
        outcome
    }
}

async fn sweep<W: Worker>(idle: Weak<Idle<W>>, idle_timeout: Duration) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let Some(idle) = idle.upgrade() else { return };
        idle.lock().retain_mut(|(worker, since)| since.elapsed() < idle_timeout && worker.rest(since.elapsed()));
    }
}

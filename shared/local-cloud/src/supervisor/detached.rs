//! Detached calls of OCI Functions: taken over at once, run when a process is free, tried once.
//!
//! OCI tells of their outcome in the function's log and metrics alone; so does this.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use super::fn_worker::FnRequest;
use crate::cloud::{Cloud, Deployment};
use crate::failure::{Failure, FailureKind};

/// Memory for the bodies of all waiting calls, in KiB.
const MAX_WAITING_KIB: usize = 64 * 1024;
/// What a call takes besides its body, in KiB.
const OVERHEAD_KIB: usize = 1;
/// Pause after no process was free for the whole time that a call waits in the queue.
const PAUSE: Duration = Duration::from_millis(200);

/// Room for calls that wait.
#[derive(Debug)]
pub(crate) struct Detached {
    room: Arc<Semaphore>,
}

impl Default for Detached {
    fn default() -> Self {
        Self { room: Arc::new(Semaphore::new(MAX_WAITING_KIB)) }
    }
}

impl Detached {
    /// Takes a call over. Must be called inside a runtime.
    ///
    /// # Errors
    /// When too much is waiting already, or the cloud is being stopped.
    pub(crate) fn accept(&self, cloud: &Arc<Cloud>, function: &str, request: FnRequest) -> Result<(), Failure> {
        let Some(counted) = cloud.enter() else { return Err(FailureKind::Stopping.into()) };
        let size = u32::try_from(request.body.len() / 1024 + OVERHEAD_KIB).unwrap_or(u32::MAX);
        let Ok(room) = Arc::clone(&self.room).try_acquire_many_owned(size) else {
            return Err(FailureKind::Busy.into());
        };
        let (cloud, function) = (Arc::clone(cloud), function.to_owned());
        tokio::spawn(async move {
            if let Some(deployment) = cloud.get(&function) {
                deliver(&cloud, deployment, request, room).await;
            }
            drop(counted);
        });
        Ok(())
    }
}

async fn deliver(cloud: &Cloud, function: &Deployment, request: FnRequest, room: OwnedSemaphorePermit) {
    let call_id = request.call_id.clone();
    let tell = |level: &str, message: &str, mut fields: Value| {
        fields["call_id"] = json!(call_id);
        function.log.tell(std::process::id(), level, message, fields);
    };
    tokio::select! {
        // Looked at first: a call that fails because everything ends is not worth a line of its own.
        biased;
        () = cloud.stopping() => {
            tell("WARN", "fn.detached.dropped", json!({ "reason": "the local cloud is stopping" }));
        }
        outcome = run(function, request) => match outcome {
            Ok(()) => tell("INFO", "fn.detached.done", json!({})),
            Err(failure) => tell("ERROR", "fn.detached.failed", json!({ "reason": failure.to_string() })),
        },
    }
    drop(room);
}

/// Waits for a process as long as an asynchronous call may wait; then there is one try.
async fn run(function: &Deployment, request: FnRequest) -> Result<(), Failure> {
    let began = Instant::now();
    loop {
        match function.fn_process().await {
            Ok(process) => return process.run(request).await.map(drop),
            Err(Failure { kind: FailureKind::Busy, .. }) if began.elapsed() < function.limits.event_max_age => {
                sleep(PAUSE).await;
            }
            Err(failure) => return Err(failure),
        }
    }
}

//! Asynchronous calls of Lambda: accepted at once, run later, and run again when the function fails.
//!
//! Lambda tries a failed event twice more, after one minute and after two; here the pauses are seconds unless
//! told otherwise ([`Limits::event_retry_waits`](super::host::Limits::event_retry_waits)). An event for which
//! there is no free process is not a try: it waits longer and longer, until it is too old. Nothing survives the
//! end of the local cloud, which leaves a line in the log for each event that it drops.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use super::host::{Host, Limits};
use super::lambda_worker::{LambdaReply, LambdaRequest, LambdaWorker};
use super::pool::Pool;
use super::runtime_api::Event;
use crate::failure::{Failure, FailureKind};

/// Memory for the payloads of one function's waiting events, in KiB.
const MAX_WAITING_KIB: usize = 64 * 1024;
/// What an event takes besides its payload, in KiB.
const OVERHEAD_KIB: usize = 1;
/// First and longest pause of an event that found no process, as on Lambda.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// The waiting events of one function.
pub(crate) struct EventQueue {
    host: Arc<Host>,
    processes: Arc<Pool<LambdaWorker>>,
    room: Arc<Semaphore>,
}

impl EventQueue {
    pub(crate) fn new(host: Arc<Host>, processes: Arc<Pool<LambdaWorker>>) -> Self {
        Self { host, processes, room: Arc::new(Semaphore::new(MAX_WAITING_KIB)) }
    }

    /// Takes an event over; its outcome is told in the log alone. Must be called inside a runtime.
    ///
    /// # Errors
    /// When too much is waiting already, or the cloud is being stopped.
    pub(crate) fn accept(&self, event: Event) -> Result<(), Failure> {
        // Counted first, as with processes: whoever stops the cloud sets the sign before it looks at the count.
        let counted = self.host.census.enter();
        if *self.host.stop.borrow() {
            return Err(FailureKind::Stopping.into());
        }
        let size = u32::try_from(event.body.len() / 1024 + OVERHEAD_KIB).unwrap_or(u32::MAX);
        let Ok(room) = Arc::clone(&self.room).try_acquire_many_owned(size) else {
            return Err(FailureKind::Busy.into());
        };
        let delivery = Delivery { host: Arc::clone(&self.host), event, tries: 0, began: Instant::now(), _room: room };
        let processes = Arc::clone(&self.processes);
        tokio::spawn(async move {
            delivery.run(&processes).await;
            drop(counted);
        });
        Ok(())
    }
}

/// One event on its way.
struct Delivery {
    host: Arc<Host>,
    event: Event,
    tries: usize,
    began: Instant,
    _room: OwnedSemaphorePermit,
}

/// What is to be done after a try.
enum Next {
    Done,
    After(Duration),
}

impl Delivery {
    async fn run(mut self, processes: &Pool<LambdaWorker>) {
        let mut stop = self.host.stop.clone();
        let stopped = tokio::select! {
            // Looked at first: a call that fails because everything ends is not worth a line of its own.
            biased;
            _ = stop.wait_for(|stop| *stop) => true,
            () = self.deliver(processes) => false,
        };
        if stopped {
            self.tell("WARN", "lambda.event.dropped", json!({ "reason": "the local cloud is stopping" }));
        }
    }

    async fn deliver(&mut self, processes: &Pool<LambdaWorker>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let next = match processes.acquire().await {
                Ok(process) => {
                    self.tries += 1;
                    let request = LambdaRequest { event: self.event.clone(), wants_log: false };
                    let outcome = process.run(request).await;
                    self.judge(outcome)
                }
                Err(failure) => {
                    let next = self.postpone(&failure, pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    next
                }
            };
            match next {
                Next::Done => return,
                Next::After(wait) => sleep(wait).await,
            }
        }
    }

    fn judge(&self, outcome: Result<LambdaReply, Failure>) -> Next {
        let error = match outcome {
            Ok(reply) if !reply.is_error => {
                self.tell("INFO", "lambda.event.done", json!({}));
                return Next::Done;
            }
            Ok(reply) => error_type(&reply.payload),
            Err(failure) => failure.kind.to_string(),
        };
        match self.limits().event_retry_waits.get(self.tries - 1) {
            Some(wait) => self.again("lambda.event.failed", &error, *wait),
            None => self.discard(&error, "it was the last try"),
        }
    }

    /// No process could be had, which is not the function's fault.
    fn postpone(&self, failure: &Failure, pause: Duration) -> Next {
        self.again("lambda.event.postponed", &failure.kind.to_string(), pause)
    }

    fn again(&self, message: &str, error: &str, wait: Duration) -> Next {
        if self.began.elapsed() + wait > self.limits().event_max_age {
            return self.discard(error, "the event is too old");
        }
        self.tell("WARN", message, json!({ "error_type": error, "retry_in_seconds": wait.as_secs_f64() }));
        Next::After(wait)
    }

    fn discard(&self, error: &str, reason: &str) -> Next {
        self.tell("ERROR", "lambda.event.discarded", json!({ "error_type": error, "reason": reason }));
        Next::Done
    }

    fn limits(&self) -> &Limits {
        &self.host.limits
    }

    fn tell(&self, level: &str, message: &str, mut fields: Value) {
        fields["function_request_id"] = json!(self.event.request_id);
        fields["try"] = json!(self.tries);
        fields["tries"] = json!(self.limits().event_retry_waits.len() + 1);
        self.host.log.tell(std::process::id(), level, message, fields);
    }
}

/// The stable word of an error object; its message may hold anything and is in the function's own log.
fn error_type(payload: &[u8]) -> String {
    let value: Option<Value> = serde_json::from_slice(payload).ok();
    let kind = value.as_ref().and_then(|value| value["errorType"].as_str());
    kind.unwrap_or("unknown").chars().take(200).collect()
}

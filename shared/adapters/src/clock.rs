//! The clock of this process, for documents and leases.

use std::time::{Duration, SystemTime};

use causeway_cloud::state::Clock;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

/// The system's clock, and tokio's timer.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(time).boxed()
    }
}

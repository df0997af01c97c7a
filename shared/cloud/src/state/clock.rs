//! Time for leases and records.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::BoxFuture;

/// Milliseconds since 1970, as documents store them.
pub type UnixMillis = u64;

/// Time, and waiting for it. Adapters bring one; tests turn the hands.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> SystemTime;

    /// Now, for measuring how much time has gone by: a wall clock that is set meanwhile has no part in it.
    fn instant(&self) -> Instant {
        Instant::now()
    }

    /// Waits.
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()>;

    /// Now, as documents store it; 0 before 1970.
    fn unix_millis(&self) -> UnixMillis {
        let since = self.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// The moment `time` after `now`.
pub(super) fn after(now: UnixMillis, time: Duration) -> UnixMillis {
    now.saturating_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod dry;
mod looks;
mod lost;
mod trips;
mod world;

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::*;

/// A clock whose hands the test turns; nobody sleeps.
pub(crate) struct Hands(AtomicI64);

impl Hands {
    pub(crate) fn at(seconds: i64) -> Self {
        Self(AtomicI64::new(seconds * 1000))
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.0.load(Ordering::SeqCst).try_into().unwrap())
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        std::future::ready(()).boxed()
    }
}

#[test]
fn a_request_asks_for_less_and_never_for_more() {
    use Mode::{DryRun, Enforce, Off, Recommend};
    for (asked, own, allowed) in [
        (Enforce, Recommend, false),
        (Enforce, Enforce, true),
        (Recommend, Enforce, true),
        (Recommend, DryRun, false),
        (DryRun, Recommend, true),
        (Off, DryRun, true),
        (DryRun, Off, false),
    ] {
        assert_eq!(lesser(asked, own).is_ok(), allowed, "{asked:?} {own:?}");
    }
    assert_eq!(lesser(Enforce, Recommend).unwrap_err().http_status(), 403);
}

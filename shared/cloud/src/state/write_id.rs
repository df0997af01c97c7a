//! Ids of writes.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// An id that no other write has: 128 bits from the seeds of this process's hash tables and a counter.
/// Unique, not secret.
pub(super) fn new() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let part = |salt: u64| RandomState::new().hash_one((salt, count));
    format!("{:016x}{:016x}", part(1), part(2))
}

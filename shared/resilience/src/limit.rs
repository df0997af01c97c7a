//! How many calls may be under way at once.
//!
//! A [`Limit`] counts permits that give themselves back, also when a call is dropped half-way. [`Aimd`] finds a good
//! number for it.

mod aimd;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

pub use aimd::{Aimd, Rules};

/// At most so many at once. Copies share the count.
///
/// ```
/// use causeway_resilience::limit::Limit;
///
/// let limit = Limit::new(1);
/// let permit = limit.try_acquire();
/// assert!(permit.is_some() && limit.try_acquire().is_none());
/// drop(permit);
/// assert!(limit.try_acquire().is_some());
/// ```
#[derive(Debug, Clone)]
pub struct Limit(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    max: AtomicU32,
    in_flight: AtomicU32,
}

/// The right to be one of them, until it is dropped.
#[derive(Debug)]
#[must_use = "dropping it gives it back"]
pub struct Permit(Arc<Counts>);

impl Limit {
    /// With 0 nothing passes.
    #[must_use]
    pub fn new(max: u32) -> Self {
        Self(Arc::new(Counts { max: AtomicU32::new(max), in_flight: AtomicU32::new(0) }))
    }

    /// A permit, where there is one. Nobody waits here: those who want to wait ask again, the others take a fallback.
    #[must_use]
    pub fn try_acquire(&self) -> Option<Permit> {
        let max = self.max();
        let more = |used: u32| (used < max).then(|| used + 1);
        let taken = self.0.in_flight.fetch_update(Ordering::AcqRel, Ordering::Acquire, more);
        taken.ok().map(|_| Permit(Arc::clone(&self.0)))
    }

    /// Permits that are out.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.0.in_flight.load(Ordering::Acquire)
    }

    /// How many there may be.
    #[must_use]
    pub fn max(&self) -> u32 {
        self.0.max.load(Ordering::Acquire)
    }

    /// Changes how many there may be. Permits beyond it stay out, and no other is given until enough came back.
    pub fn set_max(&self, max: u32) {
        self.0.max.store(max, Ordering::Release);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_run_out_and_come_back() {
        let limit = Limit::new(2);
        let (first, second) = (limit.try_acquire(), limit.clone().try_acquire());
        assert!(first.is_some() && second.is_some() && limit.try_acquire().is_none());
        drop(first);
        assert_eq!(limit.in_flight(), 1);
        limit.set_max(1);
        assert!(limit.try_acquire().is_none());
        drop(second);
        assert!(limit.try_acquire().is_some());
        assert_eq!(limit.in_flight(), 0);
        assert!(Limit::new(0).try_acquire().is_none());
    }

    #[test]
    fn a_panic_gives_the_permit_back() {
        let limit = Limit::new(1);
        let inside = limit.clone();
        let joined = std::thread::spawn(move || {
            let _permit = inside.try_acquire().unwrap();
            panic!("on purpose");
        })
        .join();
        assert!(joined.is_err());
        assert_eq!(limit.in_flight(), 0);
    }

    #[test]
    fn threads_never_hold_more_than_there_are() {
        let (limit, inside, most) = (Limit::new(3), AtomicU32::new(0), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20_000 {
                        let Some(_permit) = limit.try_acquire() else { continue };
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!((1..=3).contains(&most.load(Ordering::SeqCst)), "{most:?}");
        assert_eq!(limit.in_flight(), 0);
    }
}

//! How many pictures are in memory at once.
//!
//! Waiting for a model costs nothing; a decoded picture costs up to what [`Limits`](crate::picture::Limits) allow. So many
//! pictures wait for answers together, two are decoded, and one of those may be large.

use std::sync::Arc;

use futures_util::future::select_all;
use futures_util::lock::{Mutex, OwnedMutexGuard};

/// From so many pixels on a picture is large: 24 MB as RGB.
pub(crate) const LARGE_PIXELS: u64 = 8_000_000;
/// Pictures that are decoded at once; functions have one or two processors.
const LANES: usize = 2;

/// Rooms for pictures.
#[derive(Clone)]
pub(crate) struct Lanes {
    lanes: [Arc<Mutex<()>>; LANES],
    large: Arc<Mutex<()>>,
}

/// A room; it is free again when this is dropped.
pub(crate) struct Room {
    _lane: OwnedMutexGuard<()>,
    large: Option<OwnedMutexGuard<()>>,
}

impl Lanes {
    pub(crate) fn new() -> Self {
        Self { lanes: std::array::from_fn(|_| Arc::default()), large: Arc::default() }
    }

    /// Waits for a room.
    pub(crate) async fn room(&self) -> Room {
        let (lane, ..) = select_all(self.lanes.iter().map(|lane| Arc::clone(lane).lock_owned())).await;
        Room { _lane: lane, large: None }
    }

    /// Makes it one for a large picture. Whoever waits here has a room already and keeps it, so there is no circle.
    pub(crate) async fn enlarge(&self, room: &mut Room) {
        room.large = Some(Arc::clone(&self.large).lock_owned().await);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn two_at_once_and_one_large() {
        let lanes = Lanes::new();
        let (all, large) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (most, most_large) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let stay = |counter: &AtomicUsize, peak: &AtomicUsize| {
            peak.fetch_max(counter.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        };
        join_all((0..20).map(|number| {
            let (lanes, all, large, most, most_large) = (&lanes, &all, &large, &most, &most_large);
            async move {
                let mut room = lanes.room().await;
                stay(all, most);
                let is_large = number % 2 == 0;
                if is_large {
                    lanes.enlarge(&mut room).await;
                    stay(large, most_large);
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
                if is_large {
                    large.fetch_sub(1, Ordering::SeqCst);
                }
                all.fetch_sub(1, Ordering::SeqCst);
            }
        }))
        .await;
        assert_eq!((most.into_inner(), most_large.into_inner()), (LANES, 1));
    }
}

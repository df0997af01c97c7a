//! Target tracking as the Kubernetes Horizontal Pod Autoscaler does it, with the size in place of replicas:
//! `desired = ceil(current x busy / target)`, no action within 10 %, and the highest recommendation of the last ten
//! minutes on the way down.

use std::collections::VecDeque;

use crate::replay::model::{Policy, Seen, Sizes};

/// Share of the machine that should be busy.
const TARGET: f64 = 0.6;
/// A ratio this close to 1 is left alone.
const TOLERANCE: f64 = 0.1;
/// Samples of the stabilization window.
const WINDOW: usize = 2;

/// Target tracking.
#[derive(Debug, Clone)]
pub struct Hpa {
    sizes: Sizes,
    recommended: VecDeque<u32>,
}

impl Hpa {
    /// With these bounds.
    #[must_use]
    pub fn new(sizes: Sizes) -> Self {
        Self { sizes, recommended: VecDeque::with_capacity(WINDOW + 1) }
    }

    fn recommendation(&self, busy: f64, size: u32) -> u32 {
        let ratio = busy / 100.0 / TARGET;
        if (ratio - 1.0).abs() <= TOLERANCE { size } else { self.sizes.covering(f64::from(size) * ratio) }
    }
}

impl Policy for Hpa {
    fn next(&mut self, seen: Seen) -> u32 {
        let Some(busy) = seen.busy else { return seen.size };
        let now = self.recommendation(busy, seen.size);
        self.recommended.push_back(now);
        if self.recommended.len() > WINDOW {
            self.recommended.pop_front();
        }
        let highest = self.recommended.iter().copied().max().unwrap_or(now);
        if now > seen.size { now } else { highest.min(seen.size) }
    }
}

//! Halving and doubling at two thresholds, every five minutes: the scaler that this one replaces, with its metric
//! and its machine made right. Its size follows the last mean, and a gap in the monitoring is to it a machine that
//! idles.

use crate::replay::model::{Policy, Seen, Sizes};

/// Busier than this doubles, in percent.
const HOT: f64 = 80.0;
/// Less busy than this halves, in percent.
const COLD: f64 = 30.0;

/// The original rules.
#[derive(Debug, Clone, Copy)]
pub struct Original {
    sizes: Sizes,
}

impl Original {
    /// With these bounds.
    #[must_use]
    pub fn new(sizes: Sizes) -> Self {
        Self { sizes }
    }
}

impl Policy for Original {
    fn next(&mut self, seen: Seen) -> u32 {
        let busy = seen.busy.unwrap_or(0.0);
        if busy > HOT {
            (seen.size * 2).min(self.sizes.max)
        } else if busy < COLD {
            (seen.size / 2).max(self.sizes.min)
        } else {
            seen.size
        }
    }
}

//! A machine that nobody resizes after its first day.

use crate::replay::model::{Policy, Seen};

/// One size for ever.
#[derive(Debug, Clone, Copy)]
pub struct Unmoved {
    size: u32,
}

impl Unmoved {
    /// Always `size` OCPUs.
    #[must_use]
    pub fn new(size: u32) -> Self {
        Self { size }
    }
}

impl Policy for Unmoved {
    fn next(&mut self, _seen: Seen) -> u32 {
        self.size
    }
}

//! Memory that is used again.

use std::hint::black_box;
use std::sync::Once;

/// Buffers of photographs of 12 MP and less are smaller.
const KEPT: usize = 16 << 20;

/// Has the allocator keep freed buffers of up to [`KEPT`] bytes for the next picture in place of giving them back to the
/// system, which clears each page anew: that took an eighth of the time of a photograph. The allocator of glibc takes the
/// largest piece that was freed for the size of ordinary ones, and keeps twice as much of each thread's; others are not
/// changed by it.
pub(super) fn keep_freed_buffers() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(black_box(Vec::<u8>::with_capacity(KEPT))));
}

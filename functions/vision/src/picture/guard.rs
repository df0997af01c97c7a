//! The fence round decoders.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Rejected;

/// Runs a decoder; a defect of it that a file brings to light is an answer about the file, not the end of the call.
pub(super) fn guard<T>(decoder: impl FnOnce() -> Result<T, Rejected>) -> Result<T, Rejected> {
    // Nothing that the closure touched is used after a panic: it owns its buffers, and they are dropped.
    catch_unwind(AssertUnwindSafe(decoder))
        .unwrap_or_else(|_| Err(Rejected::unreadable("the decoder gave up on this file")))
}

//! Why the input of some work cannot be had.
//!
//! The type stands here because the rules that read input and the host that answers must not know each other.

use std::error::Error as StdError;

/// Input that cannot be used, or not be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The caller's mistake: an answer for the caller.
    #[error("{path}: {message}")]
    Wrong {
        /// Where in the request, as a JSON path such as `inputs.strategy`.
        path: String,
        /// What is wrong there.
        message: String,
    },
    /// The object store's failure.
    #[error("the object store failed while the input was read")]
    Store(#[source] Box<dyn StdError + Send + Sync>),
}

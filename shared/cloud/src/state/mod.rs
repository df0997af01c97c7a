//! State that several invocations share: small JSON documents with compare-and-swap.
//!
//! A function has no memory of its own, and two invocations may run at the same time. [`Documents`] lets them
//! agree through one object each: create if absent, replace if nobody did meanwhile. [`lease`] builds mutual
//! exclusion on it, with an epoch by which late writers are refused, and [`once`] makes a call happen once.
//!
//! Every document is written with the id of its write. A store that answers "precondition failed" to the
//! repetition of a write that had in fact arrived is thereby understood: the document is read back, and when
//! it holds our id, the write was ours.

pub mod lease;
pub mod once;

mod answers;
mod clock;
mod documents;
mod error;
mod write_id;

pub use answers::Answers;
pub use clock::{Clock, UnixMillis};
pub use documents::{Documents, Version, Versioned};
pub(crate) use documents::{Found, chance, unique_name};
pub use error::StateError;

#[cfg(test)]
pub(crate) mod tests;

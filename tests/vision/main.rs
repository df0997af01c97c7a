//! The vision tool's process against an OCI: in every way that it is called, killed in the middle, with hostile files, and
//! with many pictures at once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod cloud;
mod deaths;
mod hostile;
mod many;
mod png;
mod ways;

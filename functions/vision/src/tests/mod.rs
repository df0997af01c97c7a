//! The handler over a store in memory, real pictures, and a model whose answers are written down.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod alerts;
mod batches;
mod faults;
mod forms;
mod kept;
mod once;
mod unread;
pub(crate) mod world;

//! Language models: each provider against a server that plays it, the list of fallbacks, and Generative AI of the
//! emulator with real signatures.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod bounds;
mod emulator;
mod fallbacks;
mod forms;
mod promises;
mod refusals;
mod world;

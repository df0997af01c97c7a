//! The ports on Oracle Cloud against the emulator, with a resource principal as a function has it: through
//! [`causeway_adapters::Connected`], so that what runs here is what a deployment runs.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken set-up should stop the test that hit it")]

mod cloud;
mod failures;
mod ports;

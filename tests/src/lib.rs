//! What the integration tests share. Start at [`harness`].
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken set-up should stop the test that hit it")]

pub mod harness;

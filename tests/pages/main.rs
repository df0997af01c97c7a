//! The dashboard as a browser shows it: Chromium opens what the visualization agent wrote. Without Chromium the tests
//! say so and skip, and fail in that case on CI.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken set-up should stop the test that hit it")]

mod dashboard;
mod greyscale;
mod results;
mod tables;

//! Other people's programs drive ours. Each test says so and skips when its program is not there, and
//! fails in that case on CI.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken set-up should stop the test that hit it")]

mod aws_failures;
mod aws_ports;
mod aws_side;
mod aws_usage;
mod cargo_lambda;
mod lambda_emulator;
mod moto;
mod oci;
mod rie;
mod s3_objects;
mod sample_events;

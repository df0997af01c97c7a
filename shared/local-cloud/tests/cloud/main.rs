//! The local cloud from outside: real processes, real sockets, real HTTP. One binary, because each more
//! would be linked with everything again.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests, outside #[test] functions")]

mod commands;
mod env;
mod events;
mod failover;
mod fn_calls;
mod lambda_calls;
mod memory;
mod oci;
mod processes;
mod scenario;
mod seeds;
mod status;
mod support;
mod triggers;
mod up;

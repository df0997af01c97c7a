//! What callers get from a function in each host. The Lambda host is driven by AWS's own emulator too, in
//! `clients`; the socket's own rules are in `contract`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken set-up should stop the test that hit it")]

mod auth;
mod cli;
mod discovery;
mod fn_host;
mod fn_server;
mod lambda;
mod serve;

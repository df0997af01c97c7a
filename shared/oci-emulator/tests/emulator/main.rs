//! The emulator over real connections, with a signer and a client of the tests' own.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failed step fails the test")]

mod auth;
mod faults;
mod functions;
mod notifications;
mod objects;
mod people;
mod persistence;
mod services;
mod support;
mod uploads;
mod zones;

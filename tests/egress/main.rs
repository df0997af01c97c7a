//! The monitor against an OCI: whole processes and, where a date matters, monitors of this process whose clock is set;
//! both through the real client, over a socket, with the principal of a function.
//!
//! What counts is counted at the services: messages of the topic, and requests as they came.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod aws;
mod budget;
mod cloud;
mod flood;
mod ill;
mod lambda;
mod once;
mod readme;
mod report;
mod rows;
mod script;
mod vectors;
mod vectors_alerts;

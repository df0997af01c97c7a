//! The health checker against an OCI: whole processes and, where a moment matters, checkers of this process whose clock
//! is set; both through the real client, over a socket, with the principal of a function.
//!
//! What counts is counted at the services and at the targets: messages of the topic, and connections that came.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod breakers;
mod cloud;
mod guard;
mod load;
mod once;
mod rebinding;
mod sides;
mod target;
mod tick;
mod vantage;

//! The autoscaler's process against an OCI: large fleets, ticks that meet, processes that die, state that is lost.
//!
//! What counts is counted at the services: work requests of machines, and requests as they came.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod clocks;
mod cloud;
mod deaths;
mod dry;
mod fleet;
mod recordings;
mod scale;
mod states;
mod told;
mod vectors;

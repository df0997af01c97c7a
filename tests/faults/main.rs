//! What becomes of data when the network and the services fail: ten thousand operations under every kind of fault,
//! many writers on one document, and holders of leases that die or sleep. Everything is read back in the end.
//!
//! `TEST_SLOW=1` runs each of them at full length.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod cloud;
mod flow;
mod holders;
mod kinds;
mod model;
mod proxy;
mod worker;
mod writers;

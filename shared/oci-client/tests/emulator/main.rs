//! The client against the emulator of Oracle Cloud: signatures, bodies and meanings of one are those of the other.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod cloud;
mod objects;
mod principals;
mod services;
mod store;

//! The vision tool's process against an OCI and against AWS: in every way that it is called, killed in the middle, with
//! hostile files, and with many pictures at once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod cloud;
mod deaths;
mod hostile;
mod lambda;
mod many;
mod model;
#[allow(dead_code, reason = "tests of the adapters need more of it")]
#[path = "../clients/moto.rs"]
mod moto;
mod png;
#[allow(dead_code, reason = "tests of other functions need more of it")]
#[path = "../clients/rie.rs"]
mod rie;
mod runs;
mod sheet;
mod told;
mod ways;

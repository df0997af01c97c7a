//! The vectors, the known defects of an earlier scaler, and the laws; all through [`decide`](super::decide) on JSON.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot be set up must fail")]

mod again;
mod bounds;
mod budget;
mod defects;
mod dry_run;
mod fixture;
mod fleet;
mod flight;
mod hot;
mod idle;
mod laws;
mod one_day;
mod over_time;
mod restarts;
mod state;
mod windows;

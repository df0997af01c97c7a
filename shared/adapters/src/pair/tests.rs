#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod laws;
mod lists;
mod outages;
mod promises;
mod results;
mod stage;

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod answers;
mod chats;
mod downloads;
mod requests;
mod retries;
mod shapes;
mod storage;
mod wires;
mod world;

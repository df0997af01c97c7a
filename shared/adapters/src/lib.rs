//! The ports of `causeway-cloud` on the services of Oracle Cloud and AWS. Start at [`connect`].
//!
//! One binary serves both clouds: every adapter is built in, and one that a run does not need is never
//! constructed. [`SETTINGS`] names the variables that adapters read.

#![forbid(unsafe_code)]

pub mod aws;
pub mod oci;

mod chat;
mod choice;
mod clock;
mod connect;
mod openai;
mod settings;

pub use choice::{Cloud, UnknownCloud};
pub use clock::SystemClock;
pub use connect::{Connected, connect};
pub use settings::SETTINGS;

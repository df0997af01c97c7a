//! The ports of `causeway-cloud` on the services of Oracle Cloud and AWS; functions also on a Fn server. Start at
//! [`connect`].
//!
//! One binary serves both clouds: every adapter is built in, and one that a run does not need is never
//! constructed. [`SETTINGS`] names the variables that adapters read.

#![forbid(unsafe_code)]

pub mod aws;
pub mod oci;

mod base_url;
mod chat;
mod choice;
mod clock;
mod connect;
mod fnproject;
mod openai;
mod pair;
mod settings;

pub use choice::{Cloud, UnknownCloud};
pub use clock::SystemClock;
pub use connect::{Connected, connect};
pub use pair::storage_breakers;
pub use settings::SETTINGS;

/// Name of the application of the other functions when none is set, on OCI and on a Fn server.
const APPLICATION: &str = "causeway";

//! AWS.

mod arn;
mod call;
mod chat;
mod client;
mod failure;
mod http_client;
mod invoker;
mod log;
mod metrics;
mod notifier;
pub mod objects;
mod secrets;
mod session;
mod usage;

pub use http_client::http_client;
pub(crate) use session::Aws;
pub use session::Session;

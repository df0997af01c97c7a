//! AWS.

mod http_client;
pub mod objects;
mod session;

pub use http_client::http_client;
pub(crate) use session::Aws;
pub use session::Session;

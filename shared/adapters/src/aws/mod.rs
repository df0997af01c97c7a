//! AWS.

mod http_client;
pub mod objects;

pub use http_client::http_client;

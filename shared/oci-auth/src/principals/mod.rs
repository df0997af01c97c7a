//! Principals: who signs, and where the credentials come from.

pub mod api_key;
pub mod config_file;
pub mod delegation;
pub mod exchange;
pub mod fixed;
pub mod instance;
pub mod oke;
pub mod resource;
pub mod session;
mod settle;
pub(crate) mod wire;

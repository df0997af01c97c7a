//! The ports of `causeway-cloud` on the services of Oracle Cloud and AWS.
//!
//! One binary serves both clouds: every adapter is built in, and one that a run does not need is never
//! constructed. [`SETTINGS`] names the variables that adapters read.

#![forbid(unsafe_code)]

pub mod aws;
pub mod oci;

mod settings;

use std::sync::Arc;

use causeway_cloud::Principal;

pub use settings::SETTINGS;

/// Why a function cannot be connected to its ports.
pub type Problem = Box<dyn std::error::Error + Send + Sync>;

/// Who this process is to the cloud. Nothing is read or sent before it is asked.
///
/// # Errors
/// A variable that cannot be used.
pub fn principal() -> Result<Arc<dyn Principal>, Problem> {
    Ok(Arc::new(oci::Identity::of_process()?))
}

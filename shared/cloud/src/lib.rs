//! The cloud capabilities that functions see, as traits, and adapters for local runs.
//!
//! * [`Objects`]: the `object_store` trait, so that every kept adapter of that crate fits.
//! * [`state`]: documents with compare-and-swap, leases with a fencing epoch, and calls that happen once, all
//!   on conditional writes of [`Objects`].
//! * [`Principal`]: who the function is to the cloud.
//!
//! [`local::Store`] serves a directory and never leaves it; [`conformance`] states what each adapter must do.
//! Nothing here opens a network connection.

pub mod conformance;
pub mod local;
pub mod state;

mod error;
mod path;
mod principal;

use std::sync::Arc;

pub use error::Error;
pub use object_store;
pub use path::object_path;
pub use principal::{NoPrincipal, Principal, PrincipalCheck};

/// Objects of one bucket, or of a directory that stands in for one.
///
/// Locations are relative to the bucket and use `/`; [`object_path`] makes one from what a user typed.
pub type Objects = Arc<dyn object_store::ObjectStore>;

//! The cloud capabilities that functions see, as traits, and adapters for local runs.
//!
//! * [`Objects`]: the `object_store` trait, so that every kept adapter of that crate fits.
//! * [`state`]: documents with compare-and-swap, leases with a fencing epoch, and calls that happen once, all
//!   on conditional writes of [`Objects`].
//! * [`breaker`]: circuit breakers that functions share, on such documents, and what serves a call when one is open.
//! * [`Principal`]: who the function is to the cloud.
//! * [`Metrics`], [`Fleet`], [`Usage`], [`Notifier`] with [`Alerts`], [`ChatModel`], [`Invoker`], [`Secrets`]: services
//!   in the words of a function. Every call takes the deadline of the invocation and fails with a
//!   [`ServiceFailure`](causeway_resilience::ServiceFailure).
//! * [`Results`]: where results of analyses are kept: objects with an index, or rows of a database.
//! * [`Ports`]: all of them, as a deployment has them.
//!
//! [`local::Store`] serves a directory and never leaves it; [`conformance`] states what each adapter must do.
//! Nothing here opens a network connection.

pub mod breaker;
pub mod chat;
pub mod conformance;
pub mod fleet;
pub mod invoker;
pub mod local;
pub mod metrics;
pub mod notifier;
pub mod results;
pub mod secrets;
pub mod side;
pub mod state;
pub mod usage;
pub mod vantage;

mod error;
mod path;
mod ports;
mod principal;

use std::sync::Arc;

pub use chat::ChatModel;
pub use error::Error;
pub use fleet::Fleet;
pub use invoker::Invoker;
pub use metrics::Metrics;
pub use notifier::{Alerts, Notifier};
pub use object_store;
pub use path::{folder_of_setting, object_path};
pub use ports::{Ports, Problem};
pub use principal::{NoPrincipal, Principal, PrincipalCheck};
pub use results::Results;
pub use secrets::Secrets;
pub use usage::Usage;
pub use vantage::Vantage;

/// Objects of one bucket, or of a directory that stands in for one.
///
/// Locations are relative to the bucket and use `/`; [`object_path`] makes one from what a user typed.
pub type Objects = Arc<dyn object_store::ObjectStore>;

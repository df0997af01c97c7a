//! Oracle Cloud's services as functions need them: few calls, typed errors, and an object store.
//!
//! Every call goes through five steps: a request id, retries, a signature for each try, a log line for each try, and
//! the network. [`Client`] is where to start; [`store::Bucket`] is an [`object_store::ObjectStore`] on it.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use causeway_oci_auth::{Chain, Effects};
//! use causeway_oci_client::{Client, store::Bucket};
//! use object_store::{ObjectStoreExt, path::Path};
//!
//! let provider = Arc::new(Chain::from_environment(Effects::system()?)?);
//! let client = Client::of_process(provider)?;
//! let bucket = Bucket::new(client.object_storage(), "results");
//! bucket.put(&Path::from("runs/1.json"), "{}".into()).await?;
//! let instance = client.compute().instance("ocid1.instance.oc1..example").await?;
//! println!("{} is {}", instance.shape, instance.lifecycle_state);
//! # Ok(())
//! # }
//! ```
//!
//! Members that a service may leave out are `Option`: absent is not zero. Enumerations that Oracle may extend are
//! text. Times are UTC.

#![forbid(unsafe_code)]

mod answer;
mod ask;
mod client;
pub mod compute;
pub mod dns;
mod error;
pub mod functions;
pub mod generative_ai;
pub mod health_checks;
pub mod limits;
pub mod logging;
pub mod monitoring;
pub mod notifications;
pub mod object_storage;
mod pages;
mod pipeline;
pub mod secrets;
mod site;
pub mod store;
#[cfg(test)]
mod tests;
mod time;
mod transport;
pub mod usage;

pub use client::Client;
pub use error::{Cause, Error};
pub use transport::{BodyStream, Chunks, Transport};

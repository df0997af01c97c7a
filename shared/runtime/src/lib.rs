//! One handler, three hosts.
//!
//! A function implements [`Handler`] and its `main` calls [`run`]; the same binary then answers as an Fn
//! or OCI function, as an AWS Lambda bootstrap, or on the command line. Whatever arrives becomes an
//! [`Invocation`]; a handler sees its typed request and a [`Context`]. Start at [`Handler`].
//!
//! This crate knows no cloud service and no function; only the modules under `hosts` read platform
//! variables.

mod blocking;
mod budget;
mod context;
mod document;
mod error;
mod events;
mod fit;
mod handler;
mod hosts;
mod idempotency;
mod input;
mod invocation;
pub mod local_time;
mod metrics;
mod probe;
mod reply;
pub mod schema;
mod service;
mod settings;
mod telemetry;
pub mod tool;
mod turns;

pub use blocking::blocking;
pub use budget::{Budget, until};
pub use causeway_resilience::PrincipalCheck;
pub use context::{Context, Trace};
pub use document::{Document, Place, Problem as DocumentProblem, of_value, read as read_document};
pub use error::{Error, Kind as ErrorKind};
pub use events::{Event, ObjectRef};
pub use handler::Handler;
pub use hosts::run;
pub use idempotency::Idempotency;
pub use invocation::{HttpRequest, Invocation, Item, Kind, Payload, Task};
pub use metrics::{Metrics, Sample, Unit};
pub use reply::Reply;
pub use service::{Service, renewing};
pub use settings::{ConfigErrors, Declared, Secret, Settings, Shared, Vars};
pub use tool::{StartedTool, Tool};
pub use turns::{Turn, Turns};

/// Largest request body, in bytes, that a function accepts: both clouds' synchronous limit is 6 MB.
pub const MAX_BODY_BYTES: usize = 6 * 1024 * 1024;

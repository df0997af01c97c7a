//! Runs function executables and talks to them as the Fn agent does, byte by byte.
//!
//! [`programs`] finds the executables, [`Spec`] starts one, [`Connection`] is a strict HTTP client over
//! the socket, [`Agent`] applies the agent's rules on what costs a container.

mod agent;
mod browser;
mod deployed;
mod emulated;
mod front;
mod gate;
mod home;
mod local_cloud;
mod loopback;
mod model_server;
mod oci_client;
mod oci_cloud;
mod platform;
mod process;
pub mod programs;
mod request;
mod sandbox;
mod wire;

pub use agent::{Agent, InFlight, Outcome, Verdict};
pub use browser::Browser;
pub use deployed::{Called, direct, signal};
pub use emulated::{Emulated, peak_mb, published};
pub use front::{Front, Hold, Noted};
pub use gate::{Catch, Gate, Seen, When};
pub use home::Home;
pub use local_cloud::LocalCloud;
pub use loopback::{listens, unshared};
pub use model_server::{Asked, ModelServer, Says};
pub use oci_client::{Hurried, Standing, oci_client};
pub use oci_cloud::OciCloud;
pub use platform::{AGENTS, BUCKET, FLOW, Platform, RESULTS_BUCKET};
pub use process::{Function, Spec};
pub use request::{Framing, Request};
pub use sandbox::{TASK_LIMIT, confine, notice, skip};
pub use wire::{Connection, Reply, WireError};

//! A function development kit for the [Fn Project](https://fnproject.io) and OCI Functions.
//!
//! It speaks the `http-stream` contract: HTTP/1.1 over a Unix socket that the Fn agent connects to.
//! It knows the contract and nothing else: no cloud client, no logging framework, no configuration
//! beyond the variables that the platform sets. Start at [`run`], [`Call`] and [`Response`].
//!
//! ```no_run
//! use std::process::ExitCode;
//! use causeway_fdk::{Context, json, run};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize)]
//! struct Order { item: String, count: u32 }
//!
//! #[derive(Serialize)]
//! struct Receipt { text: String }
//!
//! fn main() -> ExitCode {
//!     run(json(async |context: Context, order: Order| {
//!         let call = context.call_id().unwrap_or("-").to_owned();
//!         Ok::<_, std::io::Error>(Receipt { text: format!("{call}: {} x {}", order.count, order.item) })
//!     }))
//! }
//! ```
//!
//! # What a handler can rely on
//!
//! * **Statuses.** The agent stops a container that answers anything but 200, 502 or 504, so calls get
//!   nothing else (a head that is not HTTP gets the HTTP library's 400 or 431). A [`Response::status`] travels as `Fn-Http-Status`, and only on gateway
//!   calls; on plain invocations it is not sent.
//! * **Failure.** An `Err` or a panic becomes 502 with an empty body, the detail goes to stderr (or to
//!   [`Server::on_report`]), and the process serves the next call. `panic = "abort"` takes this away.
//! * **Deadline.** A call that is still running shortly before `Fn-Deadline` is dropped and answered
//!   with 504, which saves the container; see [`Context::deadline`]. Code that blocks the thread cannot
//!   be stopped this way: put it into [`blocking`].
//! * **Isolation.** A response is complete before its first byte is sent, so no byte of a failed call
//!   can appear in the next one.
//! * **Cancellation.** When the agent hangs up, the handler's future is dropped.
//! * **Freezing.** The agent freezes an idle container and removes it with SIGKILL. There is no timer
//!   in here that a thaw could confuse; background tasks run during calls only.
//!
//! # Trust
//!
//! Whoever may invoke a function chooses every header but `Fn-Call-Id` and `Fn-Deadline`; a direct
//! invocation can therefore claim to be a gateway call. Do not authorise on [`Gateway`] alone.

mod call;
mod config;
mod deadline;
mod dispatch;
mod gateway;
mod handler;
mod listener;
mod report;
mod response;
mod server;
mod stream;
mod trace;

pub use call::{Call, Context};
pub use config::{Config, ConfigError, LogFrame};
pub use gateway::Gateway;
pub use handler::{BoxError, Handler, TimedOut, blocking, json};
pub use listener::{ListenError, Listener};
pub use report::Report;
pub use response::{IntoResponse, InvalidHeader, InvalidStatus, Json, Response};
pub use server::{ServeError, Server, run};
pub use trace::Trace;

/// Value of the `Fn-Fdk-Version` header.
pub const FDK_VERSION: &str = concat!("fdk-rust/", env!("CARGO_PKG_VERSION"), " (causeway)");
/// Value of the `Fn-Fdk-Runtime` header.
pub const FDK_RUNTIME: &str = concat!("rust/", env!("FDK_RUSTC_VERSION"));

//! The local cloud: every function of the suite as a child process behind a real socket, called through
//! the interfaces of Fn and of Lambda, with an emulated OCI at the same address.
//!
//! It imitates what the platforms do to a process (start on the first call, one call at a time, deadline,
//! statuses, kill, further tries of asynchronous calls, a memory limit where one is asked for) but not what
//! they do to a machine: no container, no network of its own. Start at [`Cloud`].

mod api;
mod arguments;
mod child;
mod cli;
mod cloud;
mod commands;
mod environment;
mod failure;
pub mod functions;
mod ids;
mod logs;
mod oci;
mod programs;
mod sample;
mod scenario;
mod seed;
mod server;
mod supervisor;
mod terminal;

pub use api::{router, router_with};
pub use cli::main;
pub use cloud::{Cloud, Limits, Options, Program};
pub use failure::{Failure, FailureKind};
pub use logs::Echo;

//! Oracle's own command line, unmodified, against the emulator.

mod commands;
mod compute;
mod harness;
mod object_storage;
mod refusals;
mod server;

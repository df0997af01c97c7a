//! Oracle's own command line and Python SDK, unmodified, against the emulator.

mod chat;
mod commands;
mod compute;
mod dns;
mod functions;
mod harness;
mod health;
mod identity;
mod monitoring;
mod notifications;
mod object_states;
mod object_storage;
mod principals;
mod refusals;
mod supporting;
mod usage;

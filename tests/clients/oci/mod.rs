//! Oracle's own command line, unmodified, against the emulator.

mod harness;
mod object_storage;
mod refusals;

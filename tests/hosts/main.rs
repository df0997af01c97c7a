//! What callers get from a function in each host. The Lambda host is driven by AWS's own emulator, in
//! `clients`; the socket's own rules are in `contract`.

mod cli;
mod fn_host;
mod serve;

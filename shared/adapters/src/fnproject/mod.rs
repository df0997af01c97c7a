//! Functions of a server of the Fn Project, by its own API: `/v2` to find them, `/invoke` to call them.

mod answer;
mod invoker;
mod server;

pub(crate) use answer::{answered, bounded};
pub(crate) use invoker::Functions;

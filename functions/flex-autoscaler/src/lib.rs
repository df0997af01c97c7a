//! Keeps virtual machines of flexible shapes at the size that their load asks for.
//!
//! Every five minutes a tick reads the fleet and its measurements, decides and, where it is told to, resizes. A
//! resize is a restart on most shapes, so the rules are slow to shrink, quick to grow and silent when they know too
//! little. The decision is a pure function, [`decide::decide`]: the same [`input::Inputs`] give the same bytes, whether
//! in a tick, in `flex-autoscaler decide -f FILE` or in a replay of recorded load.
//!
//! | module | what it is |
//! |---|---|
//! | [`policy`] | every number of the rules |
//! | [`input`] | what a tick has read |
//! | [`state`] | what one tick leaves for the next |
//! | [`decide`] | the rules, one topic in a file |
//! | [`record`] | what was decided, and why |
//! | [`forecast`] | what a machine's past says about its next hours |
//! | [`replay`] | recorded load against this and other policies |

pub mod decide;
pub mod forecast;
pub mod input;
pub mod policy;
pub mod record;
pub mod replay;
pub mod size;
pub mod state;

mod commands;
mod config;
mod handler;
mod policy_document;
mod reply;
mod request;
mod schemas;
mod tick;

pub use config::{Config, PolicyFrom};
pub use handler::{FlexAutoscaler, Parts, Services};
pub use reply::{Busy, Reply, Resized, Status};
pub use request::{Kind, MAX_INSTANCE_IDS, Request, Scope};

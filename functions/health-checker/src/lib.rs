//! Tells whether services work, and whether traffic has to go back to the other cloud.
//!
//! Start at [`decide`](mod@decide): findings, what others have seen, calls of both sides and the state of the last tick
//! go in; states, a signal for each tenant, messages and the next state come out. It is pure: the same inputs give the
//! same bytes. What is not known is unknown everywhere, never healthy and never 0.
//!
//! | module | what it is |
//! |---|---|
//! | [`settings`] | what is checked, and every number of the rules |
//! | [`target`] | where probes may go |
//! | [`judge`] | from what a probe met to a finding |
//! | [`health`] | from findings to states |
//! | [`incidents`] | what was wrong and when |
//! | [`breaker`] | circuit breakers, as people see them |
//! | [`burn`] | how fast the budget for errors is used up |
//! | [`rollback`] | whether traffic has to go back |
//! | [`decide`](mod@decide) | all of these |
//! | [`alert`] | what people are told |
//! | [`signal`] | what machines are told |
//! | [`simulate`] | made-up minutes, played through the same decision |

pub mod alert;
pub mod breaker;
pub mod burn;
pub mod decide;
pub mod health;
pub mod incidents;
pub mod judge;
pub mod rollback;
pub mod settings;
pub mod signal;
pub mod simulate;
pub mod target;

mod commands;
mod config;
mod handler;
mod operator;
mod page;
mod probe;
mod reply;
mod request;
mod schemas;
#[cfg(test)]
mod sided;
mod tick;

pub use config::{Config, SettingsFrom};
pub use handler::{HealthChecker, Parts};
pub use reply::{Answer, BreakersReply, Published, Reply, Told};
pub use request::{Action, Kind, Request};

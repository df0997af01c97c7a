//! Circuit breakers that functions share, on documents with compare-and-swap.
//!
//! The rules are [`causeway_resilience::breaker`]; here is where their state lives. There is one document for each
//! [`Dependency`]. Calls go by a copy of it that is a few seconds old, reports of passed calls are gathered, and what
//! matters (failures, probes, changes) is written at once. A write that loses the race is decided anew on what is there
//! then; one that always loses leaves its reports beside the document, where [`Breakers::tend`] or the next write of the
//! same process takes them up. Every document says which writes of which process it holds, so that none is counted twice
//! although its answer was lost.
//!
//! The breaker never makes a call fail because its own store does: without the store each process goes by its own counts.
//!
//! Start at [`Breakers`]; [`Fallbacks`] say what serves a call that was not let through, or failed.
//!
//! ```
//! # futures_executor::block_on(async {
//! use std::sync::Arc;
//! use causeway_cloud::breaker::{Breakers, Dependency};
//! use causeway_resilience::Deadline;
//! use causeway_resilience::breaker::{Config, Outcome};
//! # struct Still;
//! # impl causeway_cloud::state::Clock for Still {
//! #     fn now(&self) -> std::time::SystemTime { std::time::SystemTime::UNIX_EPOCH }
//! #     fn sleep(&self, _: std::time::Duration) -> futures_util::future::BoxFuture<'static, ()> { Box::pin(async {}) }
//! # }
//! # let clock = Arc::new(Still);
//!
//! let breakers = Breakers::in_process(Config::shared(), clock)?;
//! let breaker = breakers.of(&Dependency::new("object-storage", "")?);
//! for _ in 0..5 {
//!     let ticket = breaker.enter(Deadline::NONE).await.map_err(|_| "closed")?;
//!     ticket.report(Outcome::Failed, Deadline::NONE).await;
//! }
//! assert!(breaker.enter(Deadline::NONE).await.is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod breakers;
mod dependency;
mod fallbacks;
mod kept;
mod message;
mod orders;
mod record;
mod seen;
mod shared;
mod sharing;
mod tend;
mod ticket;
mod underway;
mod ways;
mod world;

#[cfg(test)]
mod tests;

pub use breakers::Breakers;
pub use dependency::Dependency;
pub use fallbacks::{Fallbacks, Passed, PlanError, Reason, Served};
pub use kept::{Answers, Kept};
pub use orders::{NewOrder, OrderError};
pub use shared::Breaker;
pub use sharing::Sharing;
pub use tend::{Calls, Tended, View};
pub use ticket::{Rejected, Ticket};
pub use ways::Ways;

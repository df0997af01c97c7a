//! Retry, circuit breaker, rate and concurrency limits as pure decisions.
//!
//! Nothing here sleeps, sends, reads a clock or draws a random number: the caller passes the time and a number
//! between 0 and 1 in, gets a decision back and acts on it. So every rule can be tested with made-up times, and
//! the same rule serves an asynchronous client, a blocking one and a function that keeps its state in a document.
//!
//! | module | question it answers | time |
//! |---|---|---|
//! | [`retry`] | this try failed: again, when, or give up and why? | `Instant` |
//! | [`deadline`] | how much time is left, for this try and for all of them? | `Instant` |
//! | [`breaker`] | is it worth asking this dependency now? | Unix ms |
//! | [`fallback`] | this dependency cannot: who serves instead? | `Instant` |
//! | [`rate`] | is this call too early? | Unix ms |
//! | [`limit`] | are too many calls under way? | Unix ms |
//! | [`status`] | which statuses and error codes does a rule mean? | none |
//! | [`ledger`] | was this call carried out before? (a trait for whoever remembers) | durations |
//! | [`service`] | a call failed: who has to act, and may it have happened all the same? | none |
//!
//! [`PrincipalCheck`] and [`InputError`] are findings that ports and hosts share.
//!
//! What is kept in documents and shared uses Unix milliseconds, which survive the process; what lives as long as one
//! call uses the monotonic clock. Clocks may jump: no jump panics, breaks a bound or locks anything for ever.
//!
//! Start at [`retry::Retry`].

#![forbid(unsafe_code)]

pub mod breaker;
pub mod deadline;
pub mod fallback;
pub mod ledger;
pub mod limit;
pub mod rate;
pub mod retry;
pub mod service;
pub mod status;

mod chance;
mod input;
mod invalid;
mod principal;

pub use deadline::Deadline;
pub use input::InputError;
pub use invalid::Invalid;
pub use principal::PrincipalCheck;
pub use service::ServiceFailure;

//! The intelligence agent: what the tables say about money, work and customers.
//!
//! [`analyse::analyse`] is the whole job over the object port. Each table is read once, row by row, into sums whose
//! memory is bounded by [`Limits`]; figures are computed from these. Sums are whole millionths, so they are exact
//! and the order of rows does not matter. A figure that cannot be computed is `null` with its reason in `coverage`.
//!
//! | group | figures |
//! |---|---|
//! | financial health | revenue, cost, margin, contribution by dimension, discount effect, price-volume-mix, growth, receivables |
//! | operational efficiency | lead time, on-time share, fill rate, returns, utilisation, order size, throughput, completion, budget |
//! | customer analytics | RFM, cohorts, repeat rate, days between purchases, concentration, lifetime value |

pub mod analyse;
pub mod catalogue;
pub mod data;
pub mod limits;
pub mod request;
pub mod role;

mod choose;
mod compact;
mod fixed;
mod gather;
mod ledger;
mod members;
mod memo;
mod metrics;
mod overlap;
mod partition;
mod parts;
mod periods;
mod reading;
mod report;
mod statements;
mod wanted;

use crate::result::AgentResult;

pub use analyse::analyse;
pub use ledger::Definition;
pub use limits::Limits;
pub use metrics::definitions::ALL as METRICS;
pub use request::{Group, Request};
pub use role::Role;

/// What the intelligence agent answers with.
pub type Answer = AgentResult<data::Data>;

#[cfg(test)]
mod tests;

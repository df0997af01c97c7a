//! Recorded load against policies: what each would have cost, beside the least that was possible.
//!
//! Start with [`race::race`]. [`command`] is `flex-autoscaler replay`.

pub mod chart;
pub mod command;
pub mod model;
pub mod oracle;
pub mod policies;
pub mod race;
pub mod read;
pub mod report;
pub mod synthetic;
#[cfg(test)]
mod tests;
pub mod trace;

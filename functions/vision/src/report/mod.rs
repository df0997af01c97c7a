//! What a model is asked, how its answer is checked, scored and told.
//!
//! Values in, values out. The way of an answer: [`question::question`] asks, [`read::read`] takes the text apart,
//! [`cross_check::cross_check`] sets aside what contradicts itself, [`assess::assess`] makes the report. What is
//! missing stays missing: no step turns it into a good score.

mod agree;
pub mod assess;
mod caption;
pub mod confidence;
pub mod contract;
pub mod cross_check;
mod damage;
mod delivery;
pub mod expect;
mod extract;
pub mod fault;
mod form;
mod injection;
pub mod issue;
mod language;
mod metrics;
pub mod observed;
pub mod picture_facts;
pub mod question;
pub mod read;
mod schema;
pub mod score;
pub mod settings;
mod tree;
pub mod words;

#[cfg(test)]
pub(crate) mod tests;

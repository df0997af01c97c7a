//! What a machine's past says about its next hours, and which size is the cheapest for them.
//!
//! [`Profile`] keeps the past: five of the twelve five minutes of each hour of eight days, the busiest first, and
//! the five minutes of the last two hours. It is kept as a short text. [`advise`] weighs it with [`Tuning`] and
//! prices.

mod advice;
mod hour;
mod lately;
mod level;
mod profile;
#[cfg(test)]
mod tests;
mod text;
mod tuning;

pub use advice::{Advice, Costs, Level, Question, advise};
pub use lately::{Earlier, Lately, Past};
pub use profile::{Profile, Used};
pub use tuning::Tuning;

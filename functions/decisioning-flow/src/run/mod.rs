//! A run: what is known of it, and what comes next. Pure; the shell around it calls agents and stores.

mod advance;
mod answer;
mod state;

pub use advance::{Next, Order, TIMEOUT, advance, status};
pub use answer::{Answer, AnswerError, Answers};
pub use state::{Asked, Progress, RunState};

#[cfg(test)]
mod tests;

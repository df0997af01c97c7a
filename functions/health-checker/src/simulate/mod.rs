//! Made-up minutes, played through the decision that ticks make, minute by minute.

mod chart;
mod play;
mod scenario;

#[cfg(test)]
mod tests;

pub use chart::svg;
pub use play::{Played, play, table};
pub use scenario::{MAX_BYTES, Scenario, Stretch, read};

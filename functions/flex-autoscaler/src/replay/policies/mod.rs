//! The policies that a replay compares.

mod hpa;
mod original;
mod ours;
mod unmoved;
mod vpa;

pub use hpa::Hpa;
pub use original::Original;
pub use ours::{Ours, played};
pub use unmoved::Unmoved;
pub use vpa::Vpa;

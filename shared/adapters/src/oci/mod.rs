//! Oracle Cloud.

mod principal;

pub use principal::Identity;

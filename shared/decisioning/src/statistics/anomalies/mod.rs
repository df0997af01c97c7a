//! Points of a series that differ from the rest.

mod esd;
mod robust;
mod seasonal_hybrid;

pub use esd::{Deviates, Scale, generalised_esd};
pub use robust::{CUTOFF, robust_z};
pub use seasonal_hybrid::{Anomaly, Found, Options, seasonal_hybrid_esd, whole_days_maxima_median};

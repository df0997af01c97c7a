//! Published results of well-known data sets; those that come from packages are skipped where not installed.

mod lifetimes;
mod nab;
mod series;

/// Whether a value is within `tolerance` of the expected one.
fn near(value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance, "{value} instead of {expected}");
}

//! Figures in sentences.

/// A share as a percentage.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// A change with its sign.
pub(crate) fn signed(share: f64) -> String {
    format!("{:+.2} %", share * 100.0)
}

/// An amount with two decimals.
pub(crate) fn round(amount: f64) -> String {
    format!("{amount:.2}")
}

//! Figures in sentences.

/// A share as a percentage.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// A change with its sign.
pub(crate) fn signed(share: f64) -> String {
    format!("{:+.2} %", share * 100.0)
}

/// A p-value; small ones by their bound.
pub(crate) fn chance(p: f64) -> String {
    if p < 1e-4 { "below 0.0001".to_owned() } else { format!("{p:.4}") }
}

/// An amount with two decimals.
pub(crate) fn round(amount: f64) -> String {
    format!("{amount:.2}")
}

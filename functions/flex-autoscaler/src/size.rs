//! Arithmetic of sizes.

use causeway_cloud::fleet::Size;

use crate::policy::Prices;

/// What rounding in binary may have added to a number that is meant to be whole.
const SLACK: f64 = 1e-6;

/// Whether it can be the size of a machine.
#[must_use]
pub fn is_size(size: Size) -> bool {
    let is_sound = |value: f64| value.is_finite() && value > 0.0 && value <= 1e6;
    is_sound(size.ocpus) && is_sound(size.memory_gb)
}

/// The smallest multiple of the quantum that is not below the value.
#[must_use]
pub fn ceil_to(value: f64, quantum: f64) -> f64 {
    tidy((value / quantum - SLACK).ceil() * quantum)
}

/// The largest multiple of the quantum that is not above the value.
#[must_use]
pub fn floor_to(value: f64, quantum: f64) -> f64 {
    tidy((value / quantum + SLACK).floor() * quantum)
}

/// Without the noise behind the sixth decimal, so that equal sizes are equal in bits.
#[must_use]
pub fn tidy(value: f64) -> f64 {
    let rounded = (value * 1e6).round() / 1e6;
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// Whether two sizes are the same for the service.
#[must_use]
pub fn same(one: Size, other: Size) -> bool {
    (one.ocpus - other.ocpus).abs() < 1e-4 && (one.memory_gb - other.memory_gb).abs() < 1e-3
}

/// What a size costs in an hour.
#[must_use]
pub fn price_per_hour(size: Size, prices: &Prices) -> f64 {
    size.ocpus * prices.ocpu_price_per_hour + size.memory_gb * prices.memory_gb_price_per_hour
}

/// The larger of each dimension.
#[must_use]
pub fn larger(one: Size, other: Size) -> Size {
    Size { ocpus: one.ocpus.max(other.ocpus), memory_gb: one.memory_gb.max(other.memory_gb) }
}

/// The smaller of each dimension.
#[must_use]
pub fn smaller(one: Size, other: Size) -> Size {
    Size { ocpus: one.ocpus.min(other.ocpus), memory_gb: one.memory_gb.min(other.memory_gb) }
}

/// Whether one is at least as large in each dimension.
#[must_use]
pub fn covers(one: Size, other: Size) -> bool {
    one.ocpus >= other.ocpus - 1e-6 && one.memory_gb >= other.memory_gb - 1e-6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quanta_forgive_the_noise_of_binary_fractions() {
        for (value, quantum, up, down) in [
            (22.4 / 0.70, 2.0, 32.0, 32.0),
            (20.18, 2.0, 22.0, 20.0),
            (0.0, 2.0, 0.0, 0.0),
            (0.30000000000000004, 0.1, 0.3, 0.3),
            (128.4, 16.0, 144.0, 128.0),
        ] {
            assert_eq!((ceil_to(value, quantum), floor_to(value, quantum)), (up, down), "{value}");
        }
    }

    #[test]
    fn what_no_machine_has_is_no_size() {
        for (ocpus, memory_gb, expected) in
            [(1.0, 1.0, true), (0.0, 1.0, false), (1.0, -1.0, false), (f64::NAN, 1.0, false), (1e9, 1.0, false)]
        {
            assert_eq!(is_size(Size { ocpus, memory_gb }), expected);
        }
    }
}

//! Numbers as whole millionths, so that sums are exact and do not depend on the order of rows.

/// Parts of one.
pub(crate) const PARTS: i64 = 1_000_000;
/// Numbers from here on are too large to be amounts; a cell with one counts as invalid.
pub(crate) const TOO_LARGE: f64 = 1e12;

/// The nearest whole number of millionths; `None` for what is infinite or too large.
pub(crate) fn from_f64(value: f64) -> Option<i64> {
    // Whole and broken part apart: their product with the parts is exact for the one and close for the other.
    let (whole, rest) = (value.trunc(), value.fract());
    (value.abs() < TOO_LARGE).then(|| whole as i64 * PARTS + (rest * PARTS as f64).round() as i64)
}

/// The number that a sum of millionths stands for.
pub(crate) fn to_f64(sum: i128) -> f64 {
    const EXACT: u128 = 1 << f64::MANTISSA_DIGITS;
    let parts = i128::from(PARTS);
    if sum.unsigned_abs() <= EXACT {
        return sum as f64 / PARTS as f64;
    }
    (sum / parts) as f64 + (sum % parts) as f64 / PARTS as f64
}

/// The product of two numbers of millionths, rounded half away from zero; `None` when it is too large.
pub(crate) fn product(a: i64, b: i64) -> Option<i64> {
    let parts = i128::from(PARTS);
    let whole = i128::from(a) * i128::from(b);
    let rounded = (whole + whole.signum() * parts / 2) / parts;
    i64::try_from(rounded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for value in [0.0, 261.96, -41.9136, 999_999_999_999.0, 1e-6] {
            assert_eq!(to_f64(i128::from(from_f64(value).unwrap())), value);
        }
        assert_eq!((from_f64(1e12), from_f64(f64::INFINITY), from_f64(f64::NAN)), (None, None, None));
    }

    #[test]
    fn products_round_half_away_from_zero() {
        assert_eq!(product(2_500_000, 4_000_000), Some(10_000_000));
        assert_eq!((product(1, 500_000), product(-1, 500_000), product(1, 499_999)), (Some(1), Some(-1), Some(0)));
        assert_eq!(product(i64::MAX, i64::MAX), None);
    }
}

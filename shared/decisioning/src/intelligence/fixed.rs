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

/// The millionths that a plain decimal of up to nine digits before the point and six after it stands for.
///
/// `None` for any other text. For these [`from_f64`] gives the same by way of the nearest `f64`, which is closer to
/// such a decimal than half a millionth.
#[inline]
pub(crate) fn from_text(text: &str) -> Option<i64> {
    const SCALE: [i64; 7] = [1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
    let bytes = text.as_bytes();
    let unsigned = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let (whole, digits, rest) = digits(unsigned, 0);
    let (sum, places) = match rest {
        [] => (whole, 0),
        [b'.', fraction @ ..] => match self::digits(fraction, whole) {
            (sum, places @ 1..=6, []) => (sum, places),
            _ => return None,
        },
        _ => return None,
    };
    // More digits after a leading zero make a code of it.
    let is_plain = (1..=9).contains(&digits) && (digits == 1 || unsigned[0] != b'0');
    let sum = sum * SCALE[places];
    is_plain.then_some(if unsigned.len() < bytes.len() { -sum } else { sum })
}

/// Appends up to nine leading digits to a number of up to nine; gives their count and what follows too.
#[inline]
fn digits(bytes: &[u8], mut sum: i64) -> (i64, usize, &[u8]) {
    let mut count = 0;
    while let Some(digit) = bytes.get(count).map(|byte| byte.wrapping_sub(b'0')).filter(|d| *d < 10 && count < 9) {
        sum = sum * 10 + i64::from(digit);
        count += 1;
    }
    (sum, count, &bytes[count..])
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
    use proptest::prelude::*;

    use super::*;
    use crate::dataset::number::{Number, plain};

    proptest! {
        #[test]
        fn texts_and_doubles_give_the_same(text in "-?[0-9]{0,10}(\\.[0-9]{0,7})?") {
            let double = plain(&text).map(|number| match number {
                Number::Int(value) => value as f64,
                Number::Float(value) => value,
            });
            if let Some(millionths) = from_text(&text) {
                prop_assert_eq!(Some(millionths), double.and_then(from_f64));
            }
        }
    }

    #[test]
    fn texts() {
        let check = |text: &str, expected: Option<i64>| assert_eq!(from_text(text), expected, "{text:?}");
        check("261.96", Some(261_960_000));
        check("-0.000001", Some(-1));
        check("999999999.999999", Some(999_999_999_999_999));
        check("-0", Some(0));
        for text in ["", "-", ".", ".5", "5.", "007", "00.5", "1e3", "+5", "1,5", "1234567890", "0.1234567", "1.5 "] {
            check(text, None);
        }
    }

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

//! Numbers as they stand in text files.
//!
//! A plain number has digits, a point and an exponent; a formatted one also thousands separators, a
//! currency sign, a percent sign, a decimal comma or accounting brackets.

/// A number and whether its text needed more than plain parsing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A whole number that fits.
    Int(i64),
    /// Any other number, infinities included.
    Float(f64),
}

/// Largest magnitude below which every whole `f64` is exact.
const WHOLE_LIMIT: f64 = 9_007_199_254_740_992.0;

impl Number {
    /// A float that is a whole number becomes an integer, so that `2` and `2.0` are one value.
    #[must_use]
    pub fn from_f64(value: f64) -> Self {
        let whole = value as i64;
        if whole as f64 == value && value.abs() < WHOLE_LIMIT { Self::Int(whole) } else { Self::Float(value) }
    }
}

/// Parses an optional sign, digits, a point and an exponent; the exponent needs a sign or a point before it.
///
/// Whole numbers with a leading zero, with a plus sign and eight or more digits, or with more digits
/// than a 64-bit integer holds are codes, not numbers: `None`.
#[must_use]
#[inline]
pub fn plain(text: &str) -> Option<Number> {
    short(text.as_bytes()).or_else(|| any_plain(text))
}

/// The number that up to fifteen digits stand for, with a point between them or without; `None` for any other text.
///
/// Both the digits and the power of ten are exact as doubles, so that their quotient is the nearest double to the
/// decimal (Clinger 1990), which the parser of the standard library gives too.
#[inline]
fn short(bytes: &[u8]) -> Option<Number> {
    const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let unsigned = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let (whole, leading, rest) = digits(unsigned, 0);
    let (sum, places, rest) = match rest {
        [b'.', fraction @ ..] => digits(fraction, whole),
        _ => (whole, 0, rest),
    };
    let is_code = leading > 1 && unsigned[0] == b'0';
    let is_short = leading > 0 && leading + places < POWERS.len();
    if !is_short || !rest.is_empty() || is_code {
        return None;
    }
    let sum = if unsigned.len() < bytes.len() { -sum } else { sum };
    Some(if places == 0 { Number::Int(sum) } else { Number::from_f64(sum as f64 / POWERS[places]) })
}

/// Appends leading digits to a number, as many as an integer holds with it; gives their count and what follows.
#[inline]
fn digits(bytes: &[u8], mut sum: i64) -> (i64, usize, &[u8]) {
    let mut count = 0;
    while let Some(digit) = bytes.get(count).map(|byte| byte.wrapping_sub(b'0')).filter(|d| *d < 10 && count < 16) {
        sum = sum.wrapping_mul(10).wrapping_add(i64::from(digit));
        count += 1;
    }
    (sum, count, &bytes[count..])
}

fn any_plain(text: &str) -> Option<Number> {
    let bytes = text.as_bytes();
    let unsigned = bytes.strip_prefix(b"-").or_else(|| bytes.strip_prefix(b"+")).unwrap_or(bytes);
    let digits = unsigned.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == unsigned.len() {
        return whole(text, unsigned, digits);
    }
    if !is_decimal(&unsigned[digits..], digits) || (digits > 1 && unsigned[0] == b'0') {
        return None;
    }
    text.parse().ok().map(Number::from_f64)
}

fn whole(text: &str, unsigned: &[u8], digits: usize) -> Option<Number> {
    let is_phone = text.starts_with('+') && digits >= 8;
    if digits == 0 || is_phone || (digits > 1 && unsigned[0] == b'0') {
        return None;
    }
    if digits > 18 {
        return text.parse().ok().map(Number::Int);
    }
    let magnitude = unsigned.iter().fold(0_i64, |sum, b| sum * 10 + i64::from(b - b'0'));
    Some(Number::Int(if text.starts_with('-') { -magnitude } else { magnitude }))
}

/// Whether the text after the leading digits is `.digits`, an exponent, or both.
fn is_decimal(rest: &[u8], leading: usize) -> bool {
    let (fraction, rest) = match rest.strip_prefix(b".") {
        Some(after) => {
            let count = after.iter().take_while(|b| b.is_ascii_digit()).count();
            (Some(count), &after[count..])
        }
        None => (None, rest),
    };
    if leading + fraction.unwrap_or(0) == 0 {
        return false;
    }
    let [b'e' | b'E', exponent @ ..] = rest else { return rest.is_empty() };
    let unsigned = exponent.strip_prefix(b"-").or_else(|| exponent.strip_prefix(b"+"));
    let digits = unsigned.unwrap_or(exponent);
    // `12E4` without point and sign is more often a product code than a number.
    (fraction.is_some() || unsigned.is_some())
        && !digits.is_empty()
        && digits.len() < 5
        && digits.iter().all(u8::is_ascii_digit)
}

/// Parses a number with thousands separators, currency, percent, decimal comma or brackets.
#[must_use]
pub fn formatted(text: &str) -> Option<Number> {
    if text.len() > 32 {
        return None;
    }
    let (inner, negative) = match text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
        Some(inner) => (inner, true),
        None => (text, false),
    };
    let (body, percent) = strip_signs(inner)?;
    // Whatever `plain` refuses without any formatting is a code.
    if body == text && text.bytes().all(|b| b.is_ascii_digit() || b == b'+' || b == b'-') {
        return None;
    }
    let plain_text = normalise_separators(body)?;
    let value: f64 = plain_text.parse().ok()?;
    let value = if percent { value / 100.0 } else { value };
    Some(Number::from_f64(if negative { -value } else { value }))
}

/// Removes one currency sign at either end and a percent sign at the end.
fn strip_signs(text: &str) -> Option<(&str, bool)> {
    let is_currency = |c: char| matches!(c, '$' | '€' | '£' | '¥');
    let (text, percent) = text.strip_suffix('%').map_or((text, false), |t| (t, true));
    let text = text.strip_prefix(is_currency).unwrap_or(text);
    let text = text.strip_suffix(is_currency).unwrap_or(text).trim();
    (!text.is_empty()).then_some((text, percent))
}

/// `1,234.5`, `1.234,5` and `12,5` become `1234.5`, `1234.5` and `12.5`; an ambiguous `1,234` is grouped.
fn normalise_separators(text: &str) -> Option<String> {
    let sign = usize::from(text.starts_with(['-', '+']));
    let digits = text.get(sign..)?.trim_start_matches(['$', '€', '£', '¥']);
    if !digits.starts_with(|c: char| c.is_ascii_digit())
        || !digits.bytes().all(|b| b.is_ascii_digit() || b == b',' || b == b'.')
    {
        return None;
    }
    let (group, point) = match (digits.rfind(','), digits.rfind('.')) {
        (Some(comma), Some(dot)) if comma > dot => ('.', ','),
        (Some(_), None) if !is_grouped(digits, ',') => ('.', ','),
        _ => (',', '.'),
    };
    let (integral, fraction) = digits.split_once(point).unwrap_or((digits, ""));
    let grouped_well = !integral.contains(group) || is_grouped(integral, group);
    if !grouped_well || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let integral = integral.replace(group, "");
    if integral.len() > 1 && integral.starts_with('0') {
        return None;
    }
    Some(format!("{}{integral}.{fraction}0", &text[..sign]))
}

fn is_grouped(text: &str, separator: char) -> bool {
    let mut groups = text.split(separator);
    let head = groups.next().map_or(0, str::len);
    (1..=3).contains(&head) && groups.all(|g| g.len() == 3)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Option<f64>) {
        let found = plain(text).or_else(|| formatted(text)).map(|n| match n {
            Number::Int(i) => i as f64,
            Number::Float(f) => f,
        });
        assert_eq!(found, expected, "{text:?}");
    }

    proptest! {
        #[test]
        fn short_numbers_are_those_of_the_standard_library(text in "-?(0|[1-9][0-9]{0,9})(\\.[0-9]{0,9})?") {
            let expected = text.parse().ok().map(Number::from_f64);
            prop_assert_eq!(plain(&text), expected);
            prop_assert_eq!(any_plain(&text), expected);
        }

        #[test]
        fn short_ways_end_where_the_long_one_ends(text in "[-+0-9.e]{0,19}") {
            prop_assert_eq!(plain(&text), any_plain(&text));
        }
    }

    #[test]
    fn plain_and_formatted_numbers() {
        check("0", Some(0.0));
        check("-12", Some(-12.0));
        check("261.96", Some(261.96));
        check(".5", Some(0.5));
        check("-.5", Some(-0.5));
        check("5.", Some(5.0));
        check("1e-05", Some(1e-5));
        check("1.5E3", Some(1500.0));
        check("1,234", Some(1234.0));
        check("$1,234.50", Some(1234.5));
        check("-$5", Some(-5.0));
        check("1.234,5", Some(1234.5));
        check("12,5", Some(12.5));
        check("(1,234)", Some(-1234.0));
        check("12%", Some(0.12));
        check("€ 7", Some(7.0));
    }

    #[test]
    fn codes_and_words_are_not_numbers() {
        for text in [
            "007",
            "00.5",
            "+15551234567",
            "12E4",
            "1e",
            ".",
            "-",
            "1.2.3",
            "1-2",
            "12,34,5",
            "x1",
            "1x",
            "%",
            "$",
            "()",
            "1,23",
            "99999999999999999999",
            "",
        ] {
            let expected = (text == "1,23").then_some(1.23);
            check(text, expected);
        }
    }

    #[test]
    fn whole_floats_are_integers() {
        assert_eq!(plain("2.0"), Some(Number::Int(2)));
        assert_eq!(plain("2.5"), Some(Number::Float(2.5)));
        assert_eq!(Number::from_f64(-0.0), Number::Int(0));
    }
}

//! Quantities of transferred data: text and a unit in, whole bytes out.

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest quantity in characters. The longest that a 64-bit float is written with has 17 digits and an exponent.
const MAX_QUANTITY_CHARS: usize = 64;
/// The rest of the unit in the price list: "Gigabyte outbound data transfer per month".
const OUTBOUND_TAIL: &str = "outbound data transfer per month";

/// What the meter means by GB. Oracle does not say; public code disagrees. At 10 TB the two differ by 7.4 %.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GbMeaning {
    /// 10^9 bytes, as the SI has it.
    #[default]
    Decimal,
    /// 2^30 bytes.
    Binary,
}

impl GbMeaning {
    /// Bytes of one GB.
    #[must_use]
    pub fn bytes(self) -> i128 {
        self.power(3)
    }

    fn power(self, thousands: u32) -> i128 {
        match self {
            Self::Decimal => 1000_i128.pow(thousands),
            Self::Binary => 1024_i128.pow(thousands),
        }
    }

    /// Bytes in GB, for people.
    #[must_use]
    pub fn gb(self, bytes: i128) -> f64 {
        bytes as f64 / self.bytes() as f64
    }

    /// Bytes of a number of GB; `None` when it is negative or out of range.
    #[must_use]
    pub fn of_gb(self, gb: Decimal) -> Option<i128> {
        let bytes = gb.checked_mul(Decimal::from_i128(self.bytes())?)?.round().to_i128()?;
        (bytes >= 0).then_some(bytes)
    }
}

/// Why a quantity is no number of bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum UnitError {
    /// The unit is not one of data volume, or a rate, or volume times time.
    #[error("unit {0:?} is not one of transferred data")]
    Unit(String),
    /// There is no unit.
    #[error("the row has no unit")]
    NoUnit,
    /// The quantity is not a number, or out of range.
    #[error("quantity {0:?} is not a number of bytes")]
    Quantity(String),
}

/// Bytes of one `unit`.
///
/// Abbreviations are taken as they are written, since Gb would be gigabits. `GB Months` is what the Usage API writes
/// for plain GB that were transferred; `GB-MONTH` is storage.
fn unit_bytes(unit: &str, gb: GbMeaning) -> Result<i128, UnitError> {
    let words: Vec<&str> = unit.split_whitespace().collect();
    let bytes = match words.as_slice() {
        [one] => abbreviation(one, gb).or_else(|| name(one, gb)),
        ["GB", "Months"] => Some(gb.bytes()),
        [one, tail @ ..] if tail.join(" ").eq_ignore_ascii_case(OUTBOUND_TAIL) => {
            abbreviation(one, gb).or_else(|| name(one, gb))
        }
        _ => None,
    };
    bytes.ok_or_else(|| UnitError::Unit(shown(unit)))
}

fn abbreviation(unit: &str, gb: GbMeaning) -> Option<i128> {
    Some(match unit {
        "B" => 1,
        "KB" | "kB" => gb.power(1),
        "MB" => gb.power(2),
        "GB" => gb.power(3),
        "TB" => gb.power(4),
        "PB" => gb.power(5),
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        "PiB" => 1 << 50,
        _ => return None,
    })
}

fn name(unit: &str, gb: GbMeaning) -> Option<i128> {
    let lower = unit.to_ascii_lowercase();
    Some(match lower.strip_suffix('s').unwrap_or(&lower) {
        "byte" => 1,
        "kilobyte" => gb.power(1),
        "megabyte" => gb.power(2),
        "gigabyte" => gb.power(3),
        "terabyte" => gb.power(4),
        "petabyte" => gb.power(5),
        "kibibyte" => 1 << 10,
        "mebibyte" => 1 << 20,
        "gibibyte" => 1 << 30,
        "tebibyte" => 1 << 40,
        "pebibyte" => 1 << 50,
        _ => return None,
    })
}

/// `quantity` of `unit` in bytes, to the nearest byte: services write decimals that floats went through.
///
/// # Errors
/// [`UnitError`].
pub fn bytes(quantity: &str, unit: &str, gb: GbMeaning) -> Result<i128, UnitError> {
    let unit = unit_bytes(unit, gb)?;
    whole_bytes(quantity, unit).ok_or_else(|| UnitError::Quantity(shown(quantity)))
}

/// The same of a float, by the shortest decimal that stands for it.
///
/// # Errors
/// [`UnitError`].
pub fn bytes_of_float(quantity: f64, unit: &str, gb: GbMeaning) -> Result<i128, UnitError> {
    bytes(&format!("{quantity:e}"), unit, gb)
}

fn whole_bytes(quantity: &str, unit: i128) -> Option<i128> {
    let product = decimal(quantity)?.checked_mul(Decimal::from_i128(unit)?)?;
    product.round().to_i128()
}

/// A decimal from text with or without an exponent. What is smaller than 10^-28 is nothing; what is larger than
/// 7 * 10^28 is no number.
#[must_use]
pub fn decimal(text: &str) -> Option<Decimal> {
    let text = text.trim();
    if text.len() > MAX_QUANTITY_CHARS {
        return None;
    }
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return text.parse().ok() };
    let (mantissa, exponent): (Decimal, i32) = (mantissa.parse().ok()?, exponent.parse().ok()?);
    let mut ten = Decimal::ONE;
    for _ in 0..exponent.unsigned_abs().min(28) {
        ten = ten.checked_mul(Decimal::TEN)?;
    }
    let value = match exponent {
        ..-28 => Some(Decimal::ZERO),
        -28..0 => mantissa.checked_div(ten),
        0..=28 => mantissa.checked_mul(ten),
        _ if mantissa.is_zero() => Some(mantissa),
        _ => None,
    };
    value.map(|value| value.normalize())
}

/// Foreign text for an error: bounded.
fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(quantity: &str, unit: &str, expected: Option<i128>) {
        assert_eq!(bytes(quantity, unit, GbMeaning::Decimal).ok(), expected, "{quantity} {unit}");
    }

    #[test]
    fn e_10_units_of_a_month_may_differ_from_row_to_row() {
        let rows = [("1.5", "GB"), ("2", "MiB")];
        let sum: i128 = rows.iter().map(|(quantity, unit)| bytes(quantity, unit, GbMeaning::Decimal).unwrap()).sum();
        assert_eq!(sum, 1_502_097_152);
    }

    #[test]
    fn e_11_rates_and_storage_are_no_transferred_data() {
        for unit in ["GB-MONTH", "GB/s", "Gb", "GB Hours", "Gbps", "", "OCPU Per Hour", "gigabyte storage per month"] {
            assert_eq!(bytes("1", unit, GbMeaning::Decimal), Err(UnitError::Unit(unit.to_owned())), "{unit}");
        }
    }

    #[test]
    fn reads_units_as_services_write_them() {
        check("1", "Gigabyte outbound data transfer per month", Some(1_000_000_000));
        check("130.11000000000001", "GB Months", Some(130_110_000_000));
        check("2", "TB", Some(2_000_000_000_000));
        check("1", " TiB ", Some(1 << 40));
        check("0.000001", "GiB", Some(1074));
        check("7", "Bytes", Some(7));
        check("-1.5", "MB", Some(-1_500_000));
        assert_eq!(bytes("1", "GB", GbMeaning::Binary), Ok(1 << 30));
        assert_eq!(bytes("1", "TB", GbMeaning::Binary), Ok(1 << 40));
    }

    #[test]
    fn reads_numbers_with_exponents_and_refuses_what_is_none() {
        check("1.5e3", "B", Some(1500));
        check("25E-1", "KB", Some(2500));
        check("1e-400", "GB", Some(0));
        check("0e400", "GB", Some(0));
        for wrong in ["", "NaN", "inf", "1e30", "1e999999999999", "0x10", "1,5", "1e", "--1", "12 34", "9e28"] {
            check(wrong, "GB", None);
        }
        check(&"9".repeat(70), "B", None);
    }

    #[test]
    fn a_gb_count_becomes_bytes_only_when_it_is_one() {
        assert_eq!(GbMeaning::Decimal.of_gb(Decimal::from(10_240)), Some(10_240_000_000_000));
        assert_eq!(GbMeaning::Binary.of_gb(Decimal::from(10_240)), Some(10 << 40));
        assert_eq!(GbMeaning::Decimal.of_gb(Decimal::NEGATIVE_ONE), None);
    }

    proptest! {
        #[test]
        fn whole_bytes_come_back_whole(bytes_in in -9_000_000_000_000_000_i64..9_000_000_000_000_000) {
            let text = bytes_in.to_string();
            prop_assert_eq!(bytes(&text, "B", GbMeaning::Decimal), Ok(i128::from(bytes_in)));
            prop_assert_eq!(bytes_of_float(bytes_in as f64, "B", GbMeaning::Decimal), Ok(i128::from(bytes_in)));
        }

        #[test]
        fn any_text_is_a_number_or_an_error(quantity in ".{0,80}", unit in ".{0,80}") {
            let _ = bytes(&quantity, &unit, GbMeaning::Binary);
        }
    }
}

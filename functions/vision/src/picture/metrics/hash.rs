//! Fingerprints of what a picture shows, which survive re-encoding and resizing.

use std::borrow::Cow;
use std::f64::consts::PI;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::super::pixels::Gray;

/// Up to this many differing bits two pictures count as one.
const NEAR: u32 = 6;

/// 64 bits, written as 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// dHash: whether luma rises from each of 9x8 cells to its right neighbour.
    pub(super) fn of_differences(luma: &Gray) -> Self {
        let cells = luma.cells(9, 8);
        Self::from_bits(cells.chunks_exact(9).flat_map(|row| row.windows(2).map(|pair| pair[1] > pair[0])))
    }

    /// pHash: which of the 8x8 lowest frequencies of 32x32 cells are above their median; the mean, which is the
    /// lowest of all, is left out of the median.
    pub(super) fn of_frequencies(luma: &Gray) -> Self {
        let low = lowest_frequencies(&luma.cells(32, 32));
        let mut sorted = low[1..].to_vec();
        sorted.sort_by(f64::total_cmp);
        let median = sorted[sorted.len() / 2];
        Self::from_bits(low.iter().map(|coefficient| *coefficient > median))
    }

    /// Differing bits, 0 to 64.
    #[must_use]
    pub fn distance(self, other: Self) -> u32 {
        (self.0 ^ other.0).count_ones()
    }

    /// Whether two pictures count as one.
    #[must_use]
    pub fn is_near(self, other: Self) -> bool {
        self.distance(other) <= NEAR
    }

    fn from_bits(bits: impl Iterator<Item = bool>) -> Self {
        Self(bits.fold(0, |sum, bit| sum << 1 | u64::from(bit)))
    }
}

/// The 8x8 lowest coefficients of the discrete cosine transform (DCT-II, not scaled) of 32x32 cells.
fn lowest_frequencies(cells: &[f64]) -> Vec<f64> {
    let basis: Vec<[f64; 32]> =
        (0..8).map(|k| std::array::from_fn(|n| (PI / 32.0 * (n as f64 + 0.5) * f64::from(k)).cos())).collect();
    let rows: Vec<[f64; 8]> = cells
        .chunks_exact(32)
        .map(|row| std::array::from_fn(|k| row.iter().zip(&basis[k]).map(|(cell, wave)| cell * wave).sum()))
        .collect();
    let coefficient = |down: usize, across: usize| -> f64 {
        // Rounded, so that the last bits of a sum do not decide about a bit of the fingerprint.
        let sum: f64 = rows.iter().zip(&basis[down]).map(|(row, wave)| row[across] * wave).sum();
        (sum * 64.0).round() / 64.0
    };
    (0..64).map(|at| coefficient(at / 8, at % 8)).collect()
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bits = digits.then(|| u64::from_str_radix(&text, 16).ok()).flatten();
        bits.map(Self).ok_or("a fingerprint has 16 hexadecimal digits")
    }
}

impl JsonSchema for Fingerprint {
    fn schema_name() -> Cow<'static, str> {
        "Fingerprint".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9a-f]{16}$",
            "description": "64 bits, written as 16 hexadecimal digits",
        })
    }
}

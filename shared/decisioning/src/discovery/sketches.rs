//! Counts of a column with too many values to keep: bounded memory, known errors.
//!
//! HyperLogLog counts different values, a t-digest gives quantiles, frequent-items sketches the top values;
//! all three are deterministic, so that the same input gives the same figures.

use datasketches::common::NumStdDev::Two;
use datasketches::frequencies::{ErrorType, FrequentItemsSketch};
use datasketches::hll::{HllSketch, HllType};
use datasketches::tdigest::TDigestMut;

use super::pii::Evidence;
use crate::dataset::cell::Value;
use crate::dataset::date::Moment;

/// Registers of HyperLogLog as a power of two: relative standard error about 0.8 %.
const HLL_LG_K: u8 = 14;
/// Compression of the t-digest.
const DIGEST_K: u16 = 400;
/// Counters of the frequent-items sketch.
const FREQUENT_COUNTERS: usize = 1024;
/// Counts that took over when the values became too many.
pub(crate) struct Sketches {
    distinct: HllSketch,
    quantiles: TDigestMut,
    numbers: FrequentItemsSketch<(u8, u64)>,
    texts: FrequentItemsSketch<String>,
    pii: Evidence,
}

/// One of the most frequent values: its rendering and its count.
pub(crate) type Frequent = (Rendered, u64);

/// A value on its own.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Rendered {
    Bool(bool),
    Int(i64),
    Float(f64),
    Time(Moment),
    Text(String),
}

impl Rendered {
    /// The value for the result; times as ISO text.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Bool(b) => (*b).into(),
            Self::Int(i) => (*i).into(),
            Self::Float(f) if f.is_infinite() => if *f > 0.0 { "inf" } else { "-inf" }.into(),
            Self::Float(f) => (*f).into(),
            Self::Time(t) => t.to_iso().into(),
            Self::Text(t) => t.as_str().into(),
        }
    }
}

pub(crate) fn order(a: &Rendered, b: &Rendered) -> std::cmp::Ordering {
    let rank = |r: &Rendered| match r {
        Rendered::Bool(b) => (0, f64::from(u8::from(*b))),
        Rendered::Int(i) => (1, *i as f64),
        Rendered::Float(f) => (1, *f),
        Rendered::Time(t) => (2, t.micros as f64),
        Rendered::Text(_) => (3, 0.0),
    };
    let ((kind_a, value_a), (kind_b, value_b)) = (rank(a), rank(b));
    let by_value = kind_a.cmp(&kind_b).then(value_a.total_cmp(&value_b));
    match (a, b) {
        (Rendered::Text(a), Rendered::Text(b)) => a.cmp(b),
        (Rendered::Int(a), Rendered::Int(b)) => a.cmp(b),
        _ => by_value,
    }
}

pub(crate) fn rendered(value: &Value<'_>) -> Rendered {
    match *value {
        Value::Bool(b) => Rendered::Bool(b),
        Value::Int(i) => Rendered::Int(i),
        Value::Float(f) => Rendered::Float(f),
        Value::Time(t) => Rendered::Time(t),
        Value::Text(text) => Rendered::Text(text.to_owned()),
    }
}

impl Sketches {
    pub(crate) fn new(pii: Evidence) -> Option<Self> {
        Some(Self {
            distinct: HllSketch::new(HLL_LG_K, HllType::Hll8).ok()?,
            quantiles: TDigestMut::new(DIGEST_K).ok()?,
            numbers: FrequentItemsSketch::new(FREQUENT_COUNTERS).ok()?,
            texts: FrequentItemsSketch::new(FREQUENT_COUNTERS).ok()?,
            pii,
        })
    }

    pub(crate) fn add(&mut self, value: &Value<'_>, hash: u64) {
        self.distinct.update(hash);
        if let Some(number) = value.as_f64().filter(|n| n.is_finite()) {
            self.quantiles.update(number);
        }
        match encode(value) {
            Ok(number) => self.numbers.update(number),
            Err(text) => self.texts.update_ref(text),
        }
    }

    pub(crate) fn add_many(&mut self, value: &Value<'_>, hash: u64, count: u64) {
        self.distinct.update(hash);
        if let Some(number) = value.as_f64().filter(|n| n.is_finite()) {
            (0..count).for_each(|_| self.quantiles.update(number));
        }
        match encode(value) {
            Ok(number) => self.numbers.update_with_count(number, count),
            Err(text) => self.texts.update_with_count_ref(text, count),
        }
    }

    /// Estimate of the number of different values, and its 95 % bounds.
    pub(crate) fn distinct(&self) -> (u64, u64, u64) {
        let round = |x: f64| x.round().max(0.0) as u64;
        let bounds = (self.distinct.lower_bound(Two), self.distinct.upper_bound(Two));
        (round(self.distinct.estimate()), round(bounds.0), round(bounds.1))
    }

    /// Quantiles of the finite numbers.
    pub(crate) fn quantiles(&self, ranks: &[f64]) -> Option<Vec<f64>> {
        self.quantiles.clone().quantiles(ranks).ok().flatten()
    }

    pub(crate) fn pii(&self) -> &Evidence {
        &self.pii
    }

    /// The frequent items with the counts that are certain, and how much higher they may be.
    pub(crate) fn top(&self) -> (Vec<Frequent>, u64) {
        let rows = |lower: u64, rendered: Rendered| (rendered, lower);
        let numbers = self.numbers.frequent_items(ErrorType::NoFalsePositives);
        let texts = self.texts.frequent_items(ErrorType::NoFalsePositives);
        let mut found: Vec<Frequent> = numbers.iter().map(|r| rows(r.lower_bound(), decode(*r.item()))).collect();
        found.extend(texts.iter().map(|r| rows(r.lower_bound(), Rendered::Text(r.item().clone()))));
        (found, self.numbers.maximum_error().max(self.texts.maximum_error()))
    }
}

fn encode<'a>(value: &Value<'a>) -> Result<(u8, u64), &'a str> {
    match *value {
        Value::Bool(b) => Ok((0, u64::from(b))),
        Value::Int(i) => Ok((1, i.cast_unsigned())),
        Value::Float(f) => Ok((2, f.to_bits())),
        Value::Time(t) => Ok((3, t.micros.cast_unsigned())),
        Value::Text(text) => Err(text),
    }
}

fn decode((kind, bits): (u8, u64)) -> Rendered {
    match kind {
        0 => Rendered::Bool(bits != 0),
        1 => Rendered::Int(bits.cast_signed()),
        2 => Rendered::Float(f64::from_bits(bits)),
        _ => Rendered::Time(Moment { micros: bits.cast_signed() }),
    }
}

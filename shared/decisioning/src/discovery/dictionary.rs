//! The different values of one column: exact while they are few, sketches afterwards.
//!
//! When a column has more values than its limits allow, counts move to HyperLogLog (distinct values), a
//! t-digest (quantiles) and a frequent-items sketch (top values). The entries that stay are then those
//! with a hash below a falling threshold: a sample with exact counts, the same for every column, which
//! makes columns comparable for links. t-digest stands in for KLL because the library's KLL draws random
//! bits, and the same input must give the same bytes.

use super::pii::Evidence;
use super::sketches::{Frequent, Sketches, order, rendered};
use super::slots::Slots;
use crate::dataset::cell::Value;
use crate::dataset::date::Moment;

/// Different values that are examined for personal data.
const PII_VALUES: usize = 10_000;

/// One value with its count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) hash: u64,
    pub(crate) count: u64,
    stored: Stored,
}

/// A value without its text, which stands in the dictionary.
#[derive(Debug, Clone, Copy)]
enum Stored {
    Bool(bool),
    Int(i64),
    Float(f64),
    Time(i64),
    Text { start: u32, length: u32 },
}

/// The different values of one column.
pub(crate) struct Dictionary {
    max_values: usize,
    max_bytes: usize,
    /// The entries by hash, with counts that are still to be added to theirs.
    index: Slots,
    entries: Vec<Entry>,
    text: String,
    /// Entries have hashes up to this; `u64::MAX` while the dictionary is complete.
    threshold: u64,
    sketches: Option<Box<Sketches>>,
}

impl Dictionary {
    pub(crate) fn new(max_values: usize, max_bytes: usize) -> Self {
        Self {
            max_values: max_values.max(16),
            max_bytes,
            index: Slots::default(),
            entries: Vec::new(),
            text: String::new(),
            threshold: u64::MAX,
            sketches: None,
        }
    }

    /// Sets the memory that values may take, in bytes; it counts from the next new value on.
    pub(crate) fn set_max_bytes(&mut self, max_bytes: usize) {
        self.max_bytes = max_bytes.clamp(4096, u32::MAX as usize / 2);
    }

    /// Counts a value that is known by its hash alone; false for one that is not, or not counted so.
    #[inline]
    pub(crate) fn count_known(&mut self, hash: u64) -> bool {
        if self.sketches.is_some() {
            return false;
        }
        let slot = self.index.slot(hash);
        let is_known = slot.entry().is_some() && slot.more < u32::MAX;
        slot.more += u32::from(is_known);
        is_known
    }

    /// Counts one value.
    pub(crate) fn add(&mut self, value: &Value<'_>, hash: u64) {
        if let Some(sketches) = &mut self.sketches {
            sketches.add(value, hash);
        }
        if hash > self.threshold {
            return;
        }
        let slot = self.index.slot(hash);
        if slot.entry().is_none() {
            return self.add_new(value, hash);
        }
        if slot.more < u32::MAX {
            slot.more += 1;
            return;
        }
        self.settle();
        self.index.slot(hash).more = 1;
    }

    /// Brings the counts of the entries up to date; to be called before they are asked for.
    pub(crate) fn settle(&mut self) {
        let entries = &mut self.entries;
        self.index.take_counts(|entry, more| entries[entry as usize].count += u64::from(more));
    }

    fn add_new(&mut self, value: &Value<'_>, hash: u64) {
        let stored = self.store(value);
        self.index.insert(hash, self.entries.len() as u32);
        self.entries.push(Entry { hash, count: 1, stored });
        if self.entries.len() > self.max_values || self.bytes() > self.max_bytes {
            self.overflow();
        }
    }

    fn store(&mut self, value: &Value<'_>) -> Stored {
        match *value {
            Value::Bool(b) => Stored::Bool(b),
            Value::Int(i) => Stored::Int(i),
            Value::Float(f) => Stored::Float(f),
            Value::Time(t) => Stored::Time(t.micros),
            Value::Text(text) => {
                let start = self.text.len() as u32;
                self.text.push_str(text);
                Stored::Text { start, length: text.len() as u32 }
            }
        }
    }

    fn overflow(&mut self) {
        self.settle();
        if self.sketches.is_none() {
            let pii = self.examine();
            self.sketches = Sketches::new(pii).map(Box::new);
            for position in 0..self.entries.len() {
                let entry = self.entries[position];
                let value = value_of(&self.text, entry.stored);
                if let Some(sketches) = &mut self.sketches {
                    sketches.add_many(&value, entry.hash, entry.count);
                }
            }
        }
        while self.entries.len() > self.max_values / 2 || self.bytes() > self.max_bytes / 2 {
            let halved = self.threshold / 2;
            self.thin(halved);
        }
    }

    /// Keeps only the entries with a hash up to `threshold`.
    pub(crate) fn thin(&mut self, threshold: u64) {
        if threshold >= self.threshold {
            return;
        }
        self.threshold = threshold;
        self.settle();
        let (old_entries, old_text) = (std::mem::take(&mut self.entries), std::mem::take(&mut self.text));
        self.index = Slots::default();
        for entry in old_entries.into_iter().filter(|e| e.hash <= threshold) {
            let stored = self.store(&value_of(&old_text, entry.stored));
            self.index.insert(entry.hash, self.entries.len() as u32);
            self.entries.push(Entry { stored, ..entry });
        }
    }

    /// Whether every value is in the entries.
    pub(crate) fn is_exact(&self) -> bool {
        self.sketches.is_none()
    }

    pub(crate) fn threshold(&self) -> u64 {
        self.threshold
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(crate) fn contains(&self, hash: u64) -> bool {
        self.index.get(hash).is_some()
    }

    /// How often the value of this hash occurs, as far as it is in the entries.
    pub(crate) fn count(&self, hash: u64) -> u64 {
        self.index.get(hash).map_or(0, |position| self.entries[position as usize].count)
    }

    /// Bytes that the dictionary holds, about.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len() + self.entries.len() * (size_of::<Entry>() + 16)
    }

    pub(crate) fn value(&self, entry: &Entry) -> Value<'_> {
        value_of(&self.text, entry.stored)
    }

    /// Number of different values with its 95 % bounds; all three equal when exact.
    pub(crate) fn distinct(&self) -> (u64, u64, u64) {
        let exact = self.entries.len() as u64;
        self.sketches.as_ref().map_or((exact, exact, exact), |sketches| sketches.distinct())
    }

    /// Whether some value is known to occur more than once.
    pub(crate) fn repeats(&self) -> bool {
        self.entries.iter().any(|entry| entry.count > 1)
    }

    /// Looks at the values for personal data.
    pub(crate) fn examine(&self) -> Evidence {
        if let Some(sketches) = &self.sketches {
            return sketches.pii().clone();
        }
        let mut evidence = Evidence::default();
        for entry in self.entries.iter().take(PII_VALUES) {
            match self.value(entry) {
                Value::Text(text) => evidence.examine(text),
                Value::Int(i) => evidence.examine(&i.to_string()),
                _ => evidence.examine(""),
            }
        }
        evidence
    }

    /// Quantiles of the numbers at the given ranks, and whether they are exact.
    pub(crate) fn quantiles(&self, ranks: &[f64]) -> Option<(Vec<f64>, bool)> {
        if let Some(sketches) = &self.sketches {
            return sketches.quantiles(ranks).map(|quantiles| (quantiles, false));
        }
        let numbers = self.entries.iter().filter_map(|e| Some((self.value(e).as_f64()?, e.count)));
        let mut numbers: Vec<(f64, u64)> = numbers.filter(|(v, _)| v.is_finite()).collect();
        numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total: u64 = numbers.iter().map(|n| n.1).sum();
        (total > 0).then(|| (ranks.iter().map(|rank| interpolated(&numbers, total, *rank)).collect(), true))
    }

    /// The most frequent values, falling by count and then by value, and how far each count may be too low.
    pub(crate) fn top(&self, limit: usize) -> (Vec<Frequent>, u64) {
        let (mut found, error) = match &self.sketches {
            Some(sketches) => sketches.top(),
            None => {
                let all = self.entries.iter().map(|e| (rendered(&self.value(e)), e.count));
                (all.collect(), 0)
            }
        };
        let by_rank = |a: &Frequent, b: &Frequent| b.1.cmp(&a.1).then_with(|| order(&a.0, &b.0));
        if found.len() > limit && limit > 0 {
            found.select_nth_unstable_by(limit - 1, by_rank);
        }
        found.truncate(limit);
        found.sort_by(by_rank);
        (found, error)
    }
}

fn value_of(text: &str, stored: Stored) -> Value<'_> {
    match stored {
        Stored::Bool(b) => Value::Bool(b),
        Stored::Int(i) => Value::Int(i),
        Stored::Float(f) => Value::Float(f),
        Stored::Time(micros) => Value::Time(Moment { micros }),
        Stored::Text { start, length } => {
            Value::Text(text.get(start as usize..(start + length) as usize).unwrap_or_default())
        }
    }
}

/// The value at rank (n - 1) x q, linearly between neighbours (type 7 of Hyndman and Fan 1996).
fn interpolated(sorted: &[(f64, u64)], total: u64, rank: f64) -> f64 {
    let place = (total - 1) as f64 * rank;
    let (below, part) = (place.floor() as u64, place.fract());
    let at = |index: u64| {
        let mut seen = 0;
        let found = sorted.iter().find(|(_, count)| {
            seen += count;
            seen > index
        });
        found.map_or(f64::NAN, |f| f.0)
    };
    let low = at(below);
    if part == 0.0 { low } else { low + (at(below + 1) - low) * part }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_does_not_wrap() {
        let mut dictionary = Dictionary::new(16, 4096);
        dictionary.add(&Value::Int(7), 1);
        for more in [u32::MAX - 1, u32::MAX] {
            let before = dictionary.count(1);
            dictionary.index.slot(1).more = more;
            assert_eq!(dictionary.count_known(1), more < u32::MAX);
            dictionary.add(&Value::Int(7), 1);
            dictionary.settle();
            assert_eq!(dictionary.count(1) - before, u64::from(u32::MAX) + 1);
        }
    }
}

//! Sums by key in little memory: entries in key order, with new ones sorted in from time to time.
//!
//! Keys begin with a hash. When there are more entries than allowed, those whose hash is above a falling threshold
//! are given up: what is left is a sample by hash, which depends on the keys alone and not on the order of rows.

/// Entries of late that are at hand to be added to.
const RECENT: usize = 1 << 12;
/// Entries that are collected before they are sorted in, at least.
const MIN_PENDING: usize = 1 << 14;

/// Something that is added up by key.
pub(crate) trait Entry: Copy {
    /// The key; its order begins with that of `hash`.
    type Key: Ord;
    fn key(&self) -> Self::Key;
    fn hash(&self) -> u64;
    /// A number that mostly differs between keys.
    fn spread(&self) -> u64 {
        self.hash()
    }
    /// Adds another entry with the same key.
    fn add(&mut self, other: &Self);
}

/// Entries by key.
#[derive(Debug)]
pub(crate) struct Compact<E> {
    most: usize,
    threshold: u64,
    settled: Vec<E>,
    pending: Vec<E>,
    /// Keys often come again soon: each place holds the last entry of those that belong there.
    recent: Vec<Option<E>>,
}

impl<E: Entry> Compact<E> {
    pub(crate) fn new(most: usize) -> Self {
        let (settled, pending, recent) = (Vec::new(), Vec::new(), Vec::new());
        Self { most: most.max(16), threshold: u64::MAX, settled, pending, recent }
    }

    #[inline]
    pub(crate) fn add(&mut self, entry: E) {
        if self.recent.is_empty() {
            self.recent = vec![None; RECENT];
        }
        let place = &mut self.recent[entry.spread() as usize % RECENT];
        match place {
            Some(known) if known.key() == entry.key() => known.add(&entry),
            _ => {
                let displaced = place.replace(entry);
                self.collect(displaced);
            }
        }
    }

    fn collect(&mut self, entry: Option<E>) {
        let threshold = self.threshold;
        self.pending.extend(entry.filter(|entry| entry.hash() <= threshold));
        if self.pending.len() >= MIN_PENDING.max(self.settled.len() / 4) {
            self.settle();
        }
    }

    /// Sorts the pending entries in.
    fn settle(&mut self) {
        self.pending.sort_unstable_by_key(Entry::key);
        combine(&mut self.pending);
        self.settled.append(&mut self.pending);
        // Two runs in order, which the stable sort recognises and merges.
        self.settled.sort_by_key(Entry::key);
        combine(&mut self.settled);
        while self.settled.len() > self.most {
            self.threshold /= 2;
            let kept = self.settled.partition_point(|entry| entry.hash() <= self.threshold);
            self.settled.truncate(kept);
        }
    }

    /// Ends the collection: sorts in what is left and gives its memory back.
    pub(crate) fn close(&mut self) {
        for entry in std::mem::take(&mut self.recent) {
            self.collect(entry);
        }
        self.settle();
        self.pending = Vec::new();
    }

    /// Gives up entries until there are at most so many different hashes.
    pub(crate) fn thin_to(&mut self, most: usize) {
        let hashes = |entries: &[E]| entries.chunk_by(|a, b| a.hash() == b.hash()).count();
        while hashes(&self.settled) > most.max(1) {
            self.threshold /= 2;
            let kept = self.settled.partition_point(|entry| entry.hash() <= self.threshold);
            self.settled.truncate(kept);
        }
    }

    /// All entries in key order; to be called after [`Compact::close`].
    pub(crate) fn entries(&self) -> &[E] {
        &self.settled
    }

    /// Whether every key was kept.
    pub(crate) fn is_whole(&self) -> bool {
        self.threshold == u64::MAX
    }

    /// The share of the keys that was kept, by hash.
    pub(crate) fn share(&self) -> f64 {
        if self.is_whole() { 1.0 } else { (self.threshold as f64 / u64::MAX as f64).max(f64::MIN_POSITIVE) }
    }
}

/// Joins neighbours with equal keys.
fn combine<E: Entry>(entries: &mut Vec<E>) {
    entries.dedup_by(|next, kept| {
        let is_same = next.key() == kept.key();
        if is_same {
            kept.add(next);
        }
        is_same
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::cell::mix;

    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Counted(u64, u32);

    impl Entry for Counted {
        type Key = u64;
        fn key(&self) -> u64 {
            self.0
        }
        fn hash(&self) -> u64 {
            self.0
        }
        fn add(&mut self, other: &Self) {
            self.1 += other.1;
        }
    }

    fn filled(keys: impl Iterator<Item = u64>, most: usize) -> Compact<Counted> {
        let mut compact = Compact::new(most);
        keys.for_each(|key| compact.add(Counted(mix(key), 1)));
        compact.close();
        compact
    }

    #[test]
    fn equal_keys_are_added_up() {
        let compact = filled((0..100_000).map(|i| i % 1000), 1000);
        assert!(compact.is_whole() && compact.entries().len() == 1000);
        assert!(compact.entries().iter().all(|entry| entry.1 == 100));
    }

    #[test]
    fn what_is_left_of_too_many_depends_on_the_keys_alone() {
        let (there, back) = (filled(0..200_000, 5000), filled((0..200_000).rev(), 5000));
        assert_eq!((there.entries(), there.share()), (back.entries(), back.share()));
        let estimate = there.entries().len() as f64 / there.share();
        assert!((180_000.0..220_000.0).contains(&estimate), "{estimate}");
        let mut fewer = there;
        fewer.thin_to(1000);
        assert!((1..=1000).contains(&fewer.entries().len()) && fewer.share() < back.share());
    }
}

//! Sums by key in little memory: entries in key order, with new ones sorted in from time to time.
//!
//! Keys begin with a hash. When there are more entries than allowed, those whose hash is above a falling threshold
//! are given up: what is left is a sample by hash, which depends on the keys alone and not on the order of rows.

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
    places: usize,
}

impl<E: Entry> Compact<E> {
    /// Holds `most` entries, and `recent` of late at hand to be added to. These should be few where a key comes again
    /// at once or not at all, and more than there are keys where it may come again at any time.
    pub(crate) fn new(most: usize, recent: usize) -> Self {
        let (settled, pending, places) = (Vec::new(), Vec::new(), recent.next_power_of_two());
        Self { most: most.max(16), threshold: u64::MAX, settled, pending, recent: Vec::new(), places }
    }

    #[inline]
    pub(crate) fn add(&mut self, entry: E) {
        self.add_at(entry.spread() as usize, entry);
    }

    /// Adds an entry by a number that seldom is that of another key, and best not that of any.
    #[inline]
    pub(crate) fn add_at(&mut self, place: usize, entry: E) {
        if self.recent.is_empty() {
            self.recent = vec![None; self.places];
        }
        let index = place & (self.recent.len() - 1);
        let place = &mut self.recent[index];
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
        merge(&mut self.settled, &self.pending);
        self.pending.clear();
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

/// Merges entries in order into others in order, from the end on, which needs no memory besides.
fn merge<E: Entry>(settled: &mut Vec<E>, pending: &[E]) {
    let (mut old, mut new) = (settled.len(), pending.len());
    settled.extend_from_slice(pending);
    while let Some(next) = new.checked_sub(1) {
        let place = old + next;
        if old > 0 && settled[old - 1].key() > pending[next].key() {
            settled[place] = settled[old - 1];
            old -= 1;
        } else {
            settled[place] = pending[next];
            new = next;
        }
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
        let mut compact = Compact::new(most, 256);
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

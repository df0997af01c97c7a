//! Numbers by hash in one open table with linear probing.
//!
//! Tables of all columns together are larger than the fast part of the memory, so that a look at one costs more than
//! all else that is done with a cell. Here hash, entry and count stand side by side, for one look at each cell.

/// Slots of an empty table.
const LEAST: usize = 64;

/// An entry by its hash.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    hash: u64,
    entry: u32,
    /// How often the hash came beyond what the entry itself counts.
    pub(crate) more: u32,
}

const FREE: Slot = Slot { hash: 0, entry: u32::MAX, more: 0 };

impl Slot {
    /// The number of the entry; `None` for a hash that is not there.
    #[inline]
    pub(crate) fn entry(&self) -> Option<u32> {
        (self.entry != FREE.entry).then_some(self.entry)
    }
}

/// The table. Its keys are hashes, so that their low bits are as good a place as any.
#[derive(Debug)]
pub(crate) struct Slots {
    /// Their number is a power of two.
    slots: Vec<Slot>,
    used: usize,
}

impl Default for Slots {
    fn default() -> Self {
        Self { slots: vec![FREE; LEAST], used: 0 }
    }
}

impl Slots {
    /// The entry of a hash.
    #[inline]
    pub(crate) fn get(&self, hash: u64) -> Option<u32> {
        self.slots[self.place(hash)].entry()
    }

    /// The slot of a hash; a free one when it is not there, which only [`Slots::insert`] fills.
    #[inline]
    pub(crate) fn slot(&mut self, hash: u64) -> &mut Slot {
        let place = self.place(hash);
        &mut self.slots[place]
    }

    #[inline]
    fn place(&self, hash: u64) -> usize {
        let most = self.slots.len() - 1;
        let mut place = hash as usize & most;
        loop {
            let slot = &self.slots[place];
            if slot.hash == hash || slot.entry == FREE.entry {
                return place;
            }
            place = (place + 1) & most;
        }
    }

    /// Adds an entry whose hash is not there; it must be less than [`u32::MAX`].
    pub(crate) fn insert(&mut self, hash: u64, entry: u32) {
        self.used += 1;
        if self.used * 4 > self.slots.len() * 3 {
            self.grow();
        }
        *self.slot(hash) = Slot { hash, entry, more: 0 };
    }

    fn grow(&mut self) {
        let size = self.slots.len() * 2;
        let old = std::mem::replace(&mut self.slots, vec![FREE; size]);
        for slot in old.into_iter().filter(|slot| slot.entry != FREE.entry) {
            *self.slot(slot.hash) = slot;
        }
    }

    /// Hands out what each entry was counted beyond its own count, and begins anew.
    pub(crate) fn take_counts(&mut self, mut take: impl FnMut(u32, u32)) {
        for slot in self.slots.iter_mut().filter(|slot| slot.more > 0) {
            take(slot.entry, std::mem::take(&mut slot.more));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Hashes of few bits in their low half make many of them meet in one place.
        #[test]
        fn slots_hold_what_a_map_holds(hashes in prop::collection::vec((0_u64..8, 0_u64..60), 0..400)) {
            let (mut slots, mut map) = (Slots::default(), BTreeMap::new());
            for hash in hashes.into_iter().map(|(low, high)| high << 60 | high << 32 | low) {
                let next = map.len() as u32;
                let (entry, count) = map.entry(hash).or_insert((next, 0_u32));
                match slots.slot(hash) {
                    slot if slot.entry().is_some() => slot.more += 1,
                    _ => slots.insert(hash, *entry),
                }
                *count += 1;
                prop_assert_eq!(slots.get(hash), Some(*entry));
            }
            prop_assert_eq!(slots.get(u64::MAX), None);
            let mut counts = vec![1_u32; map.len()];
            slots.take_counts(|entry, more| counts[entry as usize] += more);
            slots.take_counts(|_, _| panic!("counted twice"));
            prop_assert!(map.values().all(|(entry, count)| counts[*entry as usize] == *count));
        }
    }
}

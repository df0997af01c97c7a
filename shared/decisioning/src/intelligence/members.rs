//! Names by hash: lists of all names of a dimension, and names of the customers that are shown.

use crate::discovery::Slots;

/// Longest name that is kept, in characters.
const MAX_NAME_CHARS: usize = 120;

/// All names of a dimension, each with a place; once there are too many, new ones get none.
#[derive(Debug, Default)]
pub(crate) struct Members {
    index: Slots,
    hashes: Vec<u64>,
    names: Arena,
    most: usize,
    /// Rows whose name came too late.
    pub(crate) refused: u64,
}

/// Texts one after the other.
#[derive(Debug, Default)]
struct Arena {
    text: String,
    ends: Vec<u32>,
}

impl Arena {
    fn push(&mut self, name: &str) {
        let cut = name.char_indices().nth(MAX_NAME_CHARS).map_or(name.len(), |(place, _)| place);
        self.text.push_str(&name[..cut]);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }

    fn get(&self, place: usize) -> &str {
        let start = if place == 0 { 0 } else { self.ends[place - 1] as usize };
        self.text.get(start..self.ends[place] as usize).unwrap_or_default()
    }
}

impl Members {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// The place of a name.
    #[inline]
    pub(crate) fn place(&mut self, hash: u64, name: impl FnOnce() -> String) -> Option<u32> {
        if let Some(place) = self.index.get(hash) {
            return Some(place);
        }
        if self.hashes.len() >= self.most {
            self.refused += 1;
            return None;
        }
        let place = self.hashes.len() as u32;
        self.index.insert(hash, place);
        self.hashes.push(hash);
        self.names.push(&name());
        Some(place)
    }

    pub(crate) fn len(&self) -> usize {
        self.hashes.len()
    }

    pub(crate) fn hash(&self, place: usize) -> u64 {
        self.hashes[place]
    }

    pub(crate) fn name(&self, place: usize) -> &str {
        self.names.get(place)
    }

    /// The place of the name with this hash.
    pub(crate) fn find(&self, hash: u64) -> Option<usize> {
        self.index.get(hash).map(|place| place as usize)
    }
}

/// Names that are looked up by hash in the end; above the cap those with a hash above a falling threshold are
/// given up, so that which ones are left does not depend on the order of rows.
#[derive(Debug)]
pub(crate) struct Names {
    threshold: u64,
    most: usize,
    members: Members,
}

impl Names {
    pub(crate) fn new(most: usize) -> Self {
        Self { threshold: u64::MAX, most: most.max(16), members: Members::new(usize::MAX) }
    }

    #[inline]
    pub(crate) fn note(&mut self, hash: u64, name: impl FnOnce() -> String) {
        if hash > self.threshold {
            return;
        }
        self.members.place(hash, name);
        while self.members.len() > self.most {
            self.thin();
        }
    }

    fn thin(&mut self) {
        self.threshold /= 2;
        let old = std::mem::replace(&mut self.members, Members::new(usize::MAX));
        for place in (0..old.len()).filter(|place| old.hash(*place) <= self.threshold) {
            self.members.place(old.hash(place), || old.name(place).to_owned());
        }
    }

    pub(crate) fn get(&self, hash: u64) -> Option<&str> {
        self.members.find(hash).map(|place| self.members.name(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::cell::mix;

    #[test]
    fn names_keep_their_places() {
        let mut members = Members::new(2);
        let mut place = |hash, name: &str| members.place(hash, || name.to_owned());
        assert_eq!(
            (place(7, "North"), place(9, ""), place(7, "North"), place(1, "East")),
            (Some(0), Some(1), Some(0), None)
        );
        assert_eq!((members.name(0), members.name(1), members.refused), ("North", "", 1));
    }

    #[test]
    fn names_that_are_left_do_not_depend_on_the_order() {
        let left = |keys: &mut dyn Iterator<Item = u64>| {
            let mut names = Names::new(100);
            keys.for_each(|key| names.note(mix(key), || key.to_string()));
            (0..1000).filter(|key| names.get(mix(*key)) == Some(&key.to_string())).collect::<Vec<u64>>()
        };
        let there = left(&mut (0..1000));
        assert!(there.len() > 20 && there.len() <= 100);
        assert_eq!(left(&mut (0..1000).rev()), there);
    }
}

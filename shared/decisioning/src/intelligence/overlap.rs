//! Whether the parts of a table repeat each other: copies, exports that overlap, orders that go on in another part.
//!
//! For each part the order ids are noted with a hash of the order's rows, and a hash of all rows; too many ids are
//! sampled by hash. Hashes are added up, so that the order of rows and parts does not matter.

use std::collections::HashSet;

use super::compact::{Compact, Entry};
use super::role::Role;
use super::wanted::{INVALID, Wanted};
use crate::dataset::cell::mix;

/// Pairs of order and part that are noted; 24 bytes each.
const MAX_NOTED: usize = 1 << 19;

/// An order in a part.
#[derive(Debug, Clone, Copy)]
struct Seen {
    id: u64,
    part: u32,
    rows: u64,
}

impl Entry for Seen {
    type Key = (u64, u32);
    fn key(&self) -> (u64, u32) {
        (self.id, self.part)
    }
    fn hash(&self) -> u64 {
        self.id
    }
    fn add(&mut self, other: &Self) {
        self.rows = self.rows.wrapping_add(other.rows);
    }
}

/// All rows of a part.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Content {
    rows: u64,
    hash: u64,
}

/// What the parts hold of each other.
#[derive(Debug)]
pub(crate) struct Overlap {
    seen: Compact<Seen>,
    contents: Vec<Content>,
    part: usize,
    is_noting: bool,
    /// Orders of each part that an earlier one holds with the same rows.
    skipped: Vec<HashSet<u64>>,
    /// Rows of such orders that were left out.
    pub(crate) skipped_rows: u64,
}

/// What was found about one part.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Finding {
    /// Most of it is in another part.
    Copy { of: usize, share: f64 },
    /// Some of its orders are in another part.
    Shares {
        with: usize,
        /// Orders with the same rows there, which are skipped here.
        repeated: usize,
        /// Orders with other rows there.
        continued: usize,
        /// Whether these are counts, and not those of a sample, by which nothing can be skipped.
        is_exact: bool,
    },
}

impl Overlap {
    pub(crate) fn new(parts: usize) -> Self {
        Self {
            seen: Compact::new(MAX_NOTED, 1 << 12),
            contents: vec![Content::default(); parts],
            part: 0,
            is_noting: true,
            skipped: vec![HashSet::new(); parts],
            skipped_rows: 0,
        }
    }

    /// The rows that follow belong to this part; they are noted or were noted before.
    pub(crate) fn begin(&mut self, part: usize, is_noting: bool) {
        (self.part, self.is_noting) = (part, is_noting);
    }

    /// Takes note of a row and tells whether it counts.
    pub(crate) fn take(&mut self, row: &[i64], wanted: &[Wanted]) -> bool {
        let id = wanted.iter().position(|wanted| wanted.role == Role::OrderId).map(|place| row[place]);
        let id = id.filter(|id| *id > INVALID).map(i64::cast_unsigned);
        if self.is_noting {
            self.note(id, hash(row, wanted));
        }
        let is_skipped = id.is_some_and(|id| self.skipped[self.part].contains(&id));
        self.skipped_rows += u64::from(is_skipped);
        !is_skipped
    }

    fn note(&mut self, id: Option<u64>, rows: u64) {
        let content = &mut self.contents[self.part];
        content.rows += 1;
        content.hash = content.hash.wrapping_add(rows);
        if let Some(id) = id {
            self.seen.add(Seen { id, part: self.part as u32, rows });
        }
    }

    /// What is to be said about the given parts, by part. Of two copies the one with more orders stays, then the first.
    pub(crate) fn findings(&mut self, parts: &[usize]) -> Vec<(usize, Finding)> {
        self.seen.close();
        let mut orders = vec![0_usize; self.contents.len()];
        self.seen.entries().iter().for_each(|seen| orders[seen.part as usize] += 1);
        let shared: Vec<Vec<Seen>> =
            self.seen.entries().chunk_by(|a, b| a.id == b.id).filter(|c| c.len() > 1).map(<[Seen]>::to_vec).collect();
        let mut in_turn = parts.to_vec();
        in_turn.sort_by_key(|part| (std::cmp::Reverse(orders[*part]), *part));
        let mut kept: Vec<usize> = Vec::new();
        let mut found = Vec::new();
        for part in in_turn {
            let twin = kept.iter().find(|other| self.contents[**other] == self.contents[part]);
            let finding = match twin.filter(|_| self.contents[part].rows > 0) {
                Some(of) => Some(Finding::Copy { of: *of, share: 1.0 }),
                None => self.compare(part, orders[part], &kept, &shared),
            };
            if !matches!(finding, Some(Finding::Copy { .. })) {
                kept.push(part);
            }
            found.extend(finding.map(|finding| (part, finding)));
        }
        found.sort_by_key(|(part, _)| *part);
        found
    }

    fn compare(&mut self, part: usize, orders: usize, kept: &[usize], shared: &[Vec<Seen>]) -> Option<Finding> {
        let mut by_other = vec![0_usize; self.contents.len()];
        let (mut repeated, mut continued) = (HashSet::new(), 0);
        for seen in shared {
            let Some(own) = seen.iter().find(|seen| seen.part as usize == part) else { continue };
            let others = || seen.iter().filter(|seen| kept.contains(&(seen.part as usize)));
            others().for_each(|other| by_other[other.part as usize] += 1);
            if others().any(|other| other.rows == own.rows) {
                repeated.insert(own.id);
            } else if others().next().is_some() {
                continued += 1;
            }
        }
        let with = *kept.iter().rev().max_by_key(|other| by_other[**other]).filter(|other| by_other[**other] > 0)?;
        let share = (repeated.len() + continued) as f64 / orders as f64;
        if share >= 0.5 {
            return Some(Finding::Copy { of: with, share });
        }
        let (count, is_exact) = (repeated.len(), self.seen.is_whole());
        if is_exact {
            self.skipped[part] = repeated;
        }
        Some(Finding::Shares { with, repeated: count, continued, is_exact })
    }
}

fn hash(row: &[i64], wanted: &[Wanted]) -> u64 {
    row.iter().zip(wanted).fold(0, |hash, (cell, wanted)| mix(hash ^ wanted.stable(*cell)))
}

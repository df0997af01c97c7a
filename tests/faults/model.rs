//! What may be in the bucket, given what the client reported.

use std::collections::{BTreeMap, BTreeSet};

use causeway_oci_client::{Cause, Error};

/// What an object can be: absent, or one of the contents that were written.
pub(crate) type Content = Option<u64>;

/// What a client knows after an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Acknowledged.
    Done,
    /// It had no effect: nothing was sent, or the service said that it did not do it.
    NoEffect,
    /// It may have happened.
    Unknown,
}

impl Fate {
    pub(crate) fn of(error: &Error) -> Self {
        let explained = !matches!(*error.cause, Cause::Request(_) | Cause::Credentials(_));
        assert!(explained, "no fault explains this: {error}");
        if error.may_have_happened() { Self::Unknown } else { Self::NoEffect }
    }

    pub(crate) fn of_result<T>(result: &Result<T, Error>) -> Self {
        result.as_ref().map_or_else(Self::of, |_| Self::Done)
    }
}

/// Objects that one worker alone writes, each with all that it may be.
#[derive(Debug, Default)]
pub(crate) struct Model {
    objects: BTreeMap<String, BTreeSet<Content>>,
}

impl Model {
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.objects.keys()
    }

    /// What it may be; at first it is absent.
    pub(crate) fn may_be(&mut self, name: &str) -> &mut BTreeSet<Content> {
        self.objects.entry(name.to_owned()).or_insert_with(|| BTreeSet::from([None]))
    }

    /// What it is, when that is certain.
    pub(crate) fn certainly(&mut self, name: &str) -> Option<Content> {
        let may_be = self.may_be(name);
        if may_be.len() == 1 { may_be.first().copied() } else { None }
    }

    /// A write was tried.
    pub(crate) fn wrote(&mut self, name: &str, content: Content, fate: Fate) {
        let may_be = self.may_be(name);
        match fate {
            Fate::Done => *may_be = BTreeSet::from([content]),
            Fate::NoEffect => {}
            Fate::Unknown => drop(may_be.insert(content)),
        }
    }

    /// The object was read.
    pub(crate) fn saw(&mut self, name: &str, content: Content) {
        let may_be = self.may_be(name);
        assert!(may_be.contains(&content), "{name} is {content:?}, but can only be {may_be:?}");
        *may_be = BTreeSet::from([content]);
    }

    /// Whether the object is there was read.
    pub(crate) fn saw_existence(&mut self, name: &str, exists: bool) {
        let may_be = self.may_be(name);
        let before = may_be.clone();
        may_be.retain(|content| content.is_some() == exists);
        assert!(!may_be.is_empty(), "{name}: exists is {exists}, but it can only be {before:?}");
    }
}

/// The bytes of a content: its number, then a length and a filling that follow from it.
pub(crate) fn bytes_of(content: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(content);
    // Mostly small; some are longer than a stretch of network, so that they break in the middle.
    let most = if random.u8(..) < 16 { 60_000 } else { 1_500 };
    let mut bytes = vec![0; random.usize(8..most)];
    random.fill(&mut bytes);
    bytes[..8].copy_from_slice(&content.to_be_bytes());
    bytes
}

/// The number of a content; all its bytes must be there.
pub(crate) fn content_of(bytes: &[u8]) -> u64 {
    let number = u64::from_be_bytes(bytes[..8].try_into().unwrap());
    assert!(bytes == bytes_of(number), "content {number} is damaged: {} bytes", bytes.len());
    number
}

/// Names that several workers try to create.
#[derive(Debug, Default)]
pub(crate) struct Races {
    names: BTreeMap<String, Race>,
}

#[derive(Debug, Default)]
struct Race {
    acknowledged: Vec<u64>,
    unknown: BTreeSet<u64>,
    refused: u32,
}

impl Races {
    pub(crate) fn tried(&mut self, name: &str, content: u64, fate: Fate, refused: bool) {
        let race = self.names.entry(name.to_owned()).or_default();
        match fate {
            Fate::Done => race.acknowledged.push(content),
            Fate::Unknown => drop(race.unknown.insert(content)),
            Fate::NoEffect => race.refused += u32::from(refused),
        }
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.names.keys()
    }

    /// Compares with what is there in the end.
    pub(crate) fn check(&self, name: &str, found: Content) {
        let race = &self.names[name];
        assert!(race.acknowledged.len() <= 1, "{name} was created more than once: {race:?}");
        match (race.acknowledged.first(), found) {
            (Some(winner), found) => assert_eq!(found, Some(*winner), "{name}: the winner's content is lost: {race:?}"),
            (None, Some(found)) => assert!(race.unknown.contains(&found), "{name} is {found}: {race:?}"),
            (None, None) => assert_eq!(race.refused, 0, "{name} was refused as existing and is not there: {race:?}"),
        }
    }
}

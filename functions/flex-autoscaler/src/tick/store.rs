//! What the autoscaler remembers from tick to tick: a lease, an index, and the machines' state in shards.
//!
//! | document | content |
//! |---|---|
//! | `lease` | who is at work; one tick at a time |
//! | `index` | which shards hold the state |
//! | `shards/<generation>/<number>` | the state of some 500 machines |
//! | `quarantine/<milliseconds>-<number>` | memories of the future, which were taken out of the state |
//!
//! Shards are written under the lease's epoch, so that a tick that slept cannot write over its successor. A shard that
//! cannot be read is never written over: the state goes on in a new generation of shards, and the unreadable one
//! stays where it is for whoever looks into it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use causeway_cloud::state::lease::Lease;
use causeway_cloud::state::{Clock, Documents, StateError, Version};
use futures_util::future::{join_all, try_join_all};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::state::{Memory, State, StateRead, shard_of};

/// Machines of one shard, about; a shard of 500 has half a megabyte.
const PER_SHARD: usize = 500;
pub(super) const INDEX: &str = "index";
/// Folder of what was in the state and cannot be believed.
const QUARANTINE: &str = "quarantine";
/// Version of the index's form.
const FORM: u32 = 1;
/// More shards than any fleet needs; an index that says more is none.
const MAX_SHARDS: usize = 1 << 12;

/// Where the shards are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Index {
    form: u32,
    /// Milliseconds since 1970 when this generation of shards began: one that a process left unfinished a moment ago has
    /// another name.
    generation: i64,
    /// Number of shards, a power of two.
    shards: usize,
}

/// State as it was read.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The shards together, as far as they can be read.
    pub(crate) state: StateRead,
    /// Documents that cannot be read and are left as they are.
    pub(crate) quarantined: Vec<String>,
    /// Shards that the index names and that are not there.
    pub(crate) absent: Vec<String>,
    /// Of which machines the state is lost.
    pub(crate) lost: Lost,
    /// What is known of their changes all the same; nothing where nobody can tell.
    pub(crate) recalled: Option<Memory>,
}

/// The shards that are not there or cannot be read.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    numbers: BTreeSet<usize>,
    /// Of how many.
    shards: usize,
}

impl Lost {
    /// All of it.
    pub(crate) fn everything() -> Self {
        Self { numbers: BTreeSet::from([0]), shards: 1 }
    }

    /// Whether there is nothing of it.
    pub(crate) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Whether what was known of a machine was in one of them.
    pub(crate) fn has(&self, id: &str) -> bool {
        !self.is_empty() && self.numbers.contains(&shard_of(id, self.shards))
    }
}

/// One tick's hold on the documents.
pub(crate) struct Store {
    documents: Documents,
    clock: Arc<dyn Clock>,
    index: Index,
    index_version: Option<Version>,
    /// Version and SHA-256 of each shard as it is stored now.
    stored: BTreeMap<usize, (Version, [u8; 32])>,
    /// Whether the next write begins a new generation.
    must_renew: bool,
    /// Whether there is an index that cannot be read.
    is_unreadable: bool,
}

/// A shard that is to be written.
struct Due {
    number: usize,
    text: Box<RawValue>,
    digest: [u8; 32],
}

impl Store {
    /// Reads everything. Nothing is written.
    ///
    /// # Errors
    /// The store's: state that cannot be read now is not state that is lost.
    pub(crate) async fn load(documents: Documents, clock: Arc<dyn Clock>) -> Result<(Self, Loaded), StateError> {
        let mut quarantined = Vec::new();
        let read = unless_malformed(documents.get::<Index>(INDEX).await, INDEX, &mut quarantined)?;
        let (index, index_version) = read.map_or_else(Default::default, |read| (read.value, Some(read.version)));
        let is_known = index.form == FORM && index.shards <= MAX_SHARDS;
        let index = if is_known { index } else { Index::default() };
        let (stored, is_unreadable) = (BTreeMap::new(), !quarantined.is_empty());
        let mut store = Self { documents, clock, index, index_version, stored, must_renew: !is_known, is_unreadable };
        let loaded = store.read_shards(quarantined).await?;
        store.must_renew |= !(loaded.quarantined.is_empty() && loaded.absent.is_empty());
        Ok((store, loaded))
    }

    async fn read_shards(&mut self, mut quarantined: Vec<String>) -> Result<Loaded, StateError> {
        let keys: Vec<String> = (0..self.index.shards).map(|number| self.key(number)).collect();
        let read = join_all(keys.iter().map(|key| self.documents.get::<Box<RawValue>>(key))).await;
        let (mut parts, mut corrupt, mut absent) = (Vec::new(), None, Vec::new());
        let mut lost = Lost { shards: self.index.shards, ..Lost::default() };
        for ((number, key), read) in keys.iter().enumerate().zip(read) {
            lost.numbers.insert(number);
            let before = quarantined.len();
            let Some(read) = unless_malformed(read, key, &mut quarantined)? else {
                absent.extend((before == quarantined.len()).then(|| key.clone()));
                continue;
            };
            match StateRead::from_text(read.value.get()) {
                StateRead::Absent => absent.push(key.clone()),
                StateRead::Present(part) => {
                    parts.push(part);
                    lost.numbers.remove(&number);
                    self.stored.insert(number, (read.version, digest(read.value.get())));
                }
                StateRead::Corrupt { text, problem } => {
                    tracing::error!(key, problem, "state that cannot be read is left as it is");
                    quarantined.push(key.clone());
                    corrupt = Some(StateRead::Corrupt { text, problem });
                }
            }
        }
        let whole = State::join(parts).map(StateRead::Present);
        let state = whole.or(corrupt).unwrap_or_else(|| nothing(&quarantined, &absent));
        Ok(Loaded { state, quarantined, absent, lost, recalled: None })
    }

    /// Writes what has changed, under the lease.
    ///
    /// # Errors
    /// [`StateError::Fenced`] and [`StateError::Conflict`] when a later tick has taken over; else the store's.
    pub(crate) async fn save(&mut self, state: &State, lease: &mut Lease) -> Result<(), StateError> {
        let shards = shards_for(state.instances.len()).max(self.index.shards);
        if self.must_renew || shards > self.index.shards {
            return self.begin_generation(shards, state, lease).await;
        }
        match self.write_shards(state, lease.epoch()).await {
            // Shards of a later epoch than that of a lease that is held: the lease had been lost and began anew.
            Err(StateError::Fenced { .. }) if self.still_holds(lease).await? => {
                self.begin_generation(shards, state, lease).await
            }
            other => other,
        }
    }

    /// Keeps a copy of what the state remembers of the future, since nobody decides with it and the next write is
    /// without it; the copies' names.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn keep_doubtful(&self, state: &State, now: Timestamp) -> Result<Vec<String>, StateError> {
        let doubtful: Vec<_> = state.doubtful(now).into_iter().collect();
        let mut kept = Vec::new();
        for (number, some) in doubtful.chunks(PER_SHARD).enumerate() {
            let key = format!("{QUARANTINE}/{}-{number}", now.as_millisecond());
            self.documents.create(&key, &some.iter().copied().collect::<BTreeMap<_, _>>()).await?;
            tracing::error!(key, machines = some.len(), "what is remembered of the future is kept there");
            kept.push(key);
        }
        Ok(kept)
    }

    async fn still_holds(&self, lease: &mut Lease) -> Result<bool, StateError> {
        let left = Duration::from_millis(lease.expires_unix_ms().saturating_sub(self.clock.unix_millis()));
        match lease.renew(&self.documents, left).await {
            Ok(()) => Ok(true),
            Err(StateError::Conflict(_) | StateError::Fenced { .. }) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// Writes everything under new names, and the index last: until then the old shards count.
    async fn begin_generation(&mut self, shards: usize, state: &State, lease: &mut Lease) -> Result<(), StateError> {
        // Where nothing was, the names are nobody's.
        let is_first = self.index_version.is_none() && !self.is_unreadable;
        if !is_first && !self.still_holds(lease).await? {
            return Err(StateError::Conflict("lease".to_owned()));
        }
        let now = i64::try_from(self.clock.unix_millis()).unwrap_or(i64::MAX);
        let generation = now.max(self.index.generation.saturating_add(1));
        let old: Vec<String> = std::mem::take(&mut self.stored).into_keys().map(|number| self.key(number)).collect();
        self.index = Index { form: FORM, generation, shards };
        // A write that fails below leaves the next one to begin yet another generation.
        self.must_renew = true;
        self.write_shards(state, lease.epoch()).await?;
        self.write_index().await?;
        self.must_renew = false;
        for key in old {
            if let Err(error) = self.documents.remove(&key).await {
                tracing::warn!(%error, key, "a shard of an earlier generation was not removed");
            }
        }
        Ok(())
    }

    async fn write_shards(&mut self, state: &State, epoch: u64) -> Result<(), StateError> {
        let due = self.due(state)?;
        let written = try_join_all(due.iter().map(|shard| async {
            let version = self.stored.get(&shard.number).map(|(version, _)| version);
            let version = self.documents.write_fenced(&self.key(shard.number), &shard.text, version, epoch).await?;
            Ok::<_, StateError>((shard.number, (version, shard.digest)))
        }));
        let written = written.await?;
        self.stored.extend(written);
        Ok(())
    }

    /// The shards whose content differs from what is stored.
    fn due(&self, state: &State) -> Result<Vec<Due>, StateError> {
        let mut due = Vec::new();
        for (number, part) in state.clone().split(self.index.shards).into_iter().enumerate() {
            let text = serde_json::value::to_raw_value(&part).map_err(|error| unwritable(&self.key(number), &error))?;
            let digest = digest(text.get());
            if self.stored.get(&number).is_none_or(|(_, stored)| *stored != digest) {
                due.push(Due { number, text, digest });
            }
        }
        Ok(due)
    }

    async fn write_index(&mut self) -> Result<(), StateError> {
        let version = match &self.index_version {
            Some(version) => self.documents.replace(INDEX, &self.index, version).await?,
            None if self.is_unreadable => {
                // What it said is lost anyhow, and the lease is ours.
                self.documents.remove(INDEX).await?;
                self.documents.create(INDEX, &self.index).await?
            }
            None => self.documents.create(INDEX, &self.index).await?,
        };
        self.is_unreadable = false;
        self.index_version = Some(version);
        Ok(())
    }

    fn key(&self, number: usize) -> String {
        format!("shards/{}/{number}", self.index.generation)
    }
}

/// Where nothing can be read: whether there was something.
fn nothing(quarantined: &[String], absent: &[String]) -> StateRead {
    let unreadable = quarantined.first().map(|key| format!("{key} cannot be read"));
    match unreadable.or_else(|| absent.first().map(|key| format!("{key} is gone"))) {
        Some(problem) => StateRead::Corrupt { text: String::new(), problem },
        None => StateRead::Absent,
    }
}

/// What was read; a document that cannot be understood is noted and counts as none.
fn unless_malformed<T>(
    read: Result<Option<T>, StateError>,
    key: &str,
    quarantined: &mut Vec<String>,
) -> Result<Option<T>, StateError> {
    match read {
        Err(error @ (StateError::Malformed { .. } | StateError::TooLarge { .. })) => {
            tracing::error!(%error, "state that cannot be read is left as it is");
            quarantined.push(key.to_owned());
            Ok(None)
        }
        other => other,
    }
}

fn unwritable(key: &str, error: &serde_json::Error) -> StateError {
    StateError::Malformed { key: key.to_owned(), reason: format!("{:?} while it was written", error.classify()) }
}

/// A power of two, so that growing splits shards evenly.
fn shards_for(machines: usize) -> usize {
    machines.div_ceil(PER_SHARD).clamp(1, MAX_SHARDS).next_power_of_two()
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests;

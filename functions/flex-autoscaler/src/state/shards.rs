//! One state in several documents, so that none grows without bound and few writers meet.

use sha2::{Digest, Sha256};

use super::State;

/// The shard of a machine, of so many.
#[must_use]
pub fn shard_of(id: &str, shards: usize) -> usize {
    let digest = Sha256::digest(id);
    let mut head = [0; 8];
    head.copy_from_slice(&digest[..8]);
    let shards = u64::try_from(shards.max(1)).unwrap_or(1);
    usize::try_from(u64::from_be_bytes(head) % shards).unwrap_or(0)
}

impl State {
    /// Its machines over so many documents. What is of no single machine stays in the first.
    #[must_use]
    pub fn split(self, shards: usize) -> Vec<Self> {
        let shards = shards.max(1);
        let empty = Self { epoch: self.epoch, ..Self::new(self.since) };
        let mut parts = vec![empty; shards];
        for (id, entry) in self.instances {
            parts[shard_of(&id, shards)].instances.insert(id, entry);
        }
        parts[0].deferred = self.deferred;
        parts[0].no_room = self.no_room;
        parts[0].alerts = self.alerts;
        parts[0].unsent = self.unsent;
        parts
    }

    /// The documents as one again; `None` without any. The machines of a lost one are not in it: those
    /// are doubted when the tick puts its inputs together.
    #[must_use]
    pub fn join(parts: Vec<Self>) -> Option<Self> {
        let mut parts = parts.into_iter();
        let mut whole = parts.next()?;
        for part in parts {
            whole.since = whole.since.min(part.since);
            whole.epoch = whole.epoch.max(part.epoch);
            whole.instances.extend(part.instances);
            whole.deferred.extend(part.deferred);
            whole.no_room.extend(part.no_room);
            whole.alerts.extend(part.alerts);
            whole.unsent.extend(part.unsent);
        }
        Some(whole)
    }
}

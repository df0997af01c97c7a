//! One of several clients that write, read and list, and note what they are told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use causeway_cloud::state::{Documents, StateError};
use causeway_oci_client::Client;
use causeway_oci_client::Error;
use causeway_oci_client::object_storage::{
    Attributes, Condition, CopyObject, GetObject, ListObjects, NewUpload, ObjectStorage,
};
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};

use crate::cloud::{BUCKET, documents};
use crate::model::{Fate, Model, Races, bytes_of, content_of};

/// Names of a worker's own objects.
const NAMES: u64 = 12;
/// Names that all workers fight for.
const RACES: u64 = 400;
/// The document that all workers count in.
const COUNTER: &str = "counter";
/// Until a copy that was accepted is done, whoever knows of it.
const COPIED: Duration = Duration::from_millis(30);

/// The counter: how much was added, and which addition of each worker was the last.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counter {
    pub(crate) count: u64,
    last: BTreeMap<u64, u64>,
}

/// How the operations ended.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tally {
    pub(crate) done: u64,
    pub(crate) no_effect: u64,
    pub(crate) unknown: u64,
}

impl Tally {
    pub(crate) fn all(self) -> u64 {
        self.done + self.no_effect + self.unknown
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.done += other.done;
        self.no_effect += other.no_effect;
        self.unknown += other.unknown;
    }

    fn count(&mut self, fate: Fate) {
        match fate {
            Fate::Done => self.done += 1,
            Fate::NoEffect => self.no_effect += 1,
            Fate::Unknown => self.unknown += 1,
        }
    }
}

pub(crate) struct Worker {
    number: u64,
    random: fastrand::Rng,
    storage: ObjectStorage,
    counters: Documents,
    done: Arc<AtomicU64>,
    races: Arc<Mutex<Races>>,
    model: Model,
    contents: u64,
    /// Additions that are certain.
    pub(crate) added: u64,
    pub(crate) tally: Tally,
}

impl Worker {
    /// `done` counts the operations of all workers.
    pub(crate) fn new(number: u64, seed: u64, client: &Client, done: Arc<AtomicU64>, races: Arc<Mutex<Races>>) -> Self {
        Self {
            number,
            random: fastrand::Rng::with_seed(seed ^ number << 32),
            storage: client.object_storage(),
            counters: documents(client, "state"),
            done,
            races,
            model: Model::default(),
            contents: 0,
            added: 0,
            tally: Tally::default(),
        }
    }

    pub(crate) async fn run(&mut self, operations: u64) {
        for _ in 0..operations {
            let fate = match self.random.u8(..100) {
                0..20 => self.put().await,
                20..28 => self.create().await,
                28..36 => self.race().await,
                36..50 => self.update().await,
                50..58 => self.in_parts().await,
                58..64 => self.copy().await,
                64..74 => self.delete().await,
                74..91 => self.get().await,
                91..94 => self.list().await,
                _ => self.add_one().await,
            };
            self.tally.count(fate);
            self.done.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn name(&mut self) -> String {
        format!("own/{}/{}", self.number, self.random.u64(..NAMES))
    }

    /// The number of a content that nobody else writes.
    fn content(&mut self) -> u64 {
        self.contents += 1;
        self.number << 32 | self.contents
    }

    async fn write(&self, name: &str, content: u64, condition: &Condition) -> Result<(), Error> {
        let body = [Bytes::from(bytes_of(content))];
        self.storage.put(BUCKET, name, body, &Attributes::default(), condition).await.map(drop)
    }

    async fn put(&mut self) -> Fate {
        let (name, content) = (self.name(), self.content());
        let fate = Fate::of_result(&self.write(&name, content, &Condition::None).await);
        self.model.wrote(&name, Some(content), fate);
        fate
    }

    async fn create(&mut self) -> Fate {
        let (name, content) = (self.name(), self.content());
        let result = self.write(&name, content, &Condition::Absent).await;
        let fate = Fate::of_result(&result);
        match result {
            // Nobody else writes here: refused can only be what another write of ours made so.
            Err(error) if error.is_precondition_failed() => self.model.saw_existence(&name, true),
            Ok(()) => {
                self.model.saw_existence(&name, false);
                self.model.wrote(&name, Some(content), fate);
            }
            Err(_) if self.model.may_be(&name).contains(&None) => self.model.wrote(&name, Some(content), fate),
            Err(_) => {}
        }
        fate
    }

    async fn race(&mut self) -> Fate {
        let (name, content) = (format!("race/{}", self.random.u64(..RACES)), self.content());
        let result = self.write(&name, content, &Condition::Absent).await;
        let fate = Fate::of_result(&result);
        let refused = result.is_err_and(|error| error.is_precondition_failed());
        self.races.lock().unwrap().tried(&name, content, fate, refused);
        fate
    }

    async fn update(&mut self) -> Fate {
        let (name, content) = (self.name(), self.content());
        let head = match self.storage.head(BUCKET, &name, &GetObject::default()).await {
            Ok(head) => head,
            Err(error) => return self.not_read(&name, &error),
        };
        self.model.saw_existence(&name, true);
        let result = self.write(&name, content, &Condition::Match(head.etag.unwrap())).await;
        let fate = Fate::of_result(&result);
        if let Err(error) = &result {
            assert!(!error.is_precondition_failed(), "{name}: refused, though nobody else has written: {error}");
        }
        self.model.wrote(&name, Some(content), fate);
        fate
    }

    async fn in_parts(&mut self) -> Fate {
        let (name, content) = (self.name(), self.content());
        let mut sent = false;
        let result = self.upload(&name, content, &mut sent).await;
        // Before the commit there is nothing to see.
        let fate = if sent { Fate::of_result(&result) } else { Fate::NoEffect };
        self.model.wrote(&name, Some(content), fate);
        fate
    }

    async fn upload(&mut self, name: &str, content: u64, committing: &mut bool) -> Result<(), Error> {
        let bytes = Bytes::from(bytes_of(content));
        let cut = self.random.usize(..=bytes.len());
        let upload = self.storage.start_upload(BUCKET, name, &NewUpload::default()).await?;
        let mut parts = Vec::new();
        for (number, part) in (1..).zip([bytes.slice(..cut), bytes.slice(cut..)]) {
            parts.push(self.storage.upload_part(BUCKET, name, &upload.upload_id, number, [part]).await?);
        }
        *committing = true;
        self.storage.commit_upload(BUCKET, name, &upload.upload_id, &parts, &[], &Condition::None).await.map(drop)
    }

    async fn copy(&mut self) -> Fate {
        let (from, to) = (self.name(), self.name());
        let Some(content) = self.model.certainly(&from).filter(|_| from != to) else { return Fate::NoEffect };
        let copy = CopyObject {
            source: from,
            source_etag: None,
            bucket: BUCKET.to_owned(),
            object: to.clone(),
            region: None,
            namespace: None,
            condition: Condition::None,
        };
        let result = self.storage.copy(BUCKET, &copy).await;
        let fate = match (&result, content) {
            // There is nothing to copy: it must fail, and it changes nothing.
            (Ok(()), None) => panic!("{copy:?}: an absent object was copied"),
            (Err(_), None) => return Fate::NoEffect,
            (Ok(()), Some(_)) => Fate::Done,
            (Err(error), Some(_)) => Fate::of(error),
        };
        if fate == Fate::Unknown {
            tokio::time::sleep(COPIED).await;
        }
        self.model.wrote(&to, content, fate);
        fate
    }

    async fn delete(&mut self) -> Fate {
        let name = self.name();
        let result = self.storage.delete(BUCKET, &name, None).await;
        let fate = Fate::of_result(&result);
        match result {
            Err(error) if fate == Fate::NoEffect && error.is_not_found() => self.model.saw_existence(&name, false),
            _ => self.model.wrote(&name, None, fate),
        }
        fate
    }

    async fn get(&mut self) -> Fate {
        let name = self.name();
        match self.read(&name).await {
            Ok(bytes) => {
                self.model.saw(&name, Some(content_of(&bytes)));
                Fate::Done
            }
            Err(error) => self.not_read(&name, &error),
        }
    }

    async fn read(&self, name: &str) -> Result<Bytes, Error> {
        self.storage.get(BUCKET, name, &GetObject::default()).await?.bytes(1 << 20).await
    }

    fn not_read(&mut self, name: &str, error: &Error) -> Fate {
        if error.is_not_found() {
            self.model.saw(name, None);
        }
        Fate::NoEffect
    }

    async fn list(&mut self) -> Fate {
        let (prefix, page_size) = (format!("own/{}/", self.number), Some(self.random.u16(1..6)));
        let list = ListObjects { prefix: Some(prefix), page_size, ..ListObjects::default() };
        let listed: Result<Vec<_>, _> =
            self.storage.objects(BUCKET, list).map_ok(|object| object.name).try_collect().await;
        let Ok(listed) = listed else { return Fate::NoEffect };
        for name in self.model.names().cloned().collect::<Vec<_>>() {
            self.model.saw_existence(&name, listed.contains(&name));
        }
        assert!(listed.windows(2).all(|pair| pair[0] < pair[1]), "twice or out of order: {listed:?}");
        Fate::Done
    }

    /// Adds one to the counter, once, however often that has to be tried.
    async fn add_one(&mut self) -> Fate {
        let (number, this) = (self.number, self.added + 1);
        loop {
            let added = self.counters.update(COUNTER, |old: Option<Counter>| {
                let mut counter = old.unwrap_or_default();
                if counter.last.get(&number) != Some(&this) {
                    counter.count += 1;
                    counter.last.insert(number, this);
                }
                Ok::<_, StateError>(counter)
            });
            match added.await {
                Ok(_) => break,
                Err(StateError::Store(_) | StateError::Conflict(_)) => {}
                Err(other) => panic!("{other}"),
            }
        }
        self.added = this;
        Fate::Done
    }

    /// Reads everything of this worker again, without faults.
    pub(crate) async fn check(&mut self, direct: &Client) {
        self.storage = direct.object_storage();
        for name in self.model.names().cloned().collect::<Vec<_>>() {
            let found = found(&self.storage, &name).await;
            self.model.saw(&name, found);
        }
        let listed = self.list().await;
        assert_eq!(listed, Fate::Done);
    }
}

/// What is there.
pub(crate) async fn found(storage: &ObjectStorage, name: &str) -> Option<u64> {
    match storage.get(BUCKET, name, &GetObject::default()).await {
        Ok(found) => Some(content_of(&found.bytes(1 << 20).await.unwrap())),
        Err(error) => {
            assert!(error.is_not_found(), "{name}: {error}");
            None
        }
    }
}

/// What the counter has come to.
pub(crate) async fn counted(direct: &Client) -> u64 {
    let counter = documents(direct, "state").get::<Counter>(COUNTER).await.unwrap();
    counter.map_or(0, |counter| counter.value.count)
}

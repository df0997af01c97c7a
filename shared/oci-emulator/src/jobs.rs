//! Work that is due later: copies, life cycles. It is kept in the store and carried out, in order of its due
//! time, before the first request that comes after it; nothing runs in the background.

use std::sync::atomic::Ordering;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Emulator;
use crate::error::Error;
use crate::ids;
use crate::services::objects;
use crate::store::{Read, Span, Store, StoreError, Table, Writer};

/// One piece of work.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub(crate) enum Job {
    /// Copies an object.
    Copy(Box<objects::CopyJob>),
    /// Applies the life-cycle rules of a bucket.
    Lifecycle {
        /// The bucket's key.
        bucket: String,
    },
}

/// When the first kept job is due.
pub(crate) fn first_due(store: &Store) -> Result<i64, StoreError> {
    let mut due = i64::MAX;
    store.read()?.scan(Table::Jobs, &Span::all(), |key, _| {
        due = due_of(key);
        Ok(false)
    })?;
    Ok(due)
}

/// Keys sort by due time. Times before 1970 do not occur.
fn key_of(due_ms: i64, number: u64) -> Vec<u8> {
    [due_ms.max(0).to_be_bytes(), number.to_be_bytes()].concat()
}

fn due_of(key: &[u8]) -> i64 {
    key.first_chunk::<8>().map_or(i64::MAX, |bytes| i64::from_be_bytes(*bytes))
}

impl Emulator {
    /// Plans a job within a change.
    pub(crate) fn plan(&self, writer: &Writer, due_ms: i64, job: &Job) -> Result<(), StoreError> {
        let number = match job {
            // One bucket has one entry a night, however often its policy is put.
            Job::Lifecycle { bucket } => bucket.bytes().fold(0, |hash, byte| ids::mix(hash ^ u64::from(byte))),
            Job::Copy(_) => self.ids.number(),
        };
        writer.put(Table::Jobs, &key_of(due_ms, number), job)?;
        self.next_job.fetch_min(due_ms, Ordering::AcqRel);
        Ok(())
    }

    /// Carries out what is due.
    pub(crate) fn settle(&self, now: Timestamp) {
        let now = now.as_millisecond();
        while self.next_job.load(Ordering::Acquire) <= now {
            if let Err(error) = self.settle_one(now) {
                tracing::error!(%error, "planned work failed");
                return;
            }
        }
    }

    fn settle_one(&self, now: i64) -> Result<(), Error> {
        self.store.write(|writer| {
            let mut first = None;
            let mut next = i64::MAX;
            writer.scan(Table::Jobs, &Span::all(), |key, value| {
                match first {
                    None => first = Some((key.to_vec(), value.to_vec())),
                    Some(_) => next = due_of(key),
                }
                Ok(next == i64::MAX)
            })?;
            let due = first.as_ref().map_or(i64::MAX, |(key, _)| due_of(key));
            if due > now {
                self.next_job.store(due, Ordering::Release);
                return Ok(());
            }
            if let Some((key, value)) = first {
                self.next_job.store(next, Ordering::Release);
                writer.delete(Table::Jobs, &key)?;
                self.run(writer, due, &value)?;
            }
            Ok(())
        })
    }

    /// Runs within the change that takes the job off the list: it is done once or not at all.
    fn run(&self, writer: &Writer, due_ms: i64, job: &[u8]) -> Result<(), Error> {
        match crate::call::parse_json(job)? {
            Job::Copy(copy) => objects::run_copy(self, writer, due_ms, &copy),
            Job::Lifecycle { bucket } => objects::run_lifecycle(self, writer, due_ms, &bucket),
        }
    }
}

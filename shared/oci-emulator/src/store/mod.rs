//! What the services remember: ordered tables in memory or in one crash-safe file, and object bodies beside.
//!
//! The tables are `redb`'s, so that a reader sees one consistent state, a write happens as a whole or not
//! at all, and a killed process leaves the last finished write behind.

mod backend;
mod bodies;
mod intake;
mod outflow;
mod tables;

use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redb::{Database, Durability, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use bodies::{Bodies, BodyId};
pub(crate) use intake::{Checks, Intake, Stored};
pub(crate) use outflow::outflow;
pub(crate) use tables::Table;

use crate::error::Error;

/// Memory for cached pages of the tables, in bytes.
const CACHE_BYTES: usize = 64 * 1024 * 1024;

/// Numbers that are given out between two writes of the high-water mark.
const BLOCK: u64 = 1 << 16;
/// Where that mark is kept.
const NEXT_NUMBER: &[u8] = b"next-id";

/// When a finished write is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Safety {
    /// It survives the death of the process, which is enough for tests and local runs.
    #[default]
    Process,
    /// It survives the loss of power: each write waits for the disk.
    Disk,
}

/// Where the emulator's state lives.
#[derive(Debug, Clone, Default)]
pub enum Place {
    /// In memory; large object bodies are in a temporary directory that goes with the emulator.
    #[default]
    Memory,
    /// In a directory, created if need be, that belongs to one running emulator at a time.
    Directory(PathBuf),
}

/// The store could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The table file.
    #[error("the state could not be read or written: {0}")]
    Tables(#[source] Box<redb::Error>),
    /// A file of an object body or the directory.
    #[error("{path}: {source}")]
    File {
        /// What could not be used.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A value that this version cannot read.
    #[error("the state holds an entry of {table} that cannot be read: {reason}")]
    Entry {
        /// Name of the table.
        table: &'static str,
        /// Why.
        reason: String,
    },
}

impl<E: Into<redb::Error>> From<E> for StoreError {
    fn from(error: E) -> Self {
        Self::Tables(Box::new(error.into()))
    }
}

impl StoreError {
    pub(crate) fn file(path: &Path, source: std::io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }
}

/// Tables and bodies.
#[derive(Debug)]
pub(crate) struct Store {
    tables: Database,
    pub(crate) bodies: Bodies,
    numbers: Arc<AtomicU64>,
    /// No kept number is as high as this.
    mark: AtomicU64,
}

impl Store {
    /// Opens the place and removes what a killed process has left half done.
    pub(crate) fn open(place: &Place, durability: Safety) -> Result<Self, StoreError> {
        let tables = match place {
            Place::Memory => {
                let builder = &mut Database::builder();
                builder.set_cache_size(CACHE_BYTES).create_with_backend(redb::backends::InMemoryBackend::new())?
            }
            Place::Directory(directory) => backend::open(directory, durability, CACHE_BYTES)?,
        };
        let bodies = Bodies::open(place, durability)?;
        let (numbers, mark) = (Arc::new(AtomicU64::new(1)), AtomicU64::new(1));
        let store = Self { tables, bodies, numbers, mark };
        store.create_tables()?;
        store.sweep()?;
        let first = store.get(Table::Meta, NEXT_NUMBER)?.unwrap_or(1);
        store.numbers.store(first, Ordering::Relaxed);
        store.mark.store(first, Ordering::Relaxed);
        Ok(store)
    }

    fn create_tables(&self) -> Result<(), StoreError> {
        let transaction = self.tables.begin_write()?;
        for table in Table::ALL {
            transaction.open_table(table.definition())?;
        }
        Ok(transaction.commit()?)
    }

    fn sweep(&self) -> Result<(), StoreError> {
        let reader = self.read()?;
        let mut kept = std::collections::HashSet::new();
        reader.scan(Table::Bodies, &Span::all(), |_, value| {
            kept.extend(bodies::files_of(value));
            Ok(true)
        })?;
        self.bodies.sweep(&kept)
    }

    /// A consistent view of the tables as they are now.
    pub(crate) fn read(&self) -> Result<Reader, StoreError> {
        Ok(Reader { transaction: self.tables.begin_read()? })
    }

    /// Changes the tables as a whole; nothing changes when the closure refuses.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&Writer) -> Result<T, Error>) -> Result<T, Error> {
        let mut transaction = self.tables.begin_write().map_err(StoreError::from)?;
        transaction.set_durability(Durability::Immediate).map_err(StoreError::from)?;
        let writer = Writer { transaction, doomed: std::cell::RefCell::default() };
        let value = change(&writer)?;
        let mark = self.reserve(&writer)?;
        writer.transaction.commit().map_err(StoreError::from)?;
        self.mark.store(mark, Ordering::Relaxed);
        self.bodies.remove(writer.doomed.into_inner());
        Ok(value)
    }

    /// The next number that nothing in the store has, nor will have after a restart.
    pub(crate) fn numbers(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.numbers)
    }

    /// Raises the mark with the very change that may keep numbers beyond it. Changes come one after the other.
    fn reserve(&self, writer: &Writer) -> Result<u64, StoreError> {
        let (next, mark) = (self.numbers.load(Ordering::Relaxed), self.mark.load(Ordering::Relaxed));
        if next <= mark {
            return Ok(mark);
        }
        writer.put(Table::Meta, NEXT_NUMBER, &(next + BLOCK))?;
        Ok(next + BLOCK)
    }

    /// One value, without a view to keep.
    pub(crate) fn get<T: DeserializeOwned>(&self, table: Table, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.read()?.get(table, key)
    }

    /// Stores one value.
    pub(crate) fn put(&self, table: Table, key: &[u8], value: &impl Serialize) -> Result<(), Error> {
        self.write(|writer| Ok(writer.put(table, key, value)?))
    }
}

/// Part of a table, in the order of its keys.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    from: Bound<Vec<u8>>,
    to: Bound<Vec<u8>>,
}

impl Span {
    pub(crate) fn all() -> Self {
        Self { from: Bound::Unbounded, to: Bound::Unbounded }
    }

    /// Every key that starts with this.
    pub(crate) fn prefix(prefix: &[u8]) -> Self {
        Self { from: Bound::Included(prefix.to_vec()), to: after_prefix(prefix) }
    }

    /// The same span without what comes before `key`.
    pub(crate) fn starting_at(mut self, key: &[u8]) -> Self {
        self.from = Bound::Included(key.to_vec());
        self
    }

    /// The same span without `key` and what comes before it.
    pub(crate) fn starting_after(mut self, key: &[u8]) -> Self {
        self.from = Bound::Excluded(key.to_vec());
        self
    }

    fn bounds(&self) -> (Bound<&[u8]>, Bound<&[u8]>) {
        (self.from.as_ref().map(Vec::as_slice), self.to.as_ref().map(Vec::as_slice))
    }

    /// `redb` refuses ranges that end before they start; here they are empty.
    fn is_empty(&self) -> bool {
        match (&self.from, &self.to) {
            (Bound::Included(from), Bound::Excluded(to)) | (Bound::Excluded(from), Bound::Excluded(to)) => from >= to,
            _ => false,
        }
    }
}

/// The first key after all that start with `prefix`.
pub(crate) fn after_prefix(prefix: &[u8]) -> Bound<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Bound::Excluded(end);
        }
    }
    Bound::Unbounded
}

fn decode<T: DeserializeOwned>(table: Table, bytes: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|e| StoreError::Entry { table: table.name(), reason: e.to_string() })
}

fn encode(table: Table, value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|e| StoreError::Entry { table: table.name(), reason: e.to_string() })
}

/// Visits the entries of a span in order until the visitor returns `false`.
fn scan_table(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    span: &Span,
    mut visit: impl FnMut(&[u8], &[u8]) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    if span.is_empty() {
        return Ok(());
    }
    for entry in table.range::<&[u8]>(span.bounds())? {
        let (key, value) = entry?;
        if !visit(key.value(), value.value())? {
            break;
        }
    }
    Ok(())
}

type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// Reading, the same for views and for changes under way.
pub(crate) trait Read {
    /// The bytes of one entry.
    fn bytes(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Visits the entries of a span in order until the visitor returns `false`.
    fn scan(
        &self,
        table: Table,
        span: &Span,
        visit: impl FnMut(&[u8], &[u8]) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError>;

    /// One entry.
    fn get<T: DeserializeOwned>(&self, table: Table, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.bytes(table, key)?.map(|bytes| decode(table, &bytes)).transpose()
    }

    /// Up to `most` entries of a span that pass the filter.
    fn list<T: DeserializeOwned>(
        &self,
        table: Table,
        span: &Span,
        most: usize,
        keep: impl Fn(&T) -> bool,
    ) -> Result<Vec<(Vec<u8>, T)>, StoreError> {
        let mut found = Vec::new();
        self.scan(table, span, |key, value| {
            let value: T = decode(table, value)?;
            if keep(&value) {
                found.push((key.to_vec(), value));
            }
            Ok(found.len() < most)
        })?;
        Ok(found)
    }
}

/// A consistent view.
pub(crate) struct Reader {
    transaction: ReadTransaction,
}

impl Read for Reader {
    fn bytes(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let table = self.transaction.open_table(table.definition())?;
        Ok(table.get(key)?.map(|value| value.value().to_vec()))
    }

    fn scan(
        &self,
        table: Table,
        span: &Span,
        visit: impl FnMut(&[u8], &[u8]) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        scan_table(&self.transaction.open_table(table.definition())?, span, visit)
    }
}

/// A change under way; it sees its own writes.
pub(crate) struct Writer {
    transaction: WriteTransaction,
    /// Files to remove once the change is safe.
    doomed: std::cell::RefCell<Vec<u64>>,
}

impl Read for Writer {
    fn bytes(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let table = self.transaction.open_table(table.definition())?;
        let value = table.get(key)?.map(|value| value.value().to_vec());
        Ok(value)
    }

    fn scan(
        &self,
        table: Table,
        span: &Span,
        visit: impl FnMut(&[u8], &[u8]) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        scan_table(&self.transaction.open_table(table.definition())?, span, visit)
    }
}

impl Writer {
    pub(crate) fn put(&self, table: Table, key: &[u8], value: &impl Serialize) -> Result<(), StoreError> {
        self.put_bytes(table, key, &encode(table, value)?)
    }

    pub(crate) fn put_bytes(&self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.transaction.open_table(table.definition())?.insert(key, value)?;
        Ok(())
    }

    pub(crate) fn delete(&self, table: Table, key: &[u8]) -> Result<bool, StoreError> {
        let existed = self.transaction.open_table(table.definition())?.remove(key)?.is_some();
        Ok(existed)
    }

    fn doom(&self, files: impl IntoIterator<Item = u64>) {
        self.doomed.borrow_mut().extend(files);
    }
}

//! The table file, with a choice of how long a write waits.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::ops::Bound;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use redb::backends::FileBackend;
use redb::{BackendError, Database, StorageBackend};

use super::{Safety, StoreError};

const FILE: &str = "state.redb";

/// Makes a directory, with those above it, that only this user can enter. One that is there stays as it is.
pub(super) fn private_directory(directory: &Path) -> Result<(), StoreError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.map_err(|e| StoreError::file(directory, e))
}

/// Opens or creates the table file; refuses one that another emulator has open. It holds secrets and keys, so
/// that a new one is for this user alone.
pub(super) fn open(directory: &Path, safety: Safety, cache_bytes: usize) -> Result<Database, StoreError> {
    private_directory(directory)?;
    let path = directory.join(FILE);
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file: File = file.map_err(|e| StoreError::file(&path, e))?;
    let backend = TableFile { file: FileBackend::new(file)?, sync: safety == Safety::Disk };
    Ok(Database::builder().set_cache_size(cache_bytes).create_with_backend(backend)?)
}

/// `redb`'s own file, which may leave flushing to the kernel.
///
/// A killed process loses nothing that it has written, and the kernel keeps the order; only a crash of the
/// machine can tell the difference.
#[derive(Debug)]
struct TableFile {
    file: FileBackend,
    sync: bool,
}

impl StorageBackend for TableFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.sync { self.file.sync_data() } else { Ok(()) }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }
}

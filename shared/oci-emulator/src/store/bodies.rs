//! Object bodies: small ones are entries of a table, large ones are files, or lists of files after a
//! multipart upload. Bodies are immutable and counted, so that a copy or a rename moves no bytes.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::backend::private_directory;
use super::{Place, Read, Safety, StoreError, Table, Writer};

/// The number of a body.
pub(crate) type BodyId = u64;

/// One stretch of a body: a whole file and its length in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Piece {
    pub(crate) file: u64,
    pub(crate) length: u64,
}

/// What a body consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    Inline(bytes::Bytes),
    Files(Vec<Piece>),
}

const INLINE: u8 = 0;
const FILES: u8 = 1;

/// An entry: how many objects use it (4 bytes), its form (1 byte), the rest.
fn encode(uses: u32, content: &Content) -> Vec<u8> {
    let mut entry = uses.to_le_bytes().to_vec();
    match content {
        Content::Inline(bytes) => {
            entry.push(INLINE);
            entry.extend_from_slice(bytes);
        }
        Content::Files(pieces) => {
            entry.push(FILES);
            for piece in pieces {
                entry.extend_from_slice(&piece.file.to_le_bytes());
                entry.extend_from_slice(&piece.length.to_le_bytes());
            }
        }
    }
    entry
}

fn decode(entry: &[u8]) -> Option<(u32, Content)> {
    let (uses, rest) = entry.split_first_chunk::<4>()?;
    let (form, rest) = rest.split_first()?;
    let content = match *form {
        INLINE => Content::Inline(bytes::Bytes::copy_from_slice(rest)),
        FILES => Content::Files(rest.chunks_exact(16).filter_map(piece).collect()),
        _ => return None,
    };
    Some((u32::from_le_bytes(*uses), content))
}

fn piece(bytes: &[u8]) -> Option<Piece> {
    let (file, length) = bytes.split_first_chunk::<8>()?;
    Some(Piece { file: u64::from_le_bytes(*file), length: u64::from_le_bytes(length.try_into().ok()?) })
}

/// The files of an entry of the table of bodies.
pub(super) fn files_of(entry: &[u8]) -> Vec<u64> {
    match decode(entry) {
        Some((_, Content::Files(pieces))) => pieces.iter().map(|piece| piece.file).collect(),
        _ => Vec::new(),
    }
}

fn unreadable(id: BodyId) -> StoreError {
    StoreError::Entry { table: Table::Bodies.name(), reason: format!("body {id} is missing or damaged") }
}

impl Writer {
    /// Keeps a new body for one user and gives its number.
    pub(crate) fn keep_body(&self, id: BodyId, content: &Content) -> Result<(), StoreError> {
        self.put_bytes(Table::Bodies, &id.to_be_bytes(), &encode(1, content))
    }

    /// Counts one more user.
    pub(crate) fn share_body(&self, id: BodyId) -> Result<(), StoreError> {
        let (uses, content) = self.body(id)?;
        self.put_bytes(Table::Bodies, &id.to_be_bytes(), &encode(uses.saturating_add(1), &content))
    }

    /// Counts one user less; the last one takes the body along.
    pub(crate) fn drop_body(&self, id: BodyId) -> Result<(), StoreError> {
        let (uses, content) = self.body(id)?;
        if uses > 1 {
            return self.put_bytes(Table::Bodies, &id.to_be_bytes(), &encode(uses - 1, &content));
        }
        self.delete(Table::Bodies, &id.to_be_bytes())?;
        if let Content::Files(pieces) = content {
            self.doom(pieces.iter().map(|piece| piece.file));
        }
        Ok(())
    }

    /// Puts bodies one after the other into a new one, which takes their files over.
    pub(crate) fn join_bodies(&self, parts: &[BodyId], joined: BodyId) -> Result<(), StoreError> {
        let mut pieces = Vec::new();
        for part in parts {
            if let (1, Content::Files(mut files)) = self.body(*part)? {
                pieces.append(&mut files);
                self.delete(Table::Bodies, &part.to_be_bytes())?;
            } else {
                return Err(unreadable(*part));
            }
        }
        self.keep_body(joined, &Content::Files(pieces))
    }

    fn body(&self, id: BodyId) -> Result<(u32, Content), StoreError> {
        let entry = self.bytes(Table::Bodies, &id.to_be_bytes())?;
        entry.as_deref().and_then(decode).ok_or_else(|| unreadable(id))
    }
}

/// What a body consists of.
pub(crate) fn content(reader: &impl Read, id: BodyId) -> Result<Content, StoreError> {
    let entry = reader.bytes(Table::Bodies, &id.to_be_bytes())?;
    entry.as_deref().and_then(decode).map(|(_, content)| content).ok_or_else(|| unreadable(id))
}

/// The files of large bodies.
#[derive(Debug, Clone)]
pub(crate) struct Bodies {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    directory: PathBuf,
    sync: bool,
    /// Removes the directory of an emulator in memory.
    _temporary: Option<tempfile::TempDir>,
    /// How many answers are being read from a file, and whether it is to go after the last.
    reading: Mutex<HashMap<u64, (usize, bool)>>,
}

/// While it lives, the files are not removed.
#[derive(Debug)]
pub(crate) struct Lease {
    bodies: Bodies,
    files: Vec<u64>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut reading = self.bodies.inner.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gone = Vec::new();
        for file in &self.files {
            if let Some((readers, doomed)) = reading.get_mut(file) {
                *readers -= 1;
                if *readers == 0 {
                    gone.extend(doomed.then_some(*file));
                    reading.remove(file);
                }
            }
        }
        drop(reading);
        self.bodies.unlink(gone);
    }
}

impl Bodies {
    pub(super) fn open(place: &Place, safety: Safety) -> Result<Self, StoreError> {
        let (directory, temporary) = match place {
            Place::Directory(directory) => (directory.join("bodies"), None),
            Place::Memory => {
                let temporary = tempfile::Builder::new().prefix("oci-emulator-").tempdir();
                let temporary = temporary.map_err(|e| StoreError::file(&std::env::temp_dir(), e))?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        private_directory(&directory)?;
        let sync = safety == Safety::Disk;
        let inner = Inner { directory, sync, _temporary: temporary, reading: Mutex::default() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Where a file is; 256 folders keep each of them short.
    pub(crate) fn path(&self, file: u64) -> PathBuf {
        self.inner.directory.join(format!("{:02x}", file & 0xff)).join(format!("{file:016x}"))
    }

    /// Whether files are flushed to the disk before they count.
    pub(crate) fn sync(&self) -> bool {
        self.inner.sync
    }

    /// Protects files from removal while an answer is read from them.
    pub(crate) fn lease(&self, files: Vec<u64>) -> Lease {
        let mut reading = self.inner.reading.lock().unwrap_or_else(PoisonError::into_inner);
        for file in &files {
            reading.entry(*file).or_insert((0, false)).0 += 1;
        }
        drop(reading);
        Lease { bodies: self.clone(), files }
    }

    /// Removes files now, or after the last answer that is read from them.
    pub(super) fn remove(&self, files: Vec<u64>) {
        if files.is_empty() {
            return;
        }
        let mut reading = self.inner.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let mut doom = |file: &u64| reading.get_mut(file).map(|entry| entry.1 = true).is_none();
        let free = files.into_iter().filter(|file| doom(file)).collect();
        drop(reading);
        self.unlink(free);
    }

    fn unlink(&self, files: Vec<u64>) {
        for file in files {
            let path = self.path(file);
            if let Err(error) = std::fs::remove_file(&path) {
                // The next start tries again.
                tracing::warn!(%error, path = %path.display(), "a body's file could not be removed");
            }
        }
    }

    /// Removes files that no table knows: uploads that a killed process was receiving.
    pub(super) fn sweep(&self, kept: &HashSet<u64>) -> Result<(), StoreError> {
        let directory = &self.inner.directory;
        for folder in std::fs::read_dir(directory).map_err(|e| StoreError::file(directory, e))?.flatten() {
            let Ok(files) = std::fs::read_dir(folder.path()) else { continue };
            for file in files.flatten() {
                let number = file.file_name().to_str().and_then(|name| u64::from_str_radix(name, 16).ok());
                if number.is_none_or(|number| !kept.contains(&number)) {
                    std::fs::remove_file(file.path()).map_err(|e| StoreError::file(&file.path(), e))?;
                }
            }
        }
        Ok(())
    }
}

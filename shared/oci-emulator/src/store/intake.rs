//! Receiving a body: hashed as it arrives, in memory while it is small, in a file after that.

use std::path::PathBuf;

use axum::body::Body;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use md5::{Digest, Md5};
use ring::digest::{Context, SHA256, SHA384};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::bodies::{Content, Piece};
use super::{Bodies, StoreError};
use crate::error::Error;

/// Bodies up to this many bytes are kept in the tables.
const INLINE_BYTES: usize = 16 * 1024;
/// Bytes that are gathered before a write.
const CHUNK_BYTES: usize = 512 * 1024;

/// Which hashes are wanted besides MD5.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Checks {
    pub(crate) sha256: bool,
    pub(crate) sha384: bool,
    pub(crate) crc32c: bool,
}

/// A received body. Its file goes with it unless it is [kept](Stored::keep).
pub(crate) struct Stored {
    pub(crate) content: Content,
    file: Option<Unfinished>,
    /// Bytes.
    pub(crate) size: u64,
    pub(crate) md5: [u8; 16],
    /// Base64, where asked for.
    pub(crate) sha256: Option<String>,
    pub(crate) sha384: Option<String>,
    pub(crate) crc32c: Option<String>,
}

impl Stored {
    /// Once a table names the body: its file stays.
    pub(crate) fn keep(mut self) {
        if let Some(file) = &mut self.file {
            file.keep = true;
        }
    }
}

/// A body on its way in. A file that is not finished is removed with it.
pub(crate) struct Intake<'a> {
    bodies: &'a Bodies,
    file_number: u64,
    /// Parts of an upload are always files, so that they can be joined.
    always_file: bool,
    held: BytesMut,
    file: Option<Unfinished>,
    size: u64,
    hashes: Hashes,
}

struct Unfinished {
    file: Option<File>,
    path: PathBuf,
    keep: bool,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.keep {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

struct Hashes {
    md5: Md5,
    sha256: Option<Context>,
    sha384: Option<Context>,
    crc32c: Option<u32>,
}

impl Hashes {
    fn new(checks: Checks) -> Self {
        let sha256 = checks.sha256.then(|| Context::new(&SHA256));
        let sha384 = checks.sha384.then(|| Context::new(&SHA384));
        Self { md5: Md5::new(), sha256, sha384, crc32c: checks.crc32c.then_some(0) }
    }

    fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        if let Some(context) = &mut self.sha256 {
            context.update(bytes);
        }
        if let Some(context) = &mut self.sha384 {
            context.update(bytes);
        }
        self.crc32c = self.crc32c.map(|sum| crc32c::crc32c_append(sum, bytes));
    }
}

impl<'a> Intake<'a> {
    /// `file_number` names the file, should there be one.
    pub(crate) fn new(bodies: &'a Bodies, file_number: u64, always_file: bool, checks: Checks) -> Self {
        let hashes = Hashes::new(checks);
        Self { bodies, file_number, always_file, held: BytesMut::new(), file: None, size: 0, hashes }
    }

    /// Takes the whole body in.
    ///
    /// # Errors
    ///
    /// 400 when the client stops in the middle, 413 above `most` bytes, 500 when it cannot be stored.
    pub(crate) async fn receive(mut self, body: Body, most: u64) -> Result<Stored, Error> {
        let mut stream = body.into_data_stream();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_| Error::new(400, "RequestTimeout", "The request body is incomplete."))?;
            self.size += chunk.len() as u64;
            if self.size > most {
                return Err(Error::new(413, "PayloadTooLarge", format!("The body has more than {most} bytes.")));
            }
            self.take(&chunk).await?;
        }
        self.finish().await
    }

    async fn take(&mut self, chunk: &Bytes) -> Result<(), Error> {
        self.hashes.update(chunk);
        self.held.extend_from_slice(chunk);
        let limit = if self.file.is_some() { CHUNK_BYTES } else { INLINE_BYTES };
        if self.held.len() > limit {
            self.spill().await?;
        }
        Ok(())
    }

    /// Moves what is held into the file.
    async fn spill(&mut self) -> Result<(), Error> {
        if self.file.is_none() {
            self.file = Some(create(self.bodies.path(self.file_number)).await?);
        }
        if let Some(Unfinished { file: Some(file), path, .. }) = &mut self.file {
            file.write_all(&self.held).await.map_err(|e| StoreError::file(path, e))?;
        }
        self.held.clear();
        Ok(())
    }

    async fn finish(mut self) -> Result<Stored, Error> {
        if self.file.is_some() || self.always_file {
            self.spill().await?;
        }
        let content = match &mut self.file {
            Some(file) => {
                close(file, self.bodies.sync()).await?;
                Content::Files(vec![Piece { file: self.file_number, length: self.size }])
            }
            None => Content::Inline(self.held.freeze()),
        };
        let base64 = |context: Context| BASE64_STANDARD.encode(context.finish());
        Ok(Stored {
            content,
            file: self.file,
            size: self.size,
            md5: self.hashes.md5.finalize().into(),
            sha256: self.hashes.sha256.map(base64),
            sha384: self.hashes.sha384.map(base64),
            crc32c: self.hashes.crc32c.map(|sum| BASE64_STANDARD.encode(sum.to_be_bytes())),
        })
    }
}

async fn create(path: PathBuf) -> Result<Unfinished, StoreError> {
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await.map_err(|e| StoreError::file(folder, e))?;
    }
    let file = File::create(&path).await.map_err(|e| StoreError::file(&path, e))?;
    Ok(Unfinished { file: Some(file), path, keep: false })
}

/// The name is final from the start: a file counts only once a table names it, and the next start removes
/// the others.
async fn close(unfinished: &mut Unfinished, sync: bool) -> Result<(), StoreError> {
    if let Some(mut file) = unfinished.file.take() {
        let fail = |e| StoreError::file(&unfinished.path, e);
        file.flush().await.map_err(fail)?;
        if sync {
            file.sync_all().await.map_err(fail)?;
        }
    }
    Ok(())
}

//! Sending a body, or a stretch of it, without holding it in memory.

use std::io::SeekFrom;
use std::ops::Range;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::bodies::{Content, Lease};
use super::{Bodies, BodyId, Read, StoreError, bodies};

/// Bytes that are read at a time.
const CHUNK_BYTES: u64 = 256 * 1024;

/// The bytes `range` of a body as a response body.
pub(crate) fn outflow(reader: &impl Read, files: &Bodies, id: BodyId, range: Range<u64>) -> Result<Body, StoreError> {
    match bodies::content(reader, id)? {
        Content::Inline(bytes) => Ok(Body::from(slice(&bytes, &range))),
        Content::Files(pieces) => {
            let mut stretches = Vec::new();
            let mut start = 0;
            for piece in pieces {
                let from = range.start.clamp(start, start + piece.length) - start;
                let to = range.end.clamp(start, start + piece.length) - start;
                stretches.extend((from < to).then_some((piece.file, from..to)));
                start += piece.length;
            }
            let lease = files.lease(stretches.iter().map(|(file, _)| *file).collect());
            let state = Outflow { _lease: lease, files: files.clone(), stretches: stretches.into_iter(), open: None };
            Ok(Body::from_stream(stream::try_unfold(state, |mut state| async move {
                Ok::<_, std::io::Error>(state.next().await?.map(|chunk| (chunk, state)))
            })))
        }
    }
}

fn slice(bytes: &Bytes, range: &Range<u64>) -> Bytes {
    let bound = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    bytes.slice(bound(range.start)..bound(range.end))
}

struct Outflow {
    /// Keeps the files while they are read.
    _lease: Lease,
    files: Bodies,
    stretches: std::vec::IntoIter<(u64, Range<u64>)>,
    /// The file being read and how many bytes are still to come from it.
    open: Option<(File, u64)>,
}

impl Outflow {
    async fn next(&mut self) -> std::io::Result<Option<Bytes>> {
        loop {
            if let Some((file, left)) = &mut self.open
                && *left > 0
            {
                let wanted = (*left).min(CHUNK_BYTES);
                let mut chunk = BytesMut::with_capacity(usize::try_from(wanted).unwrap_or(0));
                let read = file.take(wanted).read_buf(&mut chunk).await?;
                if read == 0 {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
                *left -= read as u64;
                return Ok(Some(chunk.freeze()));
            }
            let Some((number, range)) = self.stretches.next() else { return Ok(None) };
            let mut file = File::open(self.files.path(number)).await?;
            file.seek(SeekFrom::Start(range.start)).await?;
            self.open = Some((file, range.end - range.start));
        }
    }
}

//! A large object in several stretches at the same time: one connection alone does not fill a fast network.

use std::ops::Range;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

use super::{ByteRange, GetObject, ObjectHead, ObjectStorage};
use crate::Error;

/// How an object is read in stretches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretches {
    /// Bytes of each; 0 counts as 1.
    pub size: u64,
    /// Stretches that are read at the same time; 0 counts as 1.
    pub parallel: usize,
}

impl Default for Stretches {
    /// Eight of 32 MiB at a time. None of that is held in memory: pieces are handed out as they arrive.
    fn default() -> Self {
        Self { size: 32 << 20, parallel: 8 }
    }
}

/// An object that is being read in stretches.
pub struct RangedDownload {
    /// What is known of the object.
    pub head: ObjectHead,
    /// Which of its bytes come.
    pub range: Range<u64>,
    pieces: BoxStream<'static, Result<Piece, Error>>,
}

/// Some bytes of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Where they start in the object.
    pub at: u64,
    /// The bytes.
    pub bytes: Bytes,
}

impl std::fmt::Debug for RangedDownload {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("RangedDownload");
        shown.field("head", &self.head).field("range", &self.range).finish_non_exhaustive()
    }
}

impl RangedDownload {
    /// The pieces, each once, in the order in which they arrive. The stream ends when all of
    /// [`RangedDownload::range`] was there, or with an error.
    #[must_use]
    pub fn into_stream(self) -> BoxStream<'static, Result<Piece, Error>> {
        self.pieces
    }
}

impl ObjectStorage {
    /// `HeadObject`, and then `GetObject` for one stretch after the other, several at a time. All stretches are of
    /// the content that was there at first; each is continued where its connection broke.
    ///
    /// # Errors
    /// [`Error`] of `HeadObject`. In the stream also 412 when the object is replaced meanwhile.
    pub async fn get_in_stretches(
        &self,
        bucket: &str,
        object: &str,
        options: &GetObject,
        stretches: Stretches,
    ) -> Result<RangedDownload, Error> {
        let whole = GetObject { range: None, ..options.clone() };
        let head = self.head(bucket, object, &whole).await?;
        let range = extent(options.range, head.size);
        let (storage, bucket, object) = (self.clone(), bucket.to_owned(), object.to_owned());
        let same = GetObject { if_match: head.etag.clone(), if_none_match: None, ..whole };
        let opened = stream::iter(cut(range.clone(), stretches.size.max(1))).map(move |stretch| {
            let (storage, bucket, object) = (storage.clone(), bucket.clone(), object.clone());
            let wanted = GetObject { range: Some(ByteRange::Between(stretch.start, stretch.end)), ..same.clone() };
            let opened = async move {
                let download = storage.get(&bucket, &object, &wanted).await?;
                Ok::<_, Error>(placed(stretch.start, download.into_stream()))
            };
            stream::once(opened).try_flatten().boxed()
        });
        let pieces = until_error(opened.flatten_unordered(stretches.parallel.max(1)).boxed());
        Ok(RangedDownload { head, range, pieces })
    }
}

/// Which bytes are meant; nothing beyond the end.
fn extent(range: Option<ByteRange>, size: u64) -> Range<u64> {
    match range {
        None => 0..size,
        Some(ByteRange::Between(start, end)) => start.min(size)..end.clamp(start.min(size), size),
        Some(ByteRange::From(start)) => start.min(size)..size,
        Some(ByteRange::Last(count)) => size - count.min(size)..size,
    }
}

fn cut(whole: Range<u64>, size: u64) -> impl Iterator<Item = Range<u64>> + Send {
    let mut start = whole.start;
    std::iter::from_fn(move || {
        let stretch = start..start.saturating_add(size).min(whole.end);
        start = stretch.end;
        (!stretch.is_empty()).then_some(stretch)
    })
}

/// Pieces with their places.
fn placed(start: u64, pieces: BoxStream<'static, Result<Bytes, Error>>) -> BoxStream<'static, Result<Piece, Error>> {
    let mut at = start;
    let placed = pieces.map_ok(move |bytes| {
        let piece = Piece { at, bytes };
        at += piece.bytes.len() as u64;
        piece
    });
    placed.boxed()
}

/// Ends a stream after its first error: the other stretches are of no use then.
fn until_error(pieces: BoxStream<'static, Result<Piece, Error>>) -> BoxStream<'static, Result<Piece, Error>> {
    let pieces = stream::unfold(Some(pieces), async |pieces| {
        let mut pieces = pieces?;
        let piece = pieces.next().await?;
        let rest = piece.is_ok().then_some(pieces);
        Some((piece, rest))
    });
    pieces.fuse().boxed()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_end_where_the_object_ends() {
        for (range, expected) in [
            (None, 0..10),
            (Some(ByteRange::Between(2, 5)), 2..5),
            (Some(ByteRange::Between(2, 50)), 2..10),
            (Some(ByteRange::Between(20, 50)), 10..10),
            (Some(ByteRange::From(4)), 4..10),
            (Some(ByteRange::From(40)), 10..10),
            (Some(ByteRange::Last(3)), 7..10),
            (Some(ByteRange::Last(30)), 0..10),
        ] {
            assert_eq!(extent(range, 10), expected, "{range:?}");
        }
    }

    proptest! {
        #[test]
        fn stretches_are_the_whole(start in 0_u64..1000, length in 0_u64..1000, size in 1_u64..300) {
            let whole = start..start + length;
            let stretches: Vec<_> = cut(whole.clone(), size).collect();
            let bytes: Vec<u64> = stretches.iter().cloned().flatten().collect();
            prop_assert_eq!(bytes, whole.collect::<Vec<_>>());
            prop_assert!(stretches.iter().all(|stretch| stretch.end - stretch.start <= size));
            prop_assert!(stretches.iter().rev().skip(1).all(|stretch| stretch.end - stretch.start == size));
        }
    }
}

//! The body of an object, continued where its connection broke.

use std::ops::Range;

use bytes::Bytes;
use causeway_oci_auth::effects::HttpError;
use futures_util::stream::{self, BoxStream, StreamExt};
use http::Method;

use super::{ByteRange, GetObject, ObjectHead, ObjectStorage};
use crate::Error;
use crate::answer::Answer;
use crate::error::Cause;
use crate::transport::{BodyStream, until_error};

/// How often in a row a body is taken up again without a single new byte.
const FRUITLESS: u32 = 3;
const GET: &str = "GetObject";

/// An object that is being read.
pub struct Download {
    /// What is known of the object.
    pub head: ObjectHead,
    /// Which of its bytes come.
    pub range: Range<u64>,
    state: State,
}

struct State {
    storage: ObjectStorage,
    bucket: String,
    object: String,
    version_id: Option<String>,
    etag: Option<String>,
    /// First byte that has not come yet, and the end.
    rest: Range<u64>,
    body: BodyStream,
    fruitless: u32,
}

impl std::fmt::Debug for Download {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Download").field("head", &self.head).field("range", &self.range).finish_non_exhaustive()
    }
}

impl Download {
    /// The body piece by piece. It ends when all of [`Download::range`] was there, or with an error; never short.
    #[must_use]
    pub fn into_stream(self) -> BoxStream<'static, Result<Bytes, Error>> {
        let pieces = stream::unfold(Some(self.state), async |state| {
            let mut state = state?;
            match state.next().await {
                Ok(Some(piece)) => Some((Ok(piece), Some(state))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        });
        pieces.fuse().boxed()
    }

    /// The whole body, up to `max` bytes.
    ///
    /// # Errors
    /// [`Error`]; a body that is larger is refused before it is read.
    pub async fn bytes(self, max: usize) -> Result<Bytes, Error> {
        let length = usize::try_from(self.range.end - self.range.start).unwrap_or(usize::MAX);
        if length > max {
            let failure = HttpError::TooLarge(max);
            return Err(Error::new("object_storage", GET, Cause::Transport { failure, tries: 1 }));
        }
        let mut pieces = self.into_stream();
        let Some(first) = pieces.next().await.transpose()? else { return Ok(Bytes::new()) };
        if first.len() == length {
            return Ok(first);
        }
        let mut whole = Vec::with_capacity(length);
        whole.extend_from_slice(&first);
        while let Some(piece) = pieces.next().await {
            whole.extend_from_slice(&piece?);
        }
        Ok(whole.into())
    }
}

pub(super) async fn start(
    storage: &ObjectStorage,
    bucket: &str,
    object: &str,
    options: &GetObject,
) -> Result<Download, Error> {
    let ask = storage.ask_object(GET, Method::GET, bucket, object, options).await?;
    let (answer, body) = ask.open().await?;
    let (range, size) = extent(&answer, options.range.is_some())?;
    let head = ObjectHead::of(&answer, size);
    let state = State {
        storage: storage.clone(),
        bucket: bucket.to_owned(),
        object: object.to_owned(),
        version_id: options.version_id.clone(),
        etag: head.etag.clone(),
        rest: range.clone(),
        body: until_error(body, storage.client.deadline()),
        fruitless: 0,
    };
    Ok(Download { head, range, state })
}

/// Which bytes come, of how many.
fn extent(answer: &Answer, is_part: bool) -> Result<(Range<u64>, u64), Error> {
    match answer.header("content-range") {
        Some(text) => content_range(text).ok_or_else(|| answer.unusable("header content-range cannot be read")),
        None if answer.status() == 206 => Err(answer.unusable("header content-range is missing")),
        None => {
            let size = answer.number("content-length");
            let size = size.ok_or_else(|| answer.unusable("header content-length is missing"))?;
            // A server may answer a range with everything (RFC 9110, section 14.2); the caller wants a part.
            if is_part { Err(answer.unusable("it has the whole object for a part of it")) } else { Ok((0..size, size)) }
        }
    }
}

/// `bytes 3-6/10`.
fn content_range(text: &str) -> Option<(Range<u64>, u64)> {
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, end, size) = (first.parse().ok()?, last.parse::<u64>().ok()?.checked_add(1)?, size.parse().ok()?);
    (first < end && end <= size).then_some((first..end, size))
}

impl State {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        while self.rest.start < self.rest.end {
            let failure = match self.body.next().await {
                Some(Ok(piece)) if piece.is_empty() => continue,
                Some(Ok(piece)) => return self.take(piece).map(Some),
                Some(Err(failure)) => failure,
                None => HttpError::Broken("the body ended early".to_owned()),
            };
            self.take_up(failure).await?;
        }
        Ok(None)
    }

    fn take(&mut self, piece: Bytes) -> Result<Bytes, Error> {
        let left = self.rest.end - self.rest.start;
        if piece.len() as u64 > left {
            let reason = "the body is longer than announced".to_owned();
            return Err(failed(Cause::Answer { status: 200, reason, opc_request_id: None }));
        }
        self.rest.start += piece.len() as u64;
        self.fruitless = 0;
        Ok(piece)
    }

    /// Asks for the rest of the same content.
    async fn take_up(&mut self, failure: HttpError) -> Result<(), Error> {
        self.fruitless += 1;
        let Some(etag) = self.etag.clone().filter(|_| self.fruitless <= FRUITLESS) else {
            return Err(failed(Cause::Transport { failure, tries: self.fruitless }));
        };
        tracing::debug!(%failure, at = self.rest.start, "a body is taken up again");
        let options = GetObject {
            range: Some(ByteRange::Between(self.rest.start, self.rest.end)),
            if_match: Some(etag),
            if_none_match: None,
            version_id: self.version_id.clone(),
        };
        let ask = self.storage.ask_object(GET, Method::GET, &self.bucket, &self.object, &options).await?;
        let (answer, body) = ask.open().await?;
        let (range, _) = extent(&answer, true)?;
        if answer.header("etag").is_some_and(|etag| Some(etag) != self.etag.as_deref()) {
            return Err(answer.unusable("it has other content than the part before"));
        }
        if range != self.rest {
            return Err(answer.unusable("it has another part than the one that was asked for"));
        }
        self.body = until_error(body, self.storage.client.deadline());
        Ok(())
    }
}

fn failed(cause: Cause) -> Error {
    Error::new("object_storage", GET, cause)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranges_come_back(start in any::<u64>(), length in 1_u64..1 << 40, after in 0_u64..1 << 40) {
            let whole = start.checked_add(length).and_then(|end| Some((end, end.checked_add(after)?)));
            let text = |last: u64, size: u64| format!("bytes {start}-{last}/{size}");
            if let Some((end, size)) = whole {
                prop_assert_eq!(content_range(&text(end - 1, size)), Some((start..end, size)));
                prop_assert_eq!(content_range(&text(size, size)), None);
            }
        }

        #[test]
        fn any_text_is_survived(text in "(bytes )?[0-9*]{0,21}-?[0-9*]{0,21}/?[0-9*]{0,21}") {
            if let Some((range, size)) = content_range(&text) {
                prop_assert!(range.start < range.end && range.end <= size, "{}", text);
            }
        }
    }
}

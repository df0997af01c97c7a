//! The network for bodies that are not held in memory as one piece.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use causeway_oci_auth::effects::{HttpError, innermost, unchanged};
use causeway_resilience::Deadline;
use futures_util::stream::{self, BoxStream, StreamExt};
use http::{Request, Response};

/// Longest silence within a body. A connection that is silent for longer is given up.
const IDLE: Duration = Duration::from_secs(30);

/// The body of an answer, piece by piece. The stream ends after its first error.
pub type BodyStream = BoxStream<'static, Result<Bytes, HttpError>>;

/// The body of a request in pieces. Cloning shares them, so that a repeated request copies nothing.
#[derive(Clone)]
pub struct Chunks(Arc<[Bytes]>);

impl Chunks {
    /// Length of all pieces together, in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.iter().map(|chunk| chunk.len() as u64).sum()
    }

    /// Whether there is not a single byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Bytes::is_empty)
    }

    /// The pieces.
    pub fn iter(&self) -> impl Iterator<Item = &Bytes> {
        self.0.iter()
    }
}

impl<T: IntoIterator<Item = Bytes>> From<T> for Chunks {
    fn from(chunks: T) -> Self {
        Self(chunks.into_iter().filter(|chunk| !chunk.is_empty()).collect())
    }
}

impl fmt::Debug for Chunks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Chunks({} bytes)", self.len())
    }
}

/// Sends requests in pieces and hands answers out as they arrive. Implementations follow no redirect, unpack no
/// body and change no header: the signature covers one target.
#[async_trait]
pub trait Transport: Send + Sync {
    /// The head of the answer, whatever its status, and its body. `timeout` is for sending and for the head.
    ///
    /// # Errors
    /// [`HttpError`] when no head came.
    async fn open(&self, request: Request<Chunks>, timeout: Duration) -> Result<Response<BodyStream>, HttpError>;
}

/// The connections of [`causeway_oci_auth::effects::HttpClient::services`], kept from call to call.
#[async_trait]
impl Transport for reqwest::Client {
    async fn open(&self, request: Request<Chunks>, timeout: Duration) -> Result<Response<BodyStream>, HttpError> {
        let request = unchanged(request.map(|chunks| body(&chunks)))?;
        let answer = tokio::time::timeout(timeout, self.execute(request)).await;
        let answer = answer.map_err(|_| HttpError::TimedOut(timeout))?.map_err(|error| HttpError::from(&error))?;
        let answer: Response<reqwest::Body> = answer.into();
        let (head, body) = answer.into_parts();
        Ok(Response::from_parts(head, pieces(body)))
    }
}

/// One piece is sent as it is, many one after the other; the header `content-length` says how long they are.
fn body(chunks: &Chunks) -> reqwest::Body {
    match &*chunks.0 {
        [] => reqwest::Body::from(Bytes::new()),
        [one] => reqwest::Body::from(one.clone()),
        _ => {
            let whole = Chunks::clone(chunks);
            let pieces = (0..whole.0.len()).map(move |at| Ok::<_, std::convert::Infallible>(whole.0[at].clone()));
            reqwest::Body::wrap_stream(stream::iter(pieces))
        }
    }
}

fn pieces(body: reqwest::Body) -> BodyStream {
    let body = reqwest::Response::from(Response::new(body)).bytes_stream();
    until_error(body.map(|piece| piece.map_err(|error| HttpError::Broken(innermost(&error)))).boxed(), Deadline::NONE)
}

/// Ends a stream after its first error, after a silence that is too long, and at a deadline.
pub(crate) fn until_error(body: BodyStream, deadline: Deadline) -> BodyStream {
    let pieces = stream::unfold(Some(body), move |body: Option<BodyStream>| async move {
        let mut body = body?;
        let left = deadline.remaining(tokio::time::Instant::now().into_std());
        let longest = left.map_or(IDLE, |left| left.min(IDLE));
        match tokio::time::timeout(longest, body.next()).await {
            Ok(Some(Ok(piece))) => Some((Ok(piece), Some(body))),
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Ok(None) => None,
            Err(_) => Some((Err(HttpError::TimedOut(longest)), None)),
        }
    });
    pieces.fuse().boxed()
}

/// The whole body, up to `max` bytes.
pub(crate) async fn collect(mut body: BodyStream, max: usize) -> Result<Bytes, HttpError> {
    let mut whole = BytesMut::new();
    while let Some(piece) = body.next().await {
        let piece = piece?;
        if whole.len() + piece.len() > max {
            return Err(HttpError::TooLarge(max));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

//! Breaking a response off in the middle of its body.

use std::io::{Error, ErrorKind};
use std::time::Duration;

use axum::body::Body;
use futures_util::{StreamExt, stream};

/// Time for the server to send what came before the break.
const FLUSH: Duration = Duration::from_millis(20);

/// The first bytes of a body and then an error, at which the server breaks the connection. A body that is
/// shorter is broken off at its end, so that a client that counts still notices.
pub(crate) fn after(body: Body, bytes: u64) -> Body {
    let state = (body.into_data_stream(), bytes);
    Body::from_stream(stream::try_unfold(state, |(mut rest, left)| async move {
        let broken = || Error::new(ErrorKind::ConnectionAborted, "broken off on demand");
        if left == 0 {
            // While nothing comes, the server sends what it has; at an error it would throw that away.
            tokio::time::sleep(FLUSH).await;
            return Err(broken());
        }
        let chunk = rest.next().await.ok_or_else(broken)?.map_err(Error::other)?;
        let kept = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
        Ok(Some((chunk.slice(..kept), (rest, left - kept as u64))))
    }))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    async fn read(body: Body) -> (Vec<Bytes>, bool) {
        let mut stream = after(body, 5).into_data_stream();
        let mut read = Vec::new();
        while let Some(chunk) = stream.next().await {
            match chunk {
                Ok(chunk) => read.push(chunk),
                Err(_) => return (read, true),
            }
        }
        (read, false)
    }

    #[tokio::test]
    async fn the_body_ends_in_an_error() {
        assert_eq!(read(Body::from("0123456789")).await, (vec![Bytes::from("01234")], true));
        assert_eq!(read(Body::from("01")).await, (vec![Bytes::from("01")], true));
    }
}

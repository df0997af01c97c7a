//! What a body is, so that the service stores nothing else.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest, Md5};

use crate::transport::Chunks;

/// Bytes that are hashed before others get their turn: about two milliseconds.
const TURN: usize = 1 << 20;

/// The value of `Content-MD5`: the service refuses a body that has another sum, with 400 `UnmatchedContentMD5`.
pub(super) async fn content_md5(body: &Chunks) -> String {
    let (mut sum, mut since) = (Md5::new(), 0);
    for piece in body.iter().flat_map(|chunk| chunk.chunks(TURN)) {
        sum.update(piece);
        since += piece.len();
        if since >= TURN {
            since = 0;
            tokio::task::yield_now().await;
        }
    }
    BASE64_STANDARD.encode(sum.finalize())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

    use bytes::Bytes;

    use super::*;

    #[tokio::test]
    async fn sums_do_not_depend_on_pieces() {
        // RFC 1321, section A.5, in base64.
        for (body, expected) in [
            (vec![], "1B2M2Y8AsgTpgAmY7PhCfg=="),
            (vec!["abc"], "kAFQmDzST7DWlj99KOF/cg=="),
            (vec!["a", "", "bc"], "kAFQmDzST7DWlj99KOF/cg=="),
        ] {
            let chunks = Chunks::from(body.into_iter().map(Bytes::from));
            assert_eq!(content_md5(&chunks).await, expected);
        }
        let long = Bytes::from(vec![7; 3 * TURN + 5]);
        let cut = [long.slice(..TURN + 1), long.slice(TURN + 1..)];
        assert_eq!(content_md5(&Chunks::from([long])).await, content_md5(&Chunks::from(cut)).await);
    }
}

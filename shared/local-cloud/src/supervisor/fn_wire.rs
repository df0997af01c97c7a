//! One HTTP/1.1 connection to a function's socket, used as Fn's agent uses it.

use std::io;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::header::{HOST, HeaderName, HeaderValue};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::net::UnixStream;
use tokio::task::JoinHandle;

use super::fn_worker::{FnReply, FnRequest};
use crate::failure::FailureKind;

/// A failed exchange.
pub(crate) struct WireError {
    pub(crate) kind: FailureKind,
    /// Whether the process has to go.
    pub(crate) fatal: bool,
}

impl From<FailureKind> for WireError {
    fn from(kind: FailureKind) -> Self {
        let keeps = matches!(kind, FailureKind::FunctionFailed | FailureKind::TimedOut | FailureKind::BodyTooLarge);
        Self { kind, fatal: !keeps }
    }
}

impl From<hyper::Error> for WireError {
    fn from(error: hyper::Error) -> Self {
        let kind = if error.is_parse_too_large() { FailureKind::HeaderTooLarge } else { FailureKind::NoResponse };
        kind.into()
    }
}

/// An open connection.
pub(crate) struct Connection {
    sender: SendRequest<BoxBody<Bytes, io::Error>>,
    driver: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    pub(crate) async fn open(socket: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(socket).await?;
        let handshake = Builder::new().title_case_headers(true).handshake(TokioIo::new(stream));
        let (sender, connection) = handshake.await.map_err(io::Error::other)?;
        let driver = tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender, driver })
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// One call; `limit` is only announced here, the caller enforces it.
    pub(crate) async fn call(
        &mut self,
        request: FnRequest,
        limit: Duration,
        max_bytes: usize,
    ) -> Result<FnReply, WireError> {
        let request = to_http(request, limit).map_err(|_| FailureKind::NoResponse)?;
        self.sender.ready().await?;
        read(self.sender.send_request(request).await?, max_bytes).await
    }
}

fn to_http(request: FnRequest, limit: Duration) -> http::Result<Request<BoxBody<Bytes, io::Error>>> {
    let mut call = Request::post("/call").body(chunked(request.body))?;
    *call.headers_mut() = request.headers;
    let headers = call.headers_mut();
    headers.insert(HOST, HeaderValue::from_static("localhost"));
    headers.insert(HeaderName::from_static("fn-call-id"), HeaderValue::try_from(request.call_id)?);
    headers.insert(HeaderName::from_static("fn-deadline"), HeaderValue::try_from(deadline(limit))?);
    Ok(call)
}

/// Without a known length it goes out in chunks, as every body of the agent does.
fn chunked(body: Bytes) -> BoxBody<Bytes, io::Error> {
    if body.is_empty() {
        return Empty::new().map_err(|never| match never {}).boxed();
    }
    StreamBody::new(stream::iter([Ok(Frame::data(body))])).boxed()
}

/// Whole seconds, cut off: up to a second before the process is killed.
fn deadline(limit: Duration) -> String {
    let end = Timestamp::now().checked_add(limit).unwrap_or(Timestamp::MAX);
    Timestamp::from_second(end.as_second()).unwrap_or(Timestamp::MAX).to_string()
}

/// The agent's table of statuses: three are known, any other means that the process is out of order.
async fn read(response: Response<Incoming>, max_bytes: usize) -> Result<FnReply, WireError> {
    let (parts, body) = response.into_parts();
    match parts.status {
        StatusCode::OK => {}
        StatusCode::BAD_GATEWAY => return Err(FailureKind::FunctionFailed.into()),
        StatusCode::GATEWAY_TIMEOUT => return Err(FailureKind::TimedOut.into()),
        _ => return Err(FailureKind::InvalidResponse.into()),
    }
    match Limited::new(body, max_bytes).collect().await {
        Ok(body) => Ok(FnReply { headers: end_to_end(parts.headers), body: body.to_bytes() }),
        Err(error) if error.is::<LengthLimitError>() => Err(FailureKind::BodyTooLarge.into()),
        Err(_) => Err(FailureKind::NoResponse.into()),
    }
}

/// Headers that concern one connection only; they are not passed on in either direction.
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "proxy-connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
];

pub(crate) fn is_hop_by_hop(name: &str) -> bool {
    HOP_BY_HOP.contains(&name)
}

pub(crate) fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    HOP_BY_HOP.iter().for_each(|name| drop(headers.remove(*name)));
    headers
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::UnixListener;

    use super::*;

    #[test]
    fn deadlines_are_whole_seconds_in_utc() {
        let text = deadline(Duration::from_secs(30));
        assert!(text.len() == 20 && text.ends_with('Z'), "{text}");
        let left = text.parse::<Timestamp>().unwrap().as_second() - Timestamp::now().as_second();
        assert!((29..=30).contains(&left), "{left}");
    }

    /// What comes of a call that is answered with these bytes and then the end of the connection.
    async fn answered(bytes: Vec<u8>) -> Result<FnReply, WireError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lsnr.sock");
        let listener = UnixListener::bind(&path).unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await.unwrap();
            let _ = stream.write_all(&bytes).await;
        });
        let mut connection = Connection::open(&path).await.unwrap();
        let request = FnRequest { call_id: "id".to_owned(), headers: HeaderMap::new(), body: Bytes::from("{}") };
        connection.call(request, Duration::from_secs(1), 1000).await
    }

    #[tokio::test]
    async fn statuses_mean_what_they_mean_to_the_agent() {
        let check = async |answer: &str, kind: FailureKind, fatal: bool| {
            let error = answered(answer.as_bytes().to_vec()).await.map_err(|error| (error.kind, error.fatal));
            assert_eq!(error.map(|_| ()), Err((kind, fatal)), "{answer:.60}");
        };
        let empty = "Content-Length: 0\r\n\r\n";
        check(&format!("HTTP/1.1 502 Bad Gateway\r\n{empty}"), FailureKind::FunctionFailed, false).await;
        check(&format!("HTTP/1.1 504 Gateway Timeout\r\n{empty}"), FailureKind::TimedOut, false).await;
        for status in [201, 204, 299, 302, 400, 404, 429, 500, 501, 503, 505, 599] {
            check(&format!("HTTP/1.1 {status} X\r\n{empty}"), FailureKind::InvalidResponse, true).await;
        }
        check("", FailureKind::NoResponse, true).await;
        check("garbage\r\n\r\n", FailureKind::NoResponse, true).await;
        check("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", FailureKind::NoResponse, true).await;
        let big = format!("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n{}", "x".repeat(1001));
        check(&big, FailureKind::BodyTooLarge, false).await;
        let wide = format!("HTTP/1.1 200 OK\r\nX-Wide: {}\r\n\r\n", "x".repeat(12_000_000));
        check(&wide, FailureKind::HeaderTooLarge, true).await;
    }

    #[tokio::test]
    async fn good_answers_keep_their_headers() {
        for answer in [
            "HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\nx-a: 1\nx-a: 2\ntransfer-encoding: chunked\n\n2\r\n{}\r\n0\r\n\r\n",
            "HTTP/1.0 200 OK\r\nX-A: 1\r\nX-A: 2\r\n\r\n{}",
        ] {
            let reply = answered(answer.as_bytes().to_vec()).await.map_err(|error| error.kind).unwrap();
            assert_eq!((reply.headers.len(), &reply.body[..]), (2, &b"{}"[..]), "{answer}");
        }
    }
}

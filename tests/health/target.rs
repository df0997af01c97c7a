//! Targets on this machine that answer well, badly, or never.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// How a server answers.
#[derive(Clone)]
pub(crate) enum Way {
    /// With a status and a body of JSON.
    Says(u16, Value),
    /// Not at all, and it keeps the connection.
    Never,
    /// With a head, and then a byte each 100 ms without an end.
    Drips,
    /// With so many bytes.
    Floods(usize),
    /// With a redirect to this URL.
    Redirects(String),
}

/// A server, and how many connections it has seen.
pub(crate) struct Server {
    pub(crate) port: u16,
    seen: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) fn start(runtime: &Runtime, way: Way) -> Self {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&seen);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(answer(stream, way.clone()));
            }
        });
        Self { port, seen }
    }

    pub(crate) fn seen(&self) -> usize {
        self.seen.load(Ordering::SeqCst)
    }

    /// Its URL by this name.
    pub(crate) fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/health", self.port)
    }
}

/// A check of this URL.
pub(crate) fn check(id: &str, url: &str) -> Value {
    json!({ "id": id, "probe": { "http": { "url": url } } })
}

async fn answer(mut stream: TcpStream, way: Way) {
    let mut request = vec![0; 8192];
    if stream.read(&mut request).await.unwrap_or(0) == 0 {
        return;
    }
    match way {
        Way::Says(status, body) => {
            let body = body.to_string();
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all((head + &body).as_bytes()).await;
        }
        Way::Redirects(to) => {
            let head = format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
            let _ = stream.write_all(head.as_bytes()).await;
        }
        Way::Never => std::future::pending().await,
        Way::Drips => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n").await;
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        Way::Floods(bytes) => {
            let _ = stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {bytes}\r\n\r\n").as_bytes()).await;
            let part = vec![b'x'; 64 << 10];
            let mut left = bytes;
            while left > 0 {
                let now = left.min(part.len());
                if stream.write_all(&part[..now]).await.is_err() {
                    return;
                }
                left -= now;
            }
        }
    }
    let _ = stream.shutdown().await;
}

//! Serving over TCP, and the same as an `axum` router for a server that has other routes too.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::Emulator;

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// How long answers under way are waited for at the end.
const GRACE: Duration = Duration::from_secs(10);
/// Headers of a request, at most; metadata of an object comes as one header each.
const MAX_HEADERS: usize = 256;
/// Bytes of a request's head, at most.
const MAX_HEAD_BYTES: usize = 256 * 1024;

impl Emulator {
    /// Every path of every service, for merging into another router.
    pub fn router(&self) -> Router {
        let emulator = self.clone();
        Router::new().fallback(move |request: Request| {
            let emulator = emulator.clone();
            async move { emulator.handle(request).await }
        })
    }

    /// Serves connections until `stop` completes, then lets answers under way end.
    ///
    /// # Errors
    ///
    /// When the listener fails for good.
    pub async fn serve(&self, listener: TcpListener, stop: impl Future<Output = ()>) -> io::Result<()> {
        let (closing, watcher) = watch::channel(());
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        tokio::spawn(self.clone().connection(stream, watcher.clone()));
                    }
                    Err(error) if is_passing(&error) => tokio::time::sleep(Duration::from_millis(50)).await,
                    Err(error) => return Err(error),
                },
            }
        }
        drop(watcher);
        let _ = closing.send(());
        let _ = tokio::time::timeout(GRACE, closing.closed()).await;
        Ok(())
    }

    async fn connection(self, stream: TcpStream, mut closing: watch::Receiver<()>) {
        let _ = stream.set_nodelay(true);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let emulator = self.clone();
            async move { Ok::<_, Infallible>(emulator.handle(request.map(Body::new)).await) }
        });
        let mut builder = hyper::server::conn::http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
        builder.max_headers(MAX_HEADERS).max_buf_size(MAX_HEAD_BYTES);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let served = tokio::select! {
            served = connection.as_mut() => served,
            _ = closing.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

/// Too many open files or a client that left: the next connection may be fine.
fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    const TOO_MANY_FILES: [i32; 2] = [23, 24];
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
        || error.raw_os_error().is_some_and(|code| TOO_MANY_FILES.contains(&code))
}

//! Serving the routes over TCP.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// Headers of a request, at most; metadata of an object comes as one header each.
const MAX_HEADERS: usize = 256;
/// Bytes of a request's head, at most.
const MAX_HEAD_BYTES: usize = 256 * 1024;
/// Before the next try when connections cannot be accepted, for want of files for example.
const PAUSE: Duration = Duration::from_millis(50);

/// Who sent a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Serves connections until `stop` completes, then lets answers under way end.
pub(crate) async fn serve(listener: TcpListener, routes: Router, stop: impl Future<Output = ()>) {
    let (closing, watcher) = watch::channel(());
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => drop(tokio::spawn(connection(stream, Peer(peer), routes.clone(), watcher.clone()))),
                Err(_) => sleep(PAUSE).await,
            },
        }
    }
    drop((watcher, listener));
    let _ = closing.send(());
    closing.closed().await;
}

async fn connection(stream: TcpStream, peer: Peer, routes: Router, mut closing: watch::Receiver<()>) {
    let _ = stream.set_nodelay(true);
    let routes = TowerToHyperService::new(routes);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        routes.call(request.map(Body::new))
    });
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder.max_headers(MAX_HEADERS).max_buf_size(MAX_HEAD_BYTES);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    // Clients that leave early are no news.
    let _: Result<(), hyper::Error> = tokio::select! {
        served = connection.as_mut() => served,
        _ = closing.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
}

/// An address to listen on that is free and ours.
///
/// # Errors
/// When it is taken or not ours.
pub(crate) async fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

//! Plain HTTP, for development and for containers that know no function platform.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use super::{App, http_reply, new_request_id};
use crate::context::{Trace, caller_request_id};
use crate::invocation::{HttpRequest, Invocation, Kind, Payload, Work};
use crate::{Budget, Error, MAX_BODY_BYTES};

/// A client that does not finish its request head within this time is cut off.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Serves until Ctrl-C.
///
/// # Errors
/// When the address cannot be bound.
pub(super) async fn run(app: Arc<App>, address: SocketAddr) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(connection(TokioIo::new(stream), Arc::clone(&app)))),
            Err(error) => {
                tracing::warn!(error = error.to_string(), "accept failed");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

async fn connection(io: TokioIo<tokio::net::TcpStream>, app: Arc<App>) {
    let service = service_fn(|request| app.serve(request));
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    // One that nobody used for a while ends with a timeout.
    if let Err(error) = server.serve_connection(io, service).await
        && !error.is_timeout()
    {
        tracing::info!(error = error.to_string(), "a connection ended early");
    }
}

impl App {
    async fn serve(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, http::Error> {
        let (parts, body) = request.into_parts();
        let request_id = caller_request_id(&parts.headers).unwrap_or_else(new_request_id);
        let outcome = match Limited::new(body, MAX_BODY_BYTES).collect().await {
            Ok(body) => self.service.call(self.http_invocation(&parts, body.to_bytes(), &request_id)).await,
            Err(_) => Err(Error::client(413, "payload_too_large", format!("the limit is {MAX_BODY_BYTES} bytes"))),
        };
        let reply = http_reply::of(&outcome, &request_id);
        let mut response = Response::new(Full::from(reply.body));
        *response.status_mut() = StatusCode::from_u16(reply.status)?;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
        if let Some(seconds) = reply.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.headers_mut().insert("x-request-id", HeaderValue::from_str(&request_id)?);
        Ok(response)
    }

    fn http_invocation(&self, parts: &http::request::Parts, body: Bytes, request_id: &str) -> Invocation {
        let query = parts.uri.query().unwrap_or_default();
        let http = HttpRequest {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers: parts.headers.clone(),
            connection_id: None,
        };
        let limit = Duration::from_secs(self.common.default_timeout_seconds);
        Invocation {
            kind: Kind::Http,
            work: Work::One(Payload::Bytes(body).into()),
            headers: parts.headers.clone(),
            http: Some(http),
            request_id: request_id.to_owned(),
            call_id: None,
            trace: Trace::read(&parts.headers),
            budget: Budget::of(Instant::now(), limit),
        }
    }
}

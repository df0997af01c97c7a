//! HTTP by reqwest: rustls on ring, bundled web roots, HTTP/1.1.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::{Environment, Exchange, Files, Http, HttpError, Route};
use crate::Error;

/// Time to connect; the whole exchange has its own limit.
const CONNECT: Duration = Duration::from_secs(10);
/// Idle connections are dropped before the services drop them, so that a thawed container does not write into
/// a connection that is long gone.
const IDLE: Duration = Duration::from_secs(50);
/// Largest bundle that `SSL_CERT_FILE` may name.
const MAX_BUNDLE: usize = 8 << 20;

/// The network of this process.
#[derive(Debug, Clone)]
pub struct HttpClient {
    service: reqwest::Client,
    /// Past every proxy.
    direct: reqwest::Client,
}

impl HttpClient {
    /// A client that trusts the web's certificate authorities, or those of `SSL_CERT_FILE` when it is set and not
    /// empty. The process's proxy variables (`HTTPS_PROXY` and its like) are followed, except to this machine.
    ///
    /// # Errors
    /// [`Error::BadVariable`] when `SSL_CERT_FILE` holds no certificate.
    pub fn new(environment: &dyn Environment, files: &dyn Files) -> Result<Self, Error> {
        let roots = match environment.var("SSL_CERT_FILE").filter(|path| !path.is_empty()) {
            Some(path) => bundle(files, Path::new(&path))?,
            None => RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        };
        let built = |builder: reqwest::ClientBuilder| builder.build().map_err(|_| Error::NoEffect("the network"));
        Ok(Self { service: built(builder(roots.clone())?)?, direct: built(builder(roots)?.no_proxy())? })
    }

    /// The client for services, for callers that stream bodies or adapt it to another SDK. It follows the proxy
    /// variables to this machine as well, unless `NO_PROXY` has it.
    #[must_use]
    pub fn services(&self) -> reqwest::Client {
        self.service.clone()
    }

    /// A client for one exchange with a server that presents a private authority's certificate. It happens once
    /// per token, so it is not kept.
    fn pinned(authority: &[u8]) -> Result<reqwest::Client, HttpError> {
        let refused = |reason: &str| HttpError::NotSent(reason.to_owned());
        let roots = roots_of(authority).ok_or_else(|| refused("the authority's file holds no certificate"))?;
        let builder = builder(roots).map_err(|_| refused("TLS is not available"))?.no_proxy();
        builder.build().map_err(|_| refused("TLS is not available"))
    }
}

#[async_trait]
impl Http for HttpClient {
    async fn send(&self, request: http::Request<Bytes>, how: &Exchange) -> Result<http::Response<Bytes>, HttpError> {
        let request = unchanged(request)?;
        let client = match &how.route {
            Route::Service if !is_here(request.url().host_str()) => self.service.clone(),
            Route::Service | Route::Metadata => self.direct.clone(),
            Route::Pinned(authority) => Self::pinned(authority)?,
        };
        let exchange = exchange(&client, request, how.max_bytes);
        let answer = tokio::time::timeout(how.timeout, exchange).await;
        answer.unwrap_or(Err(HttpError::TimedOut(how.timeout)))
    }
}

/// Whether the host is this machine. A proxy has another loopback, and plain http would show it the signature.
fn is_here(host: Option<&str>) -> bool {
    let host = host.unwrap_or_default();
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The URL type behind the client rewrites some paths (`/a/../b`, `%2E%2E`, a backslash). The signature covers
/// the text as it was, so what would be rewritten is refused.
///
/// # Errors
/// [`HttpError::NotSent`].
pub fn unchanged<B: Into<reqwest::Body>>(request: http::Request<B>) -> Result<reqwest::Request, HttpError> {
    let refused = |reason: &str| HttpError::NotSent(reason.to_owned());
    let target = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str).to_owned();
    let request = reqwest::Request::try_from(request).map_err(|_| refused("the URL is malformed"))?;
    let url = request.url();
    let rewritten = match url.query() {
        Some(query) => target.split_once('?') != Some((url.path(), query)),
        None => target.trim_end_matches('?') != url.path(),
    };
    if rewritten { Err(refused("the path would be rewritten on its way")) } else { Ok(request) }
}

async fn exchange(
    client: &reqwest::Client,
    request: reqwest::Request,
    max: usize,
) -> Result<http::Response<Bytes>, HttpError> {
    let mut answer = client.execute(request).await.map_err(|error| HttpError::from(&error))?;
    let mut response = http::Response::new(Bytes::new());
    *response.status_mut() = answer.status();
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| HttpError::Broken(innermost(&error)))? {
        if body.len() + chunk.len() > max {
            return Err(HttpError::TooLarge(max));
        }
        body.extend_from_slice(&chunk);
    }
    *response.body_mut() = body.freeze();
    Ok(response)
}

/// The default features of reqwest are off: nothing is unpacked and no header of ours is changed.
fn builder(roots: RootCertStore) -> Result<reqwest::ClientBuilder, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let tls = tls.map_err(|_| Error::NoEffect("TLS"))?.with_root_certificates(roots).with_no_client_auth();
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).http1_only();
    Ok(client.redirect(reqwest::redirect::Policy::none()).connect_timeout(CONNECT).pool_idle_timeout(IDLE))
}

fn bundle(files: &dyn Files, path: &Path) -> Result<RootCertStore, Error> {
    let wrong = |reason: String| Error::BadVariable { name: "SSL_CERT_FILE".to_owned(), reason };
    let pem = files.read(path, MAX_BUNDLE).map_err(|error| wrong(format!("cannot read it: {}", error.kind())))?;
    roots_of(&pem).ok_or_else(|| wrong("no usable certificate in it".to_owned()))
}

fn roots_of(pem: &[u8]) -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(CertificateDer::pem_slice_iter(pem).flatten());
    (added > 0).then_some(roots)
}

impl From<&reqwest::Error> for HttpError {
    fn from(error: &reqwest::Error) -> Self {
        let text = innermost(error);
        if error.is_connect() || error.is_builder() { Self::NotSent(text) } else { Self::Broken(text) }
    }
}

/// The last cause alone: the outer ones repeat the URL, whose query may hold something private.
#[must_use]
pub fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests;

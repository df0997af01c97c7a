//! Connections to addresses that were looked at.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use causeway_resilience::Deadline;
use causeway_runtime::until;
use jiff::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use x509_cert::der::Decode;

use super::Prober;
use crate::judge::{Origin, Trouble};
use crate::target::Guard;

/// Longest wait for a resolver, shorter than the usual time of a check: what takes longer is then known to be its fault.
const RESOLVER_TIME: Duration = Duration::from_secs(2);
/// Addresses of one name that are tried.
const MAX_TRIES: usize = 4;

/// Names to addresses.
#[async_trait]
pub(crate) trait Resolve: Send + Sync {
    /// All addresses of a name, none twice.
    ///
    /// # Errors
    /// [`Trouble::NoName`] when it certainly has none, [`Trouble::Resolver`] when nobody knows.
    async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Trouble>;
}

/// The operating system's resolver.
pub(crate) struct System;

#[async_trait]
impl Resolve for System {
    async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Trouble> {
        match tokio::net::lookup_host((host, port)).await {
            Ok(found) => {
                let mut all: Vec<SocketAddr> = Vec::new();
                found.for_each(|address| {
                    if !all.contains(&address) {
                        all.push(address)
                    }
                });
                Ok(all)
            }
            Err(error) => Err(unresolved(&error)),
        }
    }
}

/// The C library tells the two apart in words alone. What it does not say is not known.
fn unresolved(error: &io::Error) -> Trouble {
    let text = error.to_string();
    let is_certain =
        ["Name or service not known", "No address associated", "nodename nor servname", "does not resolve"];
    if is_certain.iter().any(|words| text.contains(words)) { Trouble::NoName } else { Trouble::Resolver(text) }
}

/// Something that bytes go through.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// An encrypted connection.
pub(super) struct Encrypted {
    pub(super) stream: Box<dyn Stream>,
    /// When the server's certificate ends.
    pub(super) certificate_ends: Option<Timestamp>,
}

impl Prober<'_> {
    /// All addresses of a host. A resolver that does not answer is ours.
    pub(super) async fn addresses(
        &self,
        host: &str,
        port: u16,
        deadline: Deadline,
    ) -> Result<Vec<SocketAddr>, Trouble> {
        let time = deadline.share(Instant::now(), 2).map_or(RESOLVER_TIME, |half| half.min(RESOLVER_TIME));
        match tokio::time::timeout(time, self.resolver.resolve(host, port)).await {
            Ok(found) => found,
            Err(_) => Err(Trouble::Resolver(format!("no answer in {} ms", time.as_millis()))),
        }
    }

    /// A connection to one of the admitted addresses of a host.
    pub(super) async fn dial(
        &self,
        host: &str,
        port: u16,
        guard: &Guard,
        deadline: Deadline,
    ) -> Result<TcpStream, Trouble> {
        let found = self.addresses(host, port, deadline).await?;
        let refusal = |address: &SocketAddr| guard.admit(host, address.ip()).err();
        let refused = found.iter().find_map(|address| Some((address.ip(), refusal(address)?)));
        let admitted: Vec<_> = found.iter().filter(|address| refusal(address).is_none()).take(MAX_TRIES).collect();
        let mut failed: Option<Trouble> = None;
        for (index, address) in admitted.iter().enumerate() {
            // One that swallows everything leaves time for those after it.
            let left = u32::try_from(admitted.len() - index).unwrap_or(1);
            let time = deadline.share(Instant::now(), left).filter(|_| left > 1);
            let time = Deadline::within(Instant::now(), time);
            let trouble = match until(time, TcpStream::connect(*address)).await {
                Some(Ok(stream)) => return Ok(stream),
                Some(Err(error)) => unconnected(&error),
                None => Trouble::Connection("no answer to the connection".to_owned()),
            };
            // A machine without the target's kind of network has not seen that the target fails; another address may.
            let is_known = failed.as_ref().is_some_and(|failed| failed.origin() == Origin::Remote);
            if !is_known {
                failed = Some(trouble);
            }
        }
        let refused = refused.map(|(address, refusal)| Trouble::Refused { address, refusal });
        Err(failed.or(refused).unwrap_or(Trouble::NoName))
    }

    pub(super) async fn encrypt(&self, stream: TcpStream, host: &str) -> Result<Encrypted, Trouble> {
        let wrong = |error: &dyn std::fmt::Display| Trouble::Tls(error.to_string());
        let name = ServerName::try_from(host.to_owned()).map_err(|error| wrong(&error))?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let stream = connector.connect(name, stream).await.map_err(|error| wrong(&error))?;
        let certificates = stream.get_ref().1.peer_certificates();
        let certificate_ends = certificates.and_then(<[_]>::first).and_then(ends);
        Ok(Encrypted { stream: Box::new(stream), certificate_ends })
    }
}

/// A lack of something of ours is no fault of the target.
fn unconnected(error: &io::Error) -> Trouble {
    match error.kind() {
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::TimedOut
        | io::ErrorKind::HostUnreachable => Trouble::Connection(error.to_string()),
        _ => Trouble::Service(error.to_string()),
    }
}

fn ends(certificate: &CertificateDer<'_>) -> Option<Timestamp> {
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    let ends = certificate.tbs_certificate.validity.not_after.to_unix_duration();
    Timestamp::from_second(i64::try_from(ends.as_secs()).ok()?).ok()
}

/// How to encrypt: the web's certificate authorities, and those of a file.
///
/// # Errors
/// The file cannot be read or has no certificate.
pub(crate) fn roots(file: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(path) = file {
        let wrong = |error: &dyn std::fmt::Display| format!("HEALTH_CHECKER_CA_FILE: {error}");
        let found = CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))?;
        let all = found.collect::<Result<Vec<_>, _>>().map_err(|error| wrong(&error))?;
        let (added, _) = roots.add_parsable_certificates(all);
        if added == 0 {
            return Err(wrong(&"has no certificate"));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = builder.map_err(|error| error.to_string())?.with_root_certificates(roots).with_no_client_auth();
    Ok(Arc::new(config))
}

//! TLS in front of services that have none, with a certificate of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::PrivateKeyDer;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A certificate of a name, which is its own authority.
pub(crate) struct Identity {
    /// The certificate in PEM.
    pub(crate) authority: String,
    acceptor: TlsAcceptor,
}

impl Identity {
    /// One of this name or address.
    pub(crate) fn of(name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.expect("versions").with_no_client_auth();
        let config = config.with_single_cert(vec![made.cert.der().clone()], key).expect("an identity");
        Self { authority: made.cert.pem(), acceptor: TlsAcceptor::from(Arc::new(config)) }
    }

    /// Ends TLS of whoever comes, and hands the bytes on to the services at `to`.
    pub(crate) fn pass_on(&self, listener: TcpListener, to: SocketAddr) -> impl Future<Output = ()> + Send + 'static {
        let acceptor = self.acceptor.clone();
        async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // A client that does not trust the certificate goes away.
                    let Ok(mut inside) = acceptor.accept(stream).await else { return };
                    let mut outside = TcpStream::connect(to).await.expect("the services");
                    let _ = copy_bidirectional(&mut inside, &mut outside).await;
                });
            }
        }
    }
}

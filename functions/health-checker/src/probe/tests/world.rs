//! Servers on this machine, names that lead to them, and no network.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use causeway_cloud::object_store::ObjectStoreExt;
use causeway_cloud::object_store::memory::InMemory;
use causeway_cloud::state::Clock;
use causeway_cloud::{Objects, Secrets, object_path};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rustls::ClientConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

use super::super::{Prober, Resolve, roots};
use crate::judge::Trouble;
use crate::settings::Check;
use crate::target::Guard;

/// What a server sends.
#[derive(Clone)]
pub(super) enum Answers {
    /// The same to everybody, then the end.
    Text(Vec<u8>),
    /// Nothing, and it keeps the connection.
    Never,
    /// A head, and then one byte after the other.
    Drip,
}

impl Answers {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.as_bytes().to_vec())
    }

    pub(super) fn ok(body: &str) -> Self {
        Self::text(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
    }

    pub(super) fn redirect(to: &str) -> Self {
        Self::text(&format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n"))
    }
}

/// Requests that a server has seen.
#[derive(Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    pub(super) fn first(&self) -> String {
        self.0.lock().unwrap().first().cloned().unwrap_or_default()
    }

    pub(super) fn last(&self) -> String {
        self.0.lock().unwrap().last().cloned().unwrap_or_default()
    }

    pub(super) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// Names that lead where a test says: to the next list at each question, and to the last one from then on.
#[derive(Default)]
pub(super) struct Names(Mutex<BTreeMap<String, Vec<Vec<IpAddr>>>>);

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Trouble> {
        if host == "slow-name.test" {
            std::future::pending::<()>().await;
        }
        if host == "broken.test" {
            return Err(Trouble::Resolver("scripted".to_owned()));
        }
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let mut names = self.0.lock().unwrap();
        let turns = names.get_mut(host).ok_or(Trouble::NoName)?;
        let found = if turns.len() > 1 { turns.remove(0) } else { turns[0].clone() };
        Ok(found.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }
}

struct Now;

impl Clock for Now {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(time).boxed()
    }
}

pub(super) struct World {
    names: Names,
    allowed: Vec<String>,
    tls: Arc<ClientConfig>,
    pub(super) objects: Objects,
    pub(super) secrets: Option<Arc<dyn Secrets>>,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            names: Names::default(),
            allowed: Vec::new(),
            tls: roots(None).unwrap(),
            objects: Arc::new(InMemory::new()),
            secrets: None,
        }
    }

    pub(super) fn prober(&self) -> Prober<'_> {
        Prober {
            guard: Guard::new(&self.allowed),
            resolver: &self.names,
            tls: Arc::clone(&self.tls),
            clock: &Now,
            objects: &self.objects,
            metrics: Err("no metrics are configured"),
            secrets: self.secrets.as_deref().ok_or("no vault is configured"),
        }
    }

    pub(super) fn check(probe: &Value) -> Check {
        serde_json::from_value(json!({"id": "a", "probe": probe})).unwrap()
    }

    /// A name and its addresses, and leave to go there.
    pub(super) fn name(&mut self, name: &str, addresses: &[&str]) {
        self.turns(name, &[addresses]);
        self.allowed.push(name.to_owned());
    }

    /// A name that leads elsewhere at each question, and no leave.
    pub(super) fn turns(&mut self, name: &str, turns: &[&[&str]]) {
        let parse = |addresses: &&[&str]| addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.names.0.lock().unwrap().insert(name.to_owned(), turns.iter().map(parse).collect());
    }

    /// A server of that name; its URL and what it sees.
    pub(super) async fn serve(&mut self, name: &str, answers: Answers) -> (String, Seen) {
        self.name(name, &["127.0.0.1"]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Seen::default();
        let kept = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, answers.clone(), kept.clone()));
            }
        });
        (format!("http://{name}:{port}"), seen)
    }

    /// One with a certificate of its own that ends in so many hours and is trusted from now on.
    pub(super) async fn serve_tls(&mut self, name: &str, hours: i64) -> u16 {
        self.name(name, &["127.0.0.1"]);
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        parameters.not_after = (SystemTime::now() + Duration::from_secs(u64::try_from(hours).unwrap() * 3600)).into();
        let certificate = parameters.self_signed(&key).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), certificate.pem()).unwrap();
        self.tls = roots(Some(file.path())).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = config.unwrap().with_no_client_auth().with_single_cert(vec![certificate.der().clone()], private);
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config.unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(stream) = acceptor.accept(stream).await {
                    tokio::spawn(answer(stream, Answers::ok("{}"), Seen::default()));
                }
            }
        });
        port
    }

    pub(super) fn trust_the_web_alone(&mut self) {
        self.tls = roots(None).unwrap();
    }

    /// A port where nobody listens.
    pub(super) fn closed_port() -> u16 {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    }

    pub(super) async fn put(&self, name: &str, content: &[u8]) {
        self.objects.put(&object_path(name).unwrap(), content.to_vec().into()).await.unwrap();
    }
}

async fn answer<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, answers: Answers, seen: Seen) {
    let mut request = vec![0; 8192];
    let count = stream.read(&mut request).await.unwrap_or(0);
    if count == 0 {
        return;
    }
    let head = String::from_utf8_lossy(&request[..count]).into_owned();
    seen.0.lock().unwrap().push(head);
    match answers {
        Answers::Text(text) => {
            let _ = stream.write_all(&text).await;
            let _ = stream.shutdown().await;
        }
        Answers::Never => std::future::pending().await,
        Answers::Drip => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await;
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

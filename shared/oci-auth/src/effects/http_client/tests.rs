#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken set-up should stop the test that hit it")]

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::*;

/// Serves one connection: reads a request, writes `answer`, then closes or, with `None`, keeps silent.
async fn one_answer(answer: Option<&'static str>) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream, answer).await
    });
    (port, task)
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: Option<&str>) -> String {
    let mut seen = Vec::new();
    while !seen.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(count) => seen.extend_from_slice(&buffer[..count]),
        }
    }
    match answer {
        Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
        None => std::future::pending().await,
    }
    let _ = stream.shutdown().await;
    String::from_utf8(seen).unwrap()
}

fn client() -> HttpClient {
    HttpClient::new(&HashMap::<String, String>::new(), &HashMap::<PathBuf, Vec<u8>>::new()).unwrap()
}

fn how(max_bytes: usize, millis: u64) -> Exchange {
    Exchange { timeout: Duration::from_millis(millis), max_bytes, route: Route::Service }
}

fn get(url: String) -> http::Request<Bytes> {
    http::Request::get(url).body(Bytes::new()).unwrap()
}

async fn outcome(answer: Option<&'static str>, max: usize) -> Result<http::Response<Bytes>, HttpError> {
    let (port, server) = one_answer(answer).await;
    let limit = if answer.is_none() { 50 } else { 10_000 };
    let outcome = client().send(get(format!("http://127.0.0.1:{port}/x?secret=1")), &how(max, limit)).await;
    server.abort();
    outcome
}

#[tokio::test]
async fn an_answer_comes_back_whole_whatever_its_status() {
    let answer =
        outcome(Some("HTTP/1.1 503 x\r\nopc-request-id: a/b\r\ncontent-length: 4\r\n\r\nbusy"), 4).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (503, &b"busy"[..]));
    assert_eq!(answer.headers()["opc-request-id"], "a/b");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let answer =
        outcome(Some("HTTP/1.1 302 x\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"), 10).await;
    assert_eq!(answer.unwrap().status().as_u16(), 302);
}

#[tokio::test]
async fn each_failure_has_its_kind() {
    let large = outcome(Some("HTTP/1.1 200 x\r\ncontent-length: 5\r\n\r\n12345"), 4).await;
    assert_eq!(large.unwrap_err(), HttpError::TooLarge(4));
    assert_eq!(outcome(None, 4).await.unwrap_err(), HttpError::TimedOut(Duration::from_millis(50)));
    let cut = outcome(Some("HTTP/1.1 200 x\r\ncontent-length: 50\r\n\r\n12345"), 400).await.unwrap_err();
    assert!(matches!(&cut, HttpError::Broken(_)), "{cut}");
    assert!(!cut.to_string().contains("secret"), "{cut}");
    let nobody = client().send(get("http://127.0.0.1:1/?secret=1".to_owned()), &how(1, 1000)).await.unwrap_err();
    assert!(matches!(&nobody, HttpError::NotSent(_)), "{nobody}");
    assert!(!nobody.to_string().contains("secret"), "{nobody}");
}

#[tokio::test]
async fn headers_go_out_as_they_are() {
    let (port, server) = one_answer(Some("HTTP/1.1 200 x\r\ncontent-length: 0\r\n\r\n")).await;
    let host = format!("127.0.0.1:{port}");
    let request = http::Request::post(format!("http://{host}/a%2Fb?x=%20+"))
        .header("host", &host)
        .header("content-length", "0")
        .header("content-type", "application/json")
        .body(Bytes::new());
    client().send(request.unwrap(), &how(10, 10_000)).await.unwrap();
    let mut lines: Vec<_> = server.await.unwrap().trim_end().split("\r\n").map(str::to_owned).collect();
    lines.sort();
    let expected = [
        "POST /a%2Fb?x=%20+ HTTP/1.1".to_owned(),
        "accept: */*".to_owned(),
        "content-length: 0".to_owned(),
        "content-type: application/json".to_owned(),
        format!("host: {host}"),
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_url_that_would_be_rewritten_is_not_sent() {
    for path in ["/o/..", "/o/a/../b", "/o/%2E%2E", "/o/%2e/x"] {
        let error = client().send(get(format!("http://127.0.0.1:1{path}")), &how(1, 1000)).await.unwrap_err();
        assert_eq!(error, HttpError::NotSent("the path would be rewritten on its way".to_owned()), "{path}");
    }
}

/// A server with a certificate of its own authority; the authority's PEM.
async fn tls_server() -> (u16, String) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream, Some("HTTP/1.1 200 x\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")).await;
            }
        }
    });
    (port, made.cert.pem())
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_pinned_or_named_and_not_otherwise() {
    let (port, authority) = tls_server().await;
    let request = || get(format!("https://localhost:{port}/"));
    let refused = client().send(request(), &how(10, 10_000)).await.unwrap_err();
    assert!(matches!(&refused, HttpError::NotSent(text) if text.contains("certificate")), "{refused}");

    let pinned = Exchange { route: Route::Pinned(Bytes::from(authority.clone())), ..how(10, 10_000) };
    assert_eq!(client().send(request(), &pinned).await.unwrap().body().as_ref(), b"ok");

    let environment = HashMap::from([("SSL_CERT_FILE".to_owned(), "/ca.pem".to_owned())]);
    let files = HashMap::from([(PathBuf::from("/ca.pem"), authority.into_bytes())]);
    let named = HttpClient::new(&environment, &files).unwrap();
    assert_eq!(named.send(request(), &how(10, 10_000)).await.unwrap().body().as_ref(), b"ok");
}

#[tokio::test]
async fn no_proxy_sees_what_stays_on_this_machine() {
    let (port, proxy) = one_answer(Some("HTTP/1.1 200 x\r\ncontent-length: 5\r\n\r\nproxy")).await;
    let through = reqwest::Proxy::all(format!("http://127.0.0.1:{port}")).unwrap();
    let direct = client().direct;
    let service = builder(RootCertStore::empty()).unwrap().proxy(through).build().unwrap();
    let client = HttpClient { service, direct };
    for host in ["127.0.0.1", "localhost"] {
        let (port, server) = one_answer(Some("HTTP/1.1 200 x\r\ncontent-length: 4\r\n\r\nhere")).await;
        let answer = client.send(get(format!("http://{host}:{port}/")), &how(10, 10_000)).await.unwrap();
        assert_eq!(answer.body().as_ref(), b"here", "{host}");
        server.await.unwrap();
    }
    let answer = client.send(get("http://service.invalid/".to_owned()), &how(10, 10_000)).await.unwrap();
    assert_eq!(answer.body().as_ref(), b"proxy");
    proxy.await.unwrap();
}

#[test]
fn hosts_of_this_machine() {
    let host = |url: &str| reqwest::Url::parse(url).unwrap().host_str().map(str::to_owned);
    for (url, expected) in [
        ("http://127.0.0.1:9000/x", true),
        ("http://127.255.0.9/", true),
        ("http://[::1]:9000/", true),
        ("http://LocalHost/", true),
        ("https://localhost/", true),
        ("http://128.0.0.1/", false),
        ("http://[::2]/", false),
        ("http://169.254.169.254/", false),
        ("http://localhost.example/", false),
        ("http://127.0.0.1.example/", false),
    ] {
        assert_eq!(is_here(host(url).as_deref()), expected, "{url}");
    }
    assert!(!is_here(None));
}

#[test]
fn an_empty_name_of_a_bundle_counts_as_none() {
    let environment = HashMap::from([("SSL_CERT_FILE".to_owned(), String::new())]);
    assert!(HttpClient::new(&environment, &HashMap::<PathBuf, Vec<u8>>::new()).is_ok());
}

#[test]
fn a_bundle_without_a_certificate_is_an_error_at_the_start() {
    let environment = HashMap::from([("SSL_CERT_FILE".to_owned(), "/ca.pem".to_owned())]);
    let empty = HashMap::from([(PathBuf::from("/ca.pem"), b"nothing".to_vec())]);
    for (files, expected) in [
        (empty, "SSL_CERT_FILE: no usable certificate in it"),
        (HashMap::new(), "SSL_CERT_FILE: cannot read it: entity not found"),
    ] {
        assert_eq!(HttpClient::new(&environment, &files).unwrap_err().to_string(), expected);
    }
}

#[test]
fn files_are_read_up_to_a_size() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, b"12345").unwrap();
    assert_eq!(crate::effects::SystemFiles.read(&path, 5).unwrap(), b"12345");
    assert_eq!(crate::effects::SystemFiles.read(&path, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
}

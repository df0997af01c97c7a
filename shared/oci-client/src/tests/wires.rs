//! The transport on real connections of this machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use causeway_oci_auth::effects::{HttpClient, HttpError, SystemFiles};
use futures_util::StreamExt;
use http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::transport::{Chunks, Transport, collect};

/// Reads one request: head and body, by its content-length.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece).await.ok()?;
        if count == 0 {
            return None;
        }
        bytes.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            return Some(text);
        }
    }
}

/// A server that answers each request with the same bytes; closes after `per_connection` answers.
async fn server(answer: &'static str, per_connection: usize) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, connections) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                for _ in 0..per_connection {
                    let Some(asked) = request(&mut stream).await else { return };
                    let answer = answer.replace("{ASKED}", &asked.len().to_string());
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    (format!("http://{address}"), connections)
}

fn client() -> reqwest::Client {
    let variables: std::collections::HashMap<String, String> = std::collections::HashMap::new();
    HttpClient::new(&variables, &SystemFiles).unwrap().services()
}

async fn get(client: &reqwest::Client, url: &str) -> Result<Bytes, HttpError> {
    let request = Request::get(url).body(Chunks::from([])).unwrap();
    collect(client.open(request, Duration::from_secs(5)).await?.into_body(), 1 << 20).await
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[tokio::test]
async fn connections_are_used_again_and_replaced() {
    let (url, connections) = server(OK, 3).await;
    let client = client();
    for _ in 0..3 {
        assert_eq!(get(&client, &url).await.unwrap(), "ok");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    // The server has closed the connection by now, as it does while a container is frozen.
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(get(&client, &url).await.unwrap(), "ok");
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn pieces_are_sent_with_their_length() {
    let (url, _) = server(OK, 1).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let asked = request(&mut stream).await.unwrap();
        stream.write_all(OK.as_bytes()).await.unwrap();
        asked
    });
    let body = Chunks::from(["ab", "", "cde"].map(Bytes::from));
    let request = Request::put(format!("http://{address}/o/a%2Fb?x=1")).header("content-length", 5);
    let request = request.body(body).unwrap();
    assert_eq!(client().open(request, Duration::from_secs(5)).await.unwrap().status(), 200);
    let asked = seen.await.unwrap().to_lowercase();
    assert!(asked.starts_with("put /o/a%2fb?x=1 http/1.1\r\n") && asked.ends_with("\r\n\r\nabcde"), "{asked}");
    assert!(asked.matches("content-length: 5\r\n").count() == 1 && !asked.contains("transfer-encoding"), "{asked}");
    drop(url);
}

#[tokio::test]
async fn what_would_be_rewritten_is_refused() {
    for path in ["/o/%2E%2E", "/o/a/../b", "/o/.."] {
        let request = Request::get(format!("http://127.0.0.1:9{path}")).body(Chunks::from([])).unwrap();
        let refused = client().open(request, Duration::from_secs(5)).await.map(drop).unwrap_err();
        assert_eq!(refused, HttpError::NotSent("the path would be rewritten on its way".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn cut_bodies_and_closed_ports_are_told_apart() {
    let (url, _) = server("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nonly", 1).await;
    let request = Request::get(&url).body(Chunks::from([])).unwrap();
    let mut body = client().open(request, Duration::from_secs(5)).await.unwrap().into_body();
    assert_eq!(body.next().await.unwrap().unwrap(), "only");
    assert!(matches!(body.next().await, Some(Err(HttpError::Broken(_)))));
    assert!(body.next().await.is_none());
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let refused = get(&client(), &format!("http://{closed}/")).await.unwrap_err();
    assert!(matches!(refused, HttpError::NotSent(_)), "{refused:?}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let request = Request::get(format!("http://{}/", listener.local_addr().unwrap())).body(Chunks::from([])).unwrap();
    let left = client().open(request, Duration::from_millis(20)).await.map(drop).unwrap_err();
    assert_eq!(left, HttpError::TimedOut(Duration::from_millis(20)));
}

#[tokio::test]
async fn bodies_are_collected_up_to_a_size() {
    let (url, _) = server(OK, 2).await;
    let request = || Request::get(&url).body(Chunks::from([])).unwrap();
    let client = client();
    let body = client.open(request(), Duration::from_secs(5)).await.unwrap().into_body();
    assert_eq!(collect(body, 1).await.unwrap_err(), HttpError::TooLarge(1));
}

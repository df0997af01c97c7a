//! Ways to AWS that are broken. Nothing of AWS's is needed for that.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use causeway_adapters::Connected;
use causeway_cloud::Ports;
use causeway_cloud::conformance::failures::{
    DEAD_ENDPOINT, Expected, HANGS_UP, OVER, SILENT_SERVER, Things, every_port,
};
use causeway_cloud::invoker::Call;
use causeway_cloud::notifier::Message;
use causeway_resilience::Deadline;
use causeway_resilience::service::Kind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::aws_side::{KNOWN_KEY, ports};

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:alerts";

fn broken(url: &str) -> Connected {
    ports(url, KNOWN_KEY, &[("CAUSEWAY_TOPIC", TOPIC)])
}

async fn check(url: &str, expected: Expected, time: Duration) {
    let things = Things { function: "echo".to_owned(), secret: "db".to_owned(), looks_up: false, machine: None };
    let deadline = || Deadline::at(Instant::now() + time);
    let found = every_port(&broken(url), &things, expected, deadline).await;
    found.unwrap_or_else(|finding| panic!("{finding}"));
}

/// A server that treats each request alike, and how many came.
struct Server {
    url: String,
    requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// After each request it writes `answer` and hangs up; `None`: it says nothing and stays.
    async fn start(answer: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            let mut silent = Vec::new();
            while let Ok((mut connection, _)) = listener.accept().await {
                read_request(&mut connection).await;
                count.fetch_add(1, Ordering::Relaxed);
                match answer {
                    Some(answer) => drop(connection.write_all(answer.as_bytes()).await),
                    None => silent.push(connection),
                }
            }
        });
        Self { url, requests, task }
    }

    fn requests(&self) -> usize {
        self.requests.swap(0, Ordering::Relaxed)
    }
}

async fn read_request(connection: &mut TcpStream) {
    let (mut text, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let read = connection.read(&mut piece).await.unwrap_or(0);
        text.extend_from_slice(&piece[..read]);
        let head = String::from_utf8_lossy(&text).to_lowercase();
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
        let body = head.split_once("\r\n\r\n").map(|(_, body)| body.len());
        if read == 0 || body.is_some_and(|body| body >= length.unwrap_or(0)) {
            return;
        }
    }
}

#[tokio::test]
async fn nobody_listens() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    check(&format!("http://{free}"), DEAD_ENDPOINT, Duration::from_secs(20)).await;
}

#[tokio::test]
async fn the_server_says_nothing() {
    let server = Server::start(None).await;
    check(&server.url, SILENT_SERVER, Duration::from_secs(1)).await;
}

#[tokio::test]
async fn the_server_hangs_up() {
    let server = Server::start(Some("")).await;
    check(&server.url, HANGS_UP, Duration::from_secs(20)).await;
    // Within the answer, too.
    let server = Server::start(Some("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n<Publi")).await;
    check(&server.url, HANGS_UP, Duration::from_secs(20)).await;
}

#[tokio::test]
async fn the_time_is_over() {
    let server = Server::start(Some("")).await;
    check(&server.url, OVER, Duration::ZERO).await;
    assert_eq!(server.requests(), 0, "something was sent");
}

/// What may have been done is not repeated, unless that does no harm; what was certainly not done is.
#[tokio::test]
async fn repetitions() {
    const DOWN: &str = "HTTP/1.1 500 Internal Server Error\r\nx-amzn-requestid: id-1\r\ncontent-length: 2\r\n\r\n{}";
    const BUSY: &str = "HTTP/1.1 429 Too Many Requests\r\nx-amzn-errortype: TooManyRequestsException\r\n\
        retry-after: 1\r\ncontent-length: 2\r\n\r\n{}";
    let deadline = || Deadline::at(Instant::now() + Duration::from_secs(20));
    let call = |is_idempotent: bool| Call { payload: Bytes::from_static(b"{}"), is_idempotent, ..Call::default() };
    for (answer, is_idempotent, kind, expected, may_have_happened) in [
        (DOWN, false, Kind::Unavailable, 1, true),
        (DOWN, true, Kind::Unavailable, 3, true),
        (BUSY, false, Kind::Throttled, 3, false),
        (BUSY, true, Kind::Throttled, 3, false),
        ("", false, Kind::Unavailable, 1, true),
        ("", true, Kind::Unavailable, 3, true),
    ] {
        let server = Server::start(Some(answer)).await;
        let invoker = broken(&server.url).invoker().unwrap();
        let failure = invoker.invoke("echo", &call(is_idempotent), deadline()).await.unwrap_err();
        let found = (failure.kind(), server.requests(), failure.may_have_happened());
        assert_eq!(found, (kind, expected, may_have_happened), "{answer:?} {is_idempotent}: {failure}");
    }
    let server = Server::start(Some(BUSY)).await;
    let message = Message { title: "t".to_owned(), body: "b".to_owned() };
    let failure = broken(&server.url).notifier().unwrap().publish(&message, deadline()).await.unwrap_err();
    let told = (failure.kind(), failure.retry_after(), failure.may_have_happened());
    assert_eq!(told, (Kind::Throttled, Some(Duration::from_secs(1)), false), "{failure}");
}

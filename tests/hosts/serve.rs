//! Plain HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tests::harness::programs;

struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start() -> Self {
        let mut command = Command::new(programs::divider().path);
        command.args(["serve", "--port", "0"]).env_clear().stderr(Stdio::piped());
        let mut process = command.spawn().expect("start");
        let mut line = String::new();
        BufReader::new(process.stderr.take().expect("piped")).read_line(&mut line).expect("first line");
        let address = line.trim().strip_prefix("listening on http://").unwrap_or_else(|| panic!("{line}"));
        Self { address: address.to_owned(), process }
    }

    fn send(&self, request: &[u8]) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).expect("connect");
        // The server may answer and close before it has read everything.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer}"));
        (
            head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("status"),
            serde_json::from_str(body).expect("JSON"),
        )
    }

    fn post(&self, body: &str) -> (u16, Value) {
        let length = body.len();
        let head = format!("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
        self.send([head.as_bytes(), body.as_bytes()].concat().as_slice())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn statuses_and_bodies_over_http() {
    let server = Server::start();
    assert_eq!(server.post("{\"dividend\":7,\"divisor\":2}"), (200, json!({"quotient": 3.5})));
    let (status, problem) = server.post("{\"dividend\":7,\"divisor\":0}");
    assert_eq!(
        (status, &problem["code"], &problem["title"]),
        (422, &json!("division_by_zero"), &json!("Unprocessable Entity"))
    );
    assert_eq!(server.post("{").0, 400);
    assert_eq!(server.post("{\"dividend\":1,\"divisor\":1,\"fail\":\"panic\"}").0, 500);
    assert_eq!(server.post("{\"dividend\":1,\"divisor\":1,\"fail\":\"timeout\"}").0, 504);
    assert_eq!(server.post("{\"dividend\":1,\"divisor\":1}").0, 200);
}

#[test]
fn a_large_body_is_refused() {
    let server = Server::start();
    let (status, problem) = server.post(&" ".repeat(7_000_000));
    assert_eq!((status, &problem["code"]), (413, &json!("payload_too_large")));
}

#[test]
fn a_get_brings_its_query() {
    let server = Server::start();
    let get =
        |query: &str| server.send(format!("GET /?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes());
    assert_eq!(get("dividend=7&divisor=2"), (200, json!({"quotient": 3.5})));
    let (status, problem) = get("dividend=seven&divisor=2");
    assert_eq!((status, &problem["errors"][0]["path"]), (400, &json!("dividend")), "{problem}");
}

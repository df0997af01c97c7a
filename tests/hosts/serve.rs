//! Plain HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::{Value, json};
use tests::harness::programs;

struct Server {
    process: Child,
    log: BufReader<ChildStderr>,
    address: String,
}

struct Answer {
    status: u16,
    head: String,
    body: Value,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

impl Server {
    fn start() -> Self {
        let mut command = Command::new(programs::divider().path);
        command.args(["serve", "--port", "0"]).env_clear().stderr(Stdio::piped());
        let mut process = command.spawn().expect("start");
        let mut log = BufReader::new(process.stderr.take().expect("piped"));
        let mut line = String::new();
        log.read_line(&mut line).expect("first line");
        let address = line.trim().strip_prefix("listening on http://").unwrap_or_else(|| panic!("{line}"));
        Self { address: address.to_owned(), log, process }
    }

    /// The next line of the log, which must be JSON.
    fn logged(&mut self) -> Value {
        let mut line = String::new();
        self.log.read_line(&mut line).expect("line");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    fn send(&self, request: &[u8]) -> (u16, Value) {
        let Answer { status, body, .. } = self.exchange(request);
        (status, body)
    }

    fn exchange(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(&self.address).expect("connect");
        // The server may answer and close before it has read everything.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer}"));
        Answer {
            status: head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("status"),
            head: head.to_owned(),
            body: serde_json::from_str(body).expect("JSON"),
        }
    }

    fn post(&self, body: &str) -> (u16, Value) {
        self.send(&post(body))
    }
}

fn post(body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    [head.as_bytes(), body.as_bytes()].concat()
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

#[test]
fn clients_learn_when_to_come_back() {
    let server = Server::start();
    let fail = |how: &str| server.exchange(&post(&json!({"dividend": 1, "divisor": 1, "fail": how}).to_string()));
    let throttled = fail("throttled");
    assert_eq!((throttled.status, throttled.header("Retry-After")), (503, Some("7")), "{}", throttled.head);
    assert_eq!(throttled.body["code"], "calculator_busy");
    let broken = fail("upstream");
    assert_eq!((broken.status, broken.header("Retry-After")), (502, None), "{}", broken.head);
}

#[test]
fn every_call_writes_its_metrics() {
    let mut server = Server::start();
    assert_eq!(server.post("{\"dividend\":7,\"divisor\":2}").0, 200);
    let line = server.logged();
    assert_eq!((&line["message"], &line["metrics"][0]["name"]), (&json!("metrics"), &json!("Invocations")));
    assert_eq!(server.post("{\"dividend\":7,\"divisor\":0}").0, 422);
    let line = server.logged();
    let errors = line["metrics"].as_array().expect("list").iter().find(|metric| metric["name"] == "Errors");
    let dimensions = json!({"service": "divider", "error_kind": "client"});
    assert_eq!(errors.expect("errors")["dimensions"], dimensions);
}

//! A running emulator, a request signer and a bare HTTP client.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use causeway_oci_emulator::{Emulator, Options};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const PRIVATE_PEM: &str = include_str!("throw-away-test-key.pem");
const PUBLIC_PEM: &str = include_str!("throw-away-test-key.pub.pem");
pub(crate) const USER: &str = "ocid1.user.oc1..tester";

pub(crate) fn test_key() -> RsaKeyPair {
    let text: String = PRIVATE_PEM.lines().filter(|line| !line.starts_with("-----")).collect();
    RsaKeyPair::from_pkcs8(&BASE64_STANDARD.decode(text).unwrap()).unwrap()
}

/// An emulator on a port of its own.
pub(crate) struct Cloud {
    pub(crate) emulator: Emulator,
    pub(crate) address: String,
    pub(crate) key_id: String,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
    /// Whether the body was there to its end.
    pub(crate) whole: bool,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert!((200..300).contains(&self.status), "{self:?} {}", String::from_utf8_lossy(&self.body));
        self
    }

    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Self {
        let got = (self.status, self.code());
        assert_eq!(got, (status, code.to_owned()), "{}", String::from_utf8_lossy(&self.body));
        self
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// A request under construction.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Names of the signed headers; the usual ones of the method when absent.
    pub(crate) signed: Option<Vec<String>>,
}

pub(crate) fn ask(method: &str, target: &str) -> Ask {
    Ask { method: method.into(), target: target.into(), headers: Vec::new(), body: Vec::new(), signed: None }
}

impl Ask {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    pub(crate) fn signing(mut self, names: &[&str]) -> Self {
        self.signed = Some(names.iter().map(|name| (*name).to_owned()).collect());
        self
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(have, _)| have == name)
    }

    fn set(&mut self, name: &str, value: &str) {
        if !self.has(name) {
            self.headers.push((name.into(), value.into()));
        }
    }

    /// Adds what Oracle's SDKs add, and the signature.
    pub(crate) fn sign(mut self, host: &str, key_id: &str, key: &RsaKeyPair) -> Self {
        let uploads = self.method == "PUT" && (self.target.contains("/o/") || self.target.contains("/u/"));
        let with_body = ["POST", "PUT", "PATCH"].contains(&self.method.as_str()) && !uploads;
        self.set("date", &jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
        self.set("host", host);
        let mut names = vec!["date", "(request-target)", "host"];
        if with_body {
            let length = self.body.len().to_string();
            let hash = BASE64_STANDARD.encode(digest(&SHA256, &self.body));
            self.set("content-length", &length);
            self.set("content-type", "application/json");
            self.set("x-content-sha256", &hash);
            names.extend(["content-length", "content-type", "x-content-sha256"]);
        }
        let names = self.signed.clone().unwrap_or_else(|| names.iter().map(|name| (*name).to_owned()).collect());
        let line = |name: &String| match name.as_str() {
            "(request-target)" => format!("{name}: {} {}", self.method.to_lowercase(), self.target),
            _ => {
                let value = self.headers.iter().find(|(have, _)| have == name);
                format!("{name}: {}", value.map_or("", |(_, value)| value))
            }
        };
        let text = names.iter().map(line).collect::<Vec<_>>().join("\n");
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
        let signature = BASE64_STANDARD.encode(signature);
        let header = format!(
            "Signature version=\"1\",headers=\"{}\",keyId=\"{key_id}\",algorithm=\"rsa-sha256\",signature=\"{signature}\"",
            names.join(" ")
        );
        self.headers.push(("authorization".into(), header));
        self
    }

    fn head(&self) -> String {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        if !self.has("content-length") && (!self.body.is_empty() || self.method == "PUT") {
            write!(head, "content-length: {}\r\n", self.body.len()).unwrap();
        }
        head + "connection: close\r\n\r\n"
    }
}

impl Cloud {
    pub(crate) async fn start(options: Options) -> Self {
        let emulator = Emulator::open(options).unwrap();
        let key_id = emulator.register_key(emulator.tenancy(), USER, PUBLIC_PEM).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let serving = emulator.clone();
        let server = tokio::spawn(async move { serving.serve(listener, std::future::pending()).await.unwrap() });
        Self { emulator, address, key_id, server }
    }

    pub(crate) async fn new() -> Self {
        Self::start(Options::default()).await
    }

    /// With a bucket `bk`; gives the path of the bucket too.
    pub(crate) async fn with_bucket() -> (Self, String) {
        let cloud = Self::new().await;
        let path = cloud.create_bucket("bk", &serde_json::json!({})).await;
        (cloud, path)
    }

    pub(crate) async fn create_bucket(&self, name: &str, more: &Value) -> String {
        let namespace = self.emulator.namespace_of(self.emulator.tenancy());
        let mut details = serde_json::json!({ "name": name, "compartmentId": self.emulator.default_compartment() });
        details.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.send(ask("POST", &format!("/n/{namespace}/b")).json(&details)).await.ok();
        format!("/n/{namespace}/b/{name}")
    }

    /// Signs and sends.
    pub(crate) async fn send(&self, ask: Ask) -> Answer {
        self.send_raw(ask.sign(&self.address, &self.key_id, &test_key())).await
    }

    /// Sends as it is.
    pub(crate) async fn send_raw(&self, ask: Ask) -> Answer {
        send_to(&self.address, ask).await.expect("no answer")
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.send(ask("GET", target)).await
    }

    pub(crate) async fn put(&self, target: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.send(ask("PUT", target).body(body)).await
    }

    pub(crate) async fn post(&self, target: &str, body: &Value) -> Answer {
        self.send(ask("POST", target).json(body)).await
    }

    pub(crate) async fn delete(&self, target: &str) -> Answer {
        self.send(ask("DELETE", target)).await
    }

    /// An admin route.
    pub(crate) async fn admin(&self, method: &str, route: &str, body: &Value) -> Answer {
        self.send_raw(ask(method, &format!("/_causeway/{route}")).json(body)).await
    }

    pub(crate) async fn advance(&self, seconds: i64) {
        self.admin("PUT", "clock", &serde_json::json!({ "advanceSeconds": seconds })).await.ok();
    }
}

/// Sends a request; `None` when no answer comes.
pub(crate) async fn send_to(address: &str, mut ask: Ask) -> Option<Answer> {
    ask.set("host", address);
    let mut stream = TcpStream::connect(address).await.ok()?;
    let _ = stream.write_all(ask.head().as_bytes()).await;
    let _ = stream.write_all(&ask.body).await;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    parse(&bytes, ask.method == "HEAD")
}

/// Registers the test key with a server in another process; gives key id, namespace and compartment.
pub(crate) async fn register_by_admin(address: &str) -> (String, String, String) {
    let key = serde_json::json!({ "user": USER, "publicKey": PUBLIC_PEM });
    let registered = send_to(address, ask("POST", "/_causeway/keys").json(&key)).await.unwrap().ok().json();
    let about = send_to(address, ask("GET", "/_causeway/about")).await.unwrap().ok().json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&registered["keyId"]), text(&about["namespace"]), text(&about["compartment"]))
}

fn parse(bytes: &[u8], no_body: bool) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status: u16 = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    if status == 100 {
        return parse(&bytes[end + 4..], no_body);
    }
    let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    let headers: BTreeMap<_, _> = lines.filter_map(header).collect();
    let rest = &bytes[end + 4..];
    let (body, whole) = match headers.get("content-length").map(|length| length.parse::<usize>().unwrap()) {
        _ if no_body => (Vec::new(), rest.is_empty()),
        Some(length) => (rest.to_vec(), rest.len() == length),
        None if headers.contains_key("transfer-encoding") => unchunk(rest),
        None => (rest.to_vec(), true),
    };
    Some(Answer { status, headers, body, whole })
}

fn unchunk(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        let Some(chunk) = rest.get(end + 2..end + 2 + size) else { break };
        if size == 0 {
            return (body, true);
        }
        body.extend_from_slice(chunk);
        rest = rest.get(end + 4 + size..).unwrap_or_default();
    }
    (body, false)
}

//! A web whose answers the test writes down: by method and URL, in turn, the last one staying.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use causeway_oci_auth::effects::{Exchange, Http, HttpError};
use http::{HeaderMap, Request, Response};

/// What comes back.
#[derive(Clone)]
pub enum Reply {
    /// Status and body, with these headers.
    Say(u16, String, Vec<(&'static str, String)>),
    /// No answer.
    Fail(HttpError),
    /// Nothing comes; the client gives up when its time is over.
    Silence,
    /// Nothing comes and the client does not give up either.
    Hang,
    /// This, but later.
    After(Duration, Box<Reply>),
}

pub fn ok(body: impl Into<String>) -> Reply {
    Reply::Say(200, body.into(), Vec::new())
}

pub fn status(status: u16) -> Reply {
    let body = r#"{"code": "TestCode", "message": "a message that is not shown"}"#;
    Reply::Say(status, body.to_owned(), vec![("opc-request-id", "test/request/id".to_owned())])
}

pub fn after(seconds: u64, reply: Reply) -> Reply {
    Reply::After(Duration::from_secs(seconds), Box::new(reply))
}

/// One request as it was sent.
#[derive(Clone)]
pub struct Seen {
    pub method: String,
    pub uri: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub how: Exchange,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[derive(Default)]
pub struct Web {
    replies: Mutex<HashMap<String, VecDeque<Reply>>>,
    log: Mutex<Vec<Seen>>,
    now: AtomicUsize,
    pub most_at_once: AtomicUsize,
}

impl Web {
    /// Answers to e.g. `GET https://host/path`.
    pub fn on(&self, request: &str, replies: &[Reply]) {
        self.replies.lock().unwrap().insert(request.to_owned(), replies.iter().cloned().collect());
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.log.lock().unwrap().clone()
    }

    /// Requests so far, as `METHOD URL`.
    pub fn calls(&self) -> Vec<String> {
        self.seen().iter().map(|seen| format!("{} {}", seen.method, seen.uri)).collect()
    }

    pub fn count(&self, call: &str) -> usize {
        self.calls().iter().filter(|seen| *seen == call).count()
    }

    pub fn last(&self) -> Seen {
        self.seen().pop().unwrap()
    }

    /// An unknown address is refused, like a closed port.
    fn next(&self, call: &str) -> Reply {
        let mut replies = self.replies.lock().unwrap();
        let Some(queue) = replies.get_mut(call) else {
            return Reply::Fail(HttpError::NotSent("connection refused".to_owned()));
        };
        if queue.len() > 1 { queue.pop_front().unwrap() } else { queue[0].clone() }
    }
}

/// Counts a request out also when it is dropped.
struct Leave<'a>(&'a AtomicUsize);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Http for Web {
    async fn send(&self, request: Request<Bytes>, how: &Exchange) -> Result<Response<Bytes>, HttpError> {
        let (method, uri) = (request.method().to_string(), request.uri().to_string());
        let call = format!("{method} {uri}");
        let (headers, body) = (request.headers().clone(), request.into_body());
        self.log.lock().unwrap().push(Seen { method, uri, headers, body, how: how.clone() });
        self.most_at_once.fetch_max(self.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let _leave = Leave(&self.now);
        let mut reply = self.next(&call);
        loop {
            reply = match reply {
                Reply::After(wait, later) => {
                    tokio::time::timeout(how.timeout, tokio::time::sleep(wait))
                        .await
                        .map_err(|_| HttpError::TimedOut(how.timeout))?;
                    *later
                }
                Reply::Say(status, body, headers) => return Ok(answer(status, body, headers)),
                Reply::Fail(failure) => return Err(failure),
                Reply::Silence => {
                    tokio::time::sleep(how.timeout).await;
                    return Err(HttpError::TimedOut(how.timeout));
                }
                Reply::Hang => std::future::pending().await,
            };
        }
    }
}

fn answer(status: u16, body: String, headers: Vec<(&'static str, String)>) -> Response<Bytes> {
    let mut answer = Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(name, value);
    }
    answer.body(Bytes::from(body)).unwrap()
}

impl Seen {
    /// Checks the signature as the service would, and gives the key id and the signed headers.
    pub fn signed_by(&self, key: &causeway_oci_auth::key::PrivateKey) -> (String, String) {
        use base64::Engine;
        let authorization = self.header("authorization");
        let fields = authorization.strip_prefix("Signature ").expect("a signature");
        let field = |name: &str| {
            let (_, rest) = fields.split_once(&format!("{name}=\"")).expect(name);
            rest.split_once('"').expect(name).0.to_owned()
        };
        let headers = field("headers");
        let lines = headers.split(' ').map(|name| format!("{name}: {}", self.value(name)));
        let message = lines.collect::<Vec<_>>().join("\n");
        let signature = base64::engine::general_purpose::STANDARD.decode(field("signature")).unwrap();
        assert!(key.verify(message.as_bytes(), &signature), "signature of {} {}", self.method, self.uri);
        (field("keyId"), headers)
    }

    fn value(&self, name: &str) -> String {
        let uri: http::Uri = self.uri.parse().unwrap();
        match name {
            "(request-target)" => format!("{} {}", self.method.to_lowercase(), uri.path_and_query().unwrap()),
            "host" => uri.authority().unwrap().to_string(),
            "x-content-sha256" => {
                use base64::Engine;
                let hash = ring::digest::digest(&ring::digest::SHA256, &self.body);
                base64::engine::general_purpose::STANDARD.encode(hash)
            }
            "content-length" => self.body.len().to_string(),
            _ => self.header(name).to_owned(),
        }
    }
}

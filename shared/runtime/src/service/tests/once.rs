//! Calls that are carried out once, on a ledger in memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use causeway_resilience::ServiceFailure;
use causeway_resilience::ledger::{Begun, Claim, Ledger, Pending};
use causeway_resilience::service::Kind as ServiceKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::super::*;
use crate::events::detect_bytes;
use crate::metrics::Format;
use crate::{Budget, Idempotency, Settings, Vars};

#[derive(Clone)]
enum Entry {
    InProgress,
    Done(String),
}

/// Payload and state by key.
#[derive(Default)]
struct Memory {
    entries: Mutex<HashMap<String, (String, Entry)>>,
    is_broken: bool,
}

struct Held<'a>(&'a Memory, String);

impl Ledger for Memory {
    fn begin<'a>(&'a self, key: &'a str, payload: &'a str, left: Duration) -> Pending<'a, Begun<'a>> {
        Box::pin(async move {
            if self.is_broken {
                return Err(ServiceFailure::new(ServiceKind::Unavailable, "state", "access", "broken"));
            }
            let mut entries = self.entries.lock().unwrap();
            Ok(match entries.get(key) {
                Some((known, _)) if known != payload => Begun::OtherPayload,
                Some((_, Entry::InProgress)) => Begun::InProgress { left },
                Some((_, Entry::Done(reply))) => Begun::Done(reply.clone()),
                None => {
                    entries.insert(key.to_owned(), (payload.to_owned(), Entry::InProgress));
                    Begun::Work(Box::new(Held(self, key.to_owned())))
                }
            })
        })
    }
}

impl<'a> Claim<'a> for Held<'a> {
    fn complete(self: Box<Self>, reply: String) -> Pending<'a, ()> {
        Box::pin(async move {
            self.0.entries.lock().unwrap().get_mut(&self.1).unwrap().1 = Entry::Done(reply);
            Ok(())
        })
    }

    fn abandon(self: Box<Self>) -> Pending<'a, ()> {
        Box::pin(async move {
            self.0.entries.lock().unwrap().remove(&self.1);
            Ok(())
        })
    }
}

pub(super) struct NoConfig;

impl Settings for NoConfig {
    const PREFIX: &'static str = "COUNTER_";

    fn read(_: &mut Vars) -> Self {
        Self
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Request {
    key: Option<String>,
    #[serde(default)]
    op: String,
}

#[derive(Serialize, JsonSchema)]
struct Count {
    count: u32,
}

/// Counts how often it works.
#[derive(Default)]
struct Counter {
    count: AtomicU32,
    memory: Memory,
    go_on: Arc<Notify>,
}

impl Handler for Counter {
    const NAME: &'static str = "counter";
    const ABOUT: &'static str = "Counts";
    type Config = NoConfig;
    type Request = Request;
    type Reply = Count;

    async fn handle(&self, request: Request, _: &Context) -> Result<Count, Error> {
        let count = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        match request.op.as_str() {
            "fail" => return Err(Error::upstream("objectstorage", Some(500), "broken")),
            "wait" => self.go_on.notified().await,
            _ => {}
        }
        Ok(Count { count })
    }

    fn idempotency(&self, request: &Request, _: &Context) -> Result<Option<Idempotency<'_>>, Error> {
        let Some(key) = &request.key else { return Ok(None) };
        let once = Idempotency::new(&self.memory, key.as_str(), request);
        once.map(Some).map_err(|error| Error::internal("payload", error.to_string()))
    }
}

fn function(memory: Memory) -> Function<Counter> {
    let counter = Counter { memory, ..Counter::default() };
    Function::new(counter, Emitter::new("counter", Format::Off, "causeway".to_owned()))
}

async fn call(function: &Function<Counter>, body: &'static str) -> String {
    call_on(function, body).await
}

pub(super) async fn call_on(function: &dyn Service, body: &'static str) -> String {
    let detected = detect_bytes(&Bytes::from_static(body.as_bytes()));
    let invocation = Invocation {
        kind: detected.kind,
        work: detected.work,
        headers: http::HeaderMap::new(),
        http: None,
        request_id: "r".to_owned(),
        call_id: None,
        trace: Trace::default(),
        budget: Budget::of(Instant::now(), Duration::from_secs(30)),
    };
    match function.call(invocation).await {
        Ok(reply) => reply.text().to_owned(),
        Err(error) => format!("{} {} {}", error.http_status(), error.code(), error.is_retryable()),
    }
}

#[tokio::test]
async fn a_repetition_gets_the_first_reply() {
    let function = function(Memory::default());
    let body = r#"{"key":"a"}"#;
    assert_eq!(call(&function, body).await, r#"{"count":1}"#);
    assert_eq!(call(&function, body).await, r#"{"count":1}"#);
    assert_eq!(call(&function, r#"{"op":"", "key":"a"}"#).await, r#"{"count":1}"#);
    assert_eq!(call(&function, r#"{"key":"b"}"#).await, r#"{"count":2}"#);
    assert_eq!(call(&function, r#"{"key":"a","op":"other"}"#).await, "422 key_reused false");
    assert_eq!(call(&function, "{}").await, r#"{"count":3}"#);
    assert_eq!(call(&function, "{}").await, r#"{"count":4}"#);
}

#[tokio::test]
async fn keys_belong_to_their_function() {
    let function = function(Memory::default());
    call(&function, r#"{"key":"a"}"#).await;
    let entries = function.handler.memory.entries.lock().unwrap();
    assert_eq!(entries.keys().collect::<Vec<_>>(), ["counter#a"]);
}

#[tokio::test]
async fn work_that_failed_is_done_again() {
    let function = function(Memory::default());
    let body = r#"{"key":"a","op":"fail"}"#;
    assert_eq!(call(&function, body).await, "502 broken true");
    assert_eq!(call(&function, body).await, "502 broken true");
    assert_eq!(function.handler.count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_repetition_during_the_work_is_told_to_come_back() {
    let function = function(Memory::default());
    let body = r#"{"key":"a","op":"wait"}"#;
    let (first, second) = tokio::join!(call(&function, body), async {
        let second = call(&function, body).await;
        function.handler.go_on.notify_one();
        second
    });
    assert_eq!((first.as_str(), second.as_str()), (r#"{"count":1}"#, "409 in_progress true"));
}

#[tokio::test]
async fn without_a_memory_nothing_is_done() {
    let function = function(Memory { is_broken: true, ..Memory::default() });
    assert_eq!(call(&function, r#"{"key":"a"}"#).await, "502 service_unavailable true");
    assert_eq!(function.handler.count.load(Ordering::SeqCst), 0);
}

//! A handler behind one call signature: reading requests, probes, batches, panics, time limits.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use bytes::Bytes;
use futures_util::FutureExt;
use serde_json::{Value, json};
use tracing::Instrument;

use crate::invocation::{Invocation, Item, Kind, Payload, Work};
use crate::{Context, Error, Handler, MAX_BODY_BYTES, Reply, probe, telemetry};

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Reply, Error>> + Send + 'a>>;

/// What a host calls; it does not know the handler's types.
pub trait Service: Send + Sync {
    /// Answers one invocation. Never panics, and ends before the invocation's budget does.
    fn call(&self, invocation: Invocation) -> Answer<'_>;
}

/// The one implementation of [`Service`].
pub(crate) struct Function<H> {
    handler: H,
    cold: AtomicBool,
}

impl<H: Handler> Function<H> {
    pub(crate) fn new(handler: H) -> Self {
        Self { handler, cold: AtomicBool::new(true) }
    }

    async fn guarded(&self, invocation: Invocation) -> Result<Reply, Error> {
        let limit = invocation.budget.hard_limit();
        let work = AssertUnwindSafe(self.answer(invocation)).catch_unwind();
        let outcome = match limit {
            None => work.await,
            Some(limit) => match tokio::time::timeout(limit, work).await {
                Ok(outcome) => outcome,
                Err(_) => return Err(Error::timeout("handler")),
            },
        };
        outcome.unwrap_or_else(|panic| Err(Error::internal("panic", panic_text(&*panic))))
    }

    async fn answer(&self, invocation: Invocation) -> Result<Reply, Error> {
        let (context, work) = self.split(invocation);
        match work {
            Work::One(payload) => self.one(payload, &context).await,
            Work::All(payloads) => self.all(payloads, &context).await,
            Work::Batch(items) => self.batch(items, &context).await,
        }
    }

    fn split(&self, invocation: Invocation) -> (Context, Work) {
        let Invocation { kind, work, headers, http, request_id, trace, budget, .. } = invocation;
        let cold_start = self.cold.swap(false, Ordering::Relaxed);
        (Context { kind, request_id, headers, http, trace, budget, cold_start }, work)
    }

    async fn one(&self, payload: Payload, context: &Context) -> Result<Reply, Error> {
        let request = match payload {
            Payload::Ignored => return reply(&json!({ "ignored": true })),
            Payload::Tick => self.handler.request_of_tick()?,
            Payload::Event(event) => self.handler.request_of_event(*event)?,
            Payload::Request(value) => match probe::kind_of(&value) {
                Some(probe) => return reply(&probe::answer(&self.handler, probe).await),
                None => from_value(value)?,
            },
            Payload::Bytes(bytes) => match self.read(&bytes, context)? {
                value if probe::kind_of(&value).is_some() => {
                    return Box::pin(self.one(Payload::Request(value), context)).await;
                }
                value => from_value(value)?,
            },
        };
        reply(&self.handler.handle(request, context).await?)
    }

    /// An empty body is no payload, hence the default request; a GET brings its query.
    fn read(&self, bytes: &Bytes, context: &Context) -> Result<Value, Error> {
        if bytes.len() > MAX_BODY_BYTES {
            let text = format!("the body has {} bytes; the limit is {MAX_BODY_BYTES}", bytes.len());
            return Err(Error::client(413, "payload_too_large", text));
        }
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(context.http.as_ref().map_or_else(|| json!({}), crate::HttpRequest::query_object));
        }
        serde_json::from_slice(bytes).map_err(|error| Error::client(400, "invalid_json", error.to_string()))
    }

    /// Records of one event: the first failure fails the delivery, which is repeated as a whole.
    async fn all(&self, payloads: Vec<Payload>, context: &Context) -> Result<Reply, Error> {
        let mut replies = Vec::with_capacity(payloads.len());
        for payload in payloads {
            replies.push(self.one(payload, context).await?.body);
        }
        match <[_; 1]>::try_from(replies) {
            Ok([body]) => Ok(Reply { body, failed_items: Vec::new() }),
            Err(replies) => reply(&replies),
        }
    }

    /// Each message by itself; one that fails, or that time does not reach, is delivered again.
    async fn batch(&self, items: Vec<Item>, context: &Context) -> Result<Reply, Error> {
        let total = items.len();
        let (mut failed, mut deferred) = (Vec::new(), 0_usize);
        for item in items {
            if context.budget.is_exhausted() {
                deferred += 1;
                failed.push(item.id);
                continue;
            }
            if let Err(error) = self.item(item.payloads, context).await {
                telemetry::item_failed(&item.id, &error);
                failed.push(item.id);
            }
        }
        let summary = json!({ "batch": { "total": total, "failed": failed.len(), "deferred": deferred } });
        Ok(Reply { failed_items: failed, ..reply(&summary)? })
    }

    async fn item(&self, payloads: Vec<Payload>, context: &Context) -> Result<(), Error> {
        let work = AssertUnwindSafe(self.all(payloads, context)).catch_unwind();
        match work.await {
            Ok(outcome) => outcome.map(drop),
            Err(panic) => Err(Error::internal("panic", panic_text(&*panic))),
        }
    }
}

impl<H: Handler> Service for Function<H> {
    fn call(&self, invocation: Invocation) -> Answer<'_> {
        let span = telemetry::invocation_span(&invocation, self.cold.load(Ordering::Relaxed));
        let (kind, start) = (invocation.kind, Instant::now());
        let work = async move {
            let outcome = self.guarded(invocation).await;
            telemetry::invocation_end(kind, start.elapsed(), &outcome);
            outcome
        };
        Box::pin(work.instrument(span))
    }
}

/// Whether a call is a message for several, hence answered with failed ids.
pub(crate) fn is_batch(kind: Kind) -> bool {
    kind == Kind::Batch
}

fn from_value<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, Error> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let invalid = Error::invalid_request(error.inner().to_string());
        if path == "." { invalid } else { invalid.at(path) }
    })
}

fn reply(value: &impl serde::Serialize) -> Result<Reply, Error> {
    Reply::json(value).map_err(|error| Error::internal("reply_not_json", error.to_string()))
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a text").to_owned()
}

#[cfg(test)]
mod tests;

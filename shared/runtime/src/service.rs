//! A handler behind one call signature: reading requests, probes, batches, panics, time limits.

mod batch;
mod once;
mod request;

use std::any::Any;
use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use bytes::Bytes;
use futures_util::FutureExt;
use serde_json::{Value, json};
use tracing::Instrument;

use crate::invocation::{Invocation, Payload, Task, Work};
use crate::metrics::{Emitter, End};
use crate::probe::{self, Prober};
use crate::telemetry::{self, Ids};
use crate::{Context, Error, Handler, Reply, Trace};

pub use once::renewing;

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Reply, Error>> + Send + 'a>>;

/// What a host calls; it does not know the handler's types.
pub trait Service: Send + Sync {
    /// Answers one invocation. Never panics, and ends before the invocation's budget does.
    fn call(&self, invocation: Invocation) -> Answer<'_>;
}

/// The one implementation of [`Service`].
pub(crate) struct Function<H> {
    handler: Arc<H>,
    prober: Prober<H>,
    emitter: Emitter,
    cold: AtomicBool,
}

impl<H: Handler> Function<H> {
    pub(crate) fn new(handler: H, emitter: Emitter) -> Self {
        let handler = Arc::new(handler);
        Self { prober: Prober::new(Arc::clone(&handler)), handler, emitter, cold: AtomicBool::new(true) }
    }

    async fn guarded(&self, context: &Context, work: Work) -> Result<Reply, Error> {
        // A batch keeps the time itself: what is done by then must be told.
        let keeps_time = matches!(work, Work::Batch { .. });
        let limit = context.budget.hard_limit().filter(|_| !keeps_time);
        let work = AssertUnwindSafe(self.answer(context, work)).catch_unwind();
        let outcome = match limit {
            None => work.await,
            Some(limit) => match tokio::time::timeout(limit, work).await {
                Ok(outcome) => outcome,
                Err(_) => return Err(Error::timeout("handler")),
            },
        };
        outcome.unwrap_or_else(|panic| Err(Error::internal("panic", panic_text(&*panic))))
    }

    async fn answer(&self, context: &Context, work: Work) -> Result<Reply, Error> {
        match work {
            Work::One(task) => self.one(task, context).await,
            Work::All(tasks) => self.all(tasks, context).await,
            Work::Batch { items, reports_items } => self.batch(items, reports_items, context).await,
        }
    }

    fn split(&self, invocation: Invocation) -> (Context, Work) {
        let Invocation { kind, work, headers, http, request_id, call_id, trace, budget } = invocation;
        let trace = Trace { call_id, ..trace };
        let cold_start = self.cold.swap(false, Ordering::Relaxed);
        let metrics = self.emitter.recorder();
        // Each task brings its own message's id.
        let message_id = None;
        (Context { kind, request_id, headers, http, trace, budget, cold_start, message_id, metrics }, work)
    }

    /// HEAD and OPTIONS never reach the handler: the one must not do its work, the other none at all. HEAD is
    /// answered with `{}`, OPTIONS refused; a gateway that allows other origins answers it itself.
    async fn one(&self, task: Task, context: &Context) -> Result<Reply, Error> {
        let of_message;
        let context = match task.message_id {
            None => context,
            message_id => {
                of_message = Context { message_id, ..context.clone() };
                &of_message
            }
        };
        match context.http.as_ref().map(|http| http.method.as_str()) {
            Some("HEAD") => return reply(&json!({})),
            Some("OPTIONS") => return Err(Error::client(405, "method_not_allowed", "OPTIONS is not supported")),
            _ => {}
        }
        let request = match task.payload {
            Payload::Ignored => return reply(&json!({ "ignored": true })),
            Payload::Unsupported(source) => {
                let text = format!("events of {source} are not supported");
                return Err(Error::client(422, "unsupported_event", text));
            }
            Payload::Tick => self.handler.request_of_tick()?,
            Payload::Event(event) => self.handler.request_of_event(*event)?,
            Payload::Request(value) => return self.request(value, context).await,
            Payload::Bytes(bytes) => return self.bytes(&bytes, context).await,
        };
        self.handled(request, context).await
    }

    async fn request(&self, value: Value, context: &Context) -> Result<Reply, Error> {
        if let Some(probe) = probe::kind_of(&value) {
            return reply(&self.prober.answer(probe, context.budget).await);
        }
        let request = request::from_value(value)?;
        self.handled(request, context).await
    }

    /// An empty body is no payload, hence the default request; a GET brings its query.
    async fn bytes(&self, bytes: &Bytes, context: &Context) -> Result<Reply, Error> {
        request::check_size(bytes)?;
        if !request::is_blank(bytes) {
            return self.request(request::parse(bytes)?, context).await;
        }
        let http = context.http.as_ref().filter(|http| !http.query.is_empty());
        let Some(http) = http else { return self.request(json!({}), context).await };
        let texts = request::query_object(&http.query, &BTreeMap::new());
        if probe::kind_of(&texts).is_some() {
            return self.request(texts, context).await;
        }
        let request = request::from_query(http)?;
        self.handled(request, context).await
    }

    /// Records of one event: the first failure fails the delivery, which is repeated as a whole.
    async fn all(&self, tasks: Vec<Task>, context: &Context) -> Result<Reply, Error> {
        let mut replies = Vec::with_capacity(tasks.len());
        for task in tasks {
            replies.push(self.one(task, context).await?.body);
        }
        match <[_; 1]>::try_from(replies) {
            Ok([body]) => Ok(Reply { body, failed_items: Vec::new(), reports_items: false }),
            Err(replies) => reply(&replies),
        }
    }
}

impl<H: Handler> Service for Function<H> {
    fn call(&self, invocation: Invocation) -> Answer<'_> {
        let start = Instant::now();
        let (context, work) = self.split(invocation);
        let ids = Ids::of(&context, &work);
        let span = ids.span();
        let ids = (!self.emitter.is_off()).then(|| ids.fields());
        let work = async move {
            let outcome = self.guarded(&context, work).await;
            let elapsed = start.elapsed();
            telemetry::invocation_end(context.kind, elapsed, &outcome);
            if let Some(ids) = ids {
                let end = End { elapsed, cold_start: context.cold_start, outcome: &outcome };
                telemetry::metrics(&self.emitter, &context.metrics, &end, ids);
            }
            outcome
        };
        Box::pin(work.instrument(span))
    }
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

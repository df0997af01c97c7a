//! Whatever arrives, in one form.

use std::fmt;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

use crate::{Budget, Event, Trace};

/// What kind of call it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `fn invoke`, SDKs, Lambda invoke: the payload itself.
    Direct,
    /// Through a gateway, trigger, load balancer or function URL.
    Http,
    /// Something happened: OCI Events, CloudEvents, S3, SNS, EventBridge, an alarm.
    Event,
    /// Several messages at once: SQS, Connector Hub, streams.
    Batch,
    /// A schedule.
    Tick,
}

impl Kind {
    /// Name in logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Http => "http",
            Self::Event => "event",
            Self::Batch => "batch",
            Self::Tick => "tick",
        }
    }
}

/// An HTTP request that a gateway passed on. Its Debug form shows names of headers and parameters only.
#[derive(Clone, Default)]
pub struct HttpRequest {
    /// Method in capitals.
    pub method: String,
    /// Path, percent-encoded, without a stage prefix.
    pub path: String,
    /// Decoded query pairs in order.
    pub query: Vec<(String, String)>,
    /// The client's headers.
    pub headers: HeaderMap,
    /// API Gateway's id of the WebSocket connection that a message came through; answers that are pushed later
    /// go to it. The message looks like a POST whose path is the route key.
    pub connection_id: Option<String>,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query: Vec<_> = self.query.iter().map(|(key, _)| key).collect();
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &query)
            .field("headers", &header_names(&self.headers))
            .finish()
    }
}

/// What may be shown of headers: their values can be credentials.
pub(crate) fn header_names(headers: &HeaderMap) -> Vec<&str> {
    headers.keys().map(http::HeaderName::as_str).collect()
}

/// One unit of work for a handler.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// A request of the handler's own type, as JSON.
    Request(Value),
    /// Raw bytes that still have to be read as a request; empty means the default request.
    Bytes(Bytes),
    /// An event that the handler turns into a request.
    Event(Box<Event>),
    /// A schedule fired.
    Tick,
    /// Known and without work, such as the test message of a new S3 notification.
    Ignored,
    /// Records of an AWS service that is not understood, named here.
    Unsupported(String),
}

/// One unit of work and the id of the message that brought it.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// See [`crate::Context::message_id`].
    pub message_id: Option<String>,
    /// What is to be done.
    pub payload: Payload,
}

impl From<Payload> for Task {
    fn from(payload: Payload) -> Self {
        Self { message_id: None, payload }
    }
}

impl Task {
    pub(crate) fn new(message_id: Option<String>, payload: Payload) -> Self {
        Self { message_id, payload }
    }

    /// What an envelope with this id holds. Ids from inside stay; without one, several tasks are told apart by
    /// their position, or all but the first would look like repetitions of it.
    pub(crate) fn within(id: Option<&str>, mut tasks: Vec<Self>) -> Vec<Self> {
        let several = tasks.len() > 1;
        for (index, task) in tasks.iter_mut().enumerate().filter(|(_, task)| task.message_id.is_none()) {
            task.message_id = id.map(|id| if several { format!("{id}#{index}") } else { id.to_owned() });
        }
        tasks
    }
}

/// A message of a batch. It is done only when all of its tasks are.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The queue's id of the message, or its position.
    pub id: String,
    /// What it holds, one level unwrapped.
    pub tasks: Vec<Task>,
    /// The group of a FIFO queue, whose order a failure must not break.
    pub group: Option<String>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Work {
    /// One unit, whose reply goes to the caller.
    One(Task),
    /// Several that succeed or fail together.
    All(Vec<Task>),
    /// Messages that succeed or fail one by one.
    Batch {
        /// The messages.
        items: Vec<Item>,
        /// Whether the sender reads `batchItemFailures`; otherwise it repeats the whole batch, or nothing.
        reports_items: bool,
    },
}

impl Work {
    /// For hosts that no sender reads `batchItemFailures` from.
    pub(crate) fn without_item_reports(self) -> Self {
        match self {
            Self::Batch { items, .. } => Self::Batch { items, reports_items: false },
            other => other,
        }
    }

    /// The whole of it came in a message with this id.
    pub(crate) fn within(self, id: &str) -> Self {
        match self {
            Self::One(task) => Self::One(Task { message_id: task.message_id.or_else(|| Some(id.to_owned())), ..task }),
            Self::All(tasks) => Self::All(Task::within(Some(id), tasks)),
            Self::Batch { items, reports_items } => {
                let item = |(index, item): (usize, Item)| {
                    let id = format!("{id}#{index}");
                    Item { tasks: Task::within(Some(&id), item.tasks), ..item }
                };
                Self::Batch { items: items.into_iter().enumerate().map(item).collect(), reports_items }
            }
        }
    }

    /// The id of the one message that is to be worked on.
    pub(crate) fn message_id(&self) -> Option<&str> {
        match self {
            Self::One(task) => task.message_id.as_deref(),
            Self::All(_) | Self::Batch { .. } => None,
        }
    }
}

/// A call, whichever host it came through. Its Debug form shows neither headers' values nor payloads.
#[derive(Clone)]
pub struct Invocation {
    /// What kind of call.
    pub kind: Kind,
    pub(crate) work: Work,
    /// Headers of the call itself; empty where the host has none.
    pub headers: HeaderMap,
    /// The HTTP request behind a gateway call.
    pub http: Option<HttpRequest>,
    /// Id for logs and replies.
    pub request_id: String,
    /// The platform's own id, when it differs.
    pub call_id: Option<String>,
    /// Trace ids.
    pub trace: Trace,
    /// Time for this call.
    pub budget: Budget,
}

impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation")
            .field("kind", &self.kind)
            .field("headers", &header_names(&self.headers))
            .field("http", &self.http)
            .field("request_id", &self.request_id)
            .field("call_id", &self.call_id)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

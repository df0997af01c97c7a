//! One call as the handler sees it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::HeaderMap;

use crate::{Config, Gateway, Trace, deadline};

/// A call: who and when in `context`, what in `body`.
#[derive(Clone)]
#[non_exhaustive]
pub struct Call {
    /// Ids, headers, deadline.
    pub context: Context,
    /// The whole request body; empty when the caller sent none.
    pub body: Bytes,
}

impl Call {
    /// Puts a call together by hand, for tests of handlers.
    #[must_use]
    pub fn new(context: Context, body: impl Into<Bytes>) -> Self {
        Self { context, body: body.into() }
    }
}

/// Everything about a call but its body.
#[derive(Clone)]
pub struct Context {
    config: Arc<Config>,
    headers: HeaderMap,
    deadline: Option<SystemTime>,
    gateway: Option<Gateway>,
    trace: Option<Trace>,
}

impl Context {
    /// Reads a request's headers. A deadline that cannot be read counts as none.
    #[must_use]
    pub fn new(config: Arc<Config>, headers: HeaderMap) -> Self {
        let deadline = headers.get("fn-deadline").and_then(|value| deadline::parse(value.to_str().ok()?));
        let gateway = Gateway::read(&headers);
        let trace = Trace::read(&headers, &config);
        Self { config, headers, deadline, gateway, trace }
    }

    /// The platform's variables.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// `Fn-Call-Id`, which the agent sets and callers cannot forge. `None` outside an agent.
    #[must_use]
    pub fn call_id(&self) -> Option<&str> {
        self.header("fn-call-id")
    }

    /// `Fn-Deadline`: whole seconds, cut off, so up to a second before the agent really stops the call.
    #[must_use]
    pub fn deadline(&self) -> Option<SystemTime> {
        self.deadline
    }

    /// Time until the deadline; zero once it has passed, `None` without a deadline.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        let deadline = self.deadline?;
        Some(deadline.duration_since(SystemTime::now()).unwrap_or_default())
    }

    /// `Fn-Invoke-Type: detached`: the caller does not wait and the reply goes nowhere, except to a
    /// success destination on OCI.
    #[must_use]
    pub fn is_detached(&self) -> bool {
        self.header("fn-invoke-type") == Some("detached")
    }

    /// The call's headers as they came, case-insensitive, repeated values in order.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// First value of a header, when it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The HTTP request behind a gateway or trigger call; `None` on any other call.
    #[must_use]
    pub fn gateway(&self) -> Option<&Gateway> {
        self.gateway.as_ref()
    }

    /// B3 trace context; `None` unless the platform has tracing switched on.
    #[must_use]
    pub fn trace(&self) -> Option<&Trace> {
        self.trace.as_ref()
    }
}

/// Says how large the body is, not what it holds.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("context", &self.context).field("body_bytes", &self.body.len()).finish()
    }
}

/// Names headers without their values: some are credentials.
impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("call_id", &self.call_id())
            .field("deadline", &self.deadline)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("gateway", &self.gateway)
            .field("trace", &self.trace)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn credentials_do_not_show() {
        let secret = HeaderValue::from_static("Bearer abc");
        let headers = ["authorization", "fn-http-h-authorization"].map(|name| (name, secret.clone()));
        let mut headers: HeaderMap =
            headers.into_iter().map(|(name, value)| (http::HeaderName::from_static(name), value)).collect();
        headers.insert("fn-intent", HeaderValue::from_static("httprequest"));
        let call = Call::new(Context::new(Arc::default(), headers), "password");
        let shown = format!("{call:?}");
        assert!(shown.contains("authorization") && !shown.contains("abc") && !shown.contains("password"), "{shown}");
    }
}

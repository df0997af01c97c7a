//! Calling functions by name.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use causeway_cloud::Invoker;
use causeway_cloud::invoker::{Call, Outcome};
use causeway_oci_auth::Effects;
use causeway_oci_auth::encode::Query;
use causeway_oci_client::functions::MAX_BODY_BYTES;
use causeway_resilience::retry::{Idempotency, Policy};
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{HeaderName, Request};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::answer;
use super::server::{GivenUp, How, Server};
use crate::chat::Where;

const APPS: Where = Where { service: "fn", operation: "ListApps" };
const FNS: Where = Where { service: "fn", operation: "ListFns" };
const INVOKE: Where = Where { service: "fn", operation: "InvokeFn" };

/// Largest list that is read, in bytes: a page has a hundred entries at most.
const MAX_LIST: usize = 1 << 20;
/// Longest time of a function (the API takes a `timeout` of 300 s at most).
const LONGEST: Duration = Duration::from_secs(300);
/// Longest id, in bytes. Fn's own have 26.
const MAX_ID: usize = 255;

/// Functions of one application on a Fn server, found by name.
pub(crate) struct Functions {
    server: Server,
    application: String,
    /// Ids by name.
    found: Mutex<HashMap<String, String>>,
}

/// A list of Fn's API.
#[derive(Deserialize)]
struct Listed {
    items: Option<Vec<Named>>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
    name: String,
}

impl Functions {
    /// `base` is the checked URL of the server, without a slash at its end. Nothing is asked before the first call.
    pub(crate) fn new(effects: Effects, base: String, application: String) -> Self {
        Self { server: Server::new(effects, base), application, found: Mutex::default() }
    }

    async fn known(&self, name: &str) -> Option<String> {
        self.found.lock().await.get(name).cloned()
    }

    async fn find(&self, name: &str, deadline: Deadline) -> Result<String, ServiceFailure> {
        let application = Query::new().text("name", &self.application);
        let application = self.first(APPS, "/v2/apps", application, &self.application, deadline).await?;
        let missing = || APPS.fails(Kind::NotFound, format!("no app {}: set CAUSEWAY_APPLICATION", self.application));
        let application = application.ok_or_else(missing)?;
        let function = Query::new().text("app_id", &application).text("name", name);
        let function = self.first(FNS, "/v2/fns", function, name, deadline).await?;
        let missing = || FNS.fails(Kind::NotFound, format!("no function {name} in the app {}", self.application));
        let id = function.ok_or_else(missing)?;
        self.found.lock().await.insert(name.to_owned(), id.clone());
        Ok(id)
    }

    /// The id of what has this name, in a list that the query restricts to it.
    async fn first(
        &self,
        whose: Where,
        path: &str,
        query: Query,
        name: &str,
        deadline: Deadline,
    ) -> Result<Option<String>, ServiceFailure> {
        let request = Request::get(self.server.url(&query.append_to(path))).header(ACCEPT, "application/json");
        let request = request.body(Bytes::new()).map_err(|_| whose.fails(Kind::Invalid, "the URL is malformed"))?;
        let (policy, idempotency) = (Policy::function(), Idempotency::Idempotent);
        let how = How { whose, policy, idempotency, max_bytes: MAX_LIST };
        let answer = self.server.send(&request, &how, deadline).await.map_err(|given_up| given_up.failure)?;
        let unusable = |reason: &str| whose.unusable(reason, None).failure;
        let listed: Listed = serde_json::from_slice(answer.body()).map_err(|_| unusable("it is no list"))?;
        let found = listed.items.unwrap_or_default().into_iter().find(|item| item.name == name);
        match found {
            Some(item) if !is_id(&item.id) => Err(unusable("an id cannot be part of a path")),
            found => Ok(found.map(|item| item.id)),
        }
    }

    async fn call(&self, id: &str, call: &Call, deadline: Deadline) -> Result<Outcome, ServiceFailure> {
        let request = self.request(id, call)?;
        let idempotency = if call.is_idempotent { Idempotency::Idempotent } else { Idempotency::NotIdempotent };
        let policy = if call.is_detached { Policy::function() } else { waiting() };
        let how = How { whose: INVOKE, policy, idempotency, max_bytes: MAX_BODY_BYTES };
        match self.server.send(&request, &how, deadline).await {
            Ok(answer) => Ok(answer::outcome(answer)),
            Err(GivenUp { failure, answer }) => answer.as_ref().and_then(answer::failure).ok_or(failure),
        }
    }

    /// As OCI Functions is asked, so that a function gives the same answer on both.
    fn request(&self, id: &str, call: &Call) -> Result<Request<Bytes>, ServiceFailure> {
        let request = Request::post(self.server.url(&format!("/invoke/{id}")));
        let request = request.header(CONTENT_TYPE, "application/json").header(ACCEPT, "*/*");
        let request = request.header("fn-intent", "httprequest");
        let request = request.header("fn-invoke-type", if call.is_detached { "detached" } else { "sync" });
        let malformed = |_| INVOKE.fails(Kind::Invalid, "the URL is malformed");
        let mut request = request.body(call.payload.clone()).map_err(malformed)?;
        // A call does not fail for a trace that nobody could read.
        if let Some(trace) = call.traceparent.as_deref().and_then(|trace| HeaderValue::try_from(trace).ok()) {
            request.headers_mut().insert(HeaderName::from_static("traceparent"), trace);
        }
        Ok(request)
    }

    /// After 404 to an id that was kept: the function may have been deployed anew under its name, with another id.
    async fn call_anew(
        &self,
        name: &str,
        refused: ServiceFailure,
        call: &Call,
        deadline: Deadline,
    ) -> Result<Outcome, ServiceFailure> {
        self.found.lock().await.remove(name);
        let before = refused.may_have_happened();
        let id = self.find(name, deadline).await.map_err(|failure| failure.with_unknown_effect(before))?;
        let again = self.call(&id, call, deadline).await;
        again.map_err(|failure| {
            let unknown = before || failure.may_have_happened();
            failure.with_unknown_effect(unknown)
        })
    }
}

#[async_trait]
impl Invoker for Functions {
    async fn invoke(&self, name: &str, call: &Call, deadline: Deadline) -> Result<Outcome, ServiceFailure> {
        fits(call)?;
        let Some(id) = self.known(name).await else {
            // Whatever became of the search: nothing was called.
            let found = self.find(name, deadline).await;
            let id = found.map_err(|failure| failure.with_unknown_effect(false))?;
            return self.call(&id, call, deadline).await;
        };
        match self.call(&id, call, deadline).await {
            Err(refused) if refused.kind() == Kind::NotFound => self.call_anew(name, refused, call, deadline).await,
            other => other,
        }
    }
}

/// Fn's own limit is the server's business, but what fits nowhere else is no request of ours.
fn fits(call: &Call) -> Result<(), ServiceFailure> {
    if call.payload.len() <= MAX_BODY_BYTES {
        return Ok(());
    }
    let reason = format!("a payload has at most {MAX_BODY_BYTES} bytes, this one {}", call.payload.len());
    Err(INVOKE.fails(Kind::Invalid, reason))
}

/// A call that is waited for takes as long as the function runs, with the same patience as on OCI.
fn waiting() -> Policy {
    let policy = Policy::function();
    Policy {
        per_try: policy.per_try.saturating_add(LONGEST),
        total: policy.total.saturating_add(2 * LONGEST),
        room_for: 1,
        ..policy
    }
}

/// The server chooses ids, and they become part of a path.
fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=MAX_ID).contains(&id.len()) && id.bytes().all(plain)
}

#[cfg(test)]
mod tests;

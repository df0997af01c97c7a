//! Fn and OCI Functions: calls arrive on a Unix socket.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use causeway_fdk::{BoxError, Call, Config, Context as FnContext, Gateway, Report, Response, Server, TimedOut};

use super::{App, StartError, http_reply, new_request_id, runtime};
use crate::context::{Trace, caller_request_id};
use crate::events::{Detected, detect_bytes};
use crate::invocation::{HttpRequest, Invocation, Kind, Payload, Work};
use crate::service::is_batch;
use crate::{Budget, Error, ErrorKind, MAX_BODY_BYTES, Reply};

/// Longest detached call of OCI.
const LONGEST: Duration = Duration::from_secs(3600);

pub(super) fn run(app: App) -> Result<(), StartError> {
    let mut config = Config::from_env().map_err(|error| StartError::config(&error))?;
    // Room for an answer of our own; beyond it the body is not even held in memory.
    config.max_request_bytes.get_or_insert(4 * MAX_BODY_BYTES);
    let app = Arc::new(app);
    let server = Server::new(config).on_report(report);
    let handler = move |call: Call| {
        let app = Arc::clone(&app);
        async move { app.answer(call).await }
    };
    match runtime()?.block_on(server.serve(handler)) {
        Ok(never) => match never {},
        Err(error) => Err(StartError::new("no_socket", &error)),
    }
}

/// What a handler returns has been logged at the end of its invocation.
fn report(report: &Report) {
    if !matches!(report, Report::Failed { .. }) {
        tracing::warn!(code = "fdk", "{report}");
    }
}

impl App {
    async fn answer(&self, call: Call) -> Result<Response, BoxError> {
        let gateway = call.context.gateway().is_some();
        let invocation = self.invocation(&call.context, call.body);
        let (kind, request_id) = (invocation.kind, invocation.request_id.clone());
        let outcome = self.service.call(invocation).await;
        if gateway { gateway_response(&outcome, &request_id) } else { plain_response(outcome, kind, &request_id) }
    }

    fn invocation(&self, context: &FnContext, body: Bytes) -> Invocation {
        let headers = context.headers();
        let http = context.gateway().map(http_request);
        let Detected { kind, work, .. } = match &http {
            Some(_) => gateway_call(body),
            None => detect_bytes(&body),
        };
        let call_id = context.call_id().map(str::to_owned);
        let caller = http.as_ref().and_then(|http| caller_request_id(&http.headers));
        let caller = caller.or_else(|| caller_request_id(headers));
        let mut trace = Trace::read(http.as_ref().map_or(headers, |http| &http.headers));
        trace.trace_id = trace.trace_id.or_else(|| Trace::read(headers).trace_id);
        Invocation {
            kind,
            work,
            headers: headers.clone(),
            http,
            request_id: caller.or_else(|| call_id.clone()).unwrap_or_else(new_request_id),
            call_id,
            trace,
            budget: self.budget(context),
        }
    }

    fn budget(&self, context: &FnContext) -> Budget {
        let start = Instant::now();
        let fallback = Duration::from_secs(self.common.default_timeout_seconds);
        match context.deadline() {
            None => Budget::of(start, fallback),
            Some(deadline) => Budget::until(start, deadline, SystemTime::now(), LONGEST, fallback),
        }
    }
}

fn gateway_call(body: Bytes) -> Detected {
    let work = Work::One(Payload::Bytes(body));
    Detected { kind: Kind::Http, work, http: None, reports_items: false }
}

fn http_request(gateway: &Gateway) -> HttpRequest {
    HttpRequest {
        method: gateway.method().to_ascii_uppercase(),
        path: gateway.path().to_owned(),
        query: gateway.query_pairs(),
        headers: gateway.headers().clone(),
    }
}

fn gateway_response(outcome: &Result<Reply, Error>, request_id: &str) -> Result<Response, BoxError> {
    let reply = http_reply::of(outcome, request_id);
    let response = Response::new(reply.body).status(reply.status)?.header("Content-Type", reply.content_type)?;
    Ok(response.header("X-Request-Id", request_id)?)
}

/// A client error is an answer. The other kinds fail the call: the agent knows 502 and 504, without a body.
fn plain_response(outcome: Result<Reply, Error>, kind: Kind, request_id: &str) -> Result<Response, BoxError> {
    let body = match outcome {
        // Connector Hub repeats the whole array when the call fails, and only then.
        Ok(reply) if is_batch(kind) && !reply.failed_items().is_empty() => return Err(batch_failed(&reply)),
        Ok(reply) => reply.text().to_owned(),
        Err(error) if error.is_client() => error.to_body(request_id).to_string(),
        Err(error) if matches!(error.kind(), ErrorKind::Timeout { .. }) => return Err(TimedOut.into()),
        Err(error) => return Err(error.into()),
    };
    let response = Response::new(body).header("Content-Type", "application/json")?;
    Ok(response.header("X-Request-Id", request_id)?)
}

fn batch_failed(reply: &Reply) -> BoxError {
    format!("{} of the batch's messages failed", reply.failed_items().len()).into()
}

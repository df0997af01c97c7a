//! Fn and OCI Functions: calls arrive on a Unix socket.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use causeway_fdk::{BoxError, Call, Config, Context as FnContext, Gateway, Report, Response, Server, TimedOut};
use http::HeaderMap;

use super::{App, StartError, http_reply, new_request_id, runtime};
use crate::context::{Trace, caller_request_id};
use crate::events::{Detected, detect_bytes, message_id};
use crate::invocation::{HttpRequest, Invocation, Kind, Payload, Work};
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
        let gateway = context.gateway().map(http_request);
        let Detected { kind, work, http } = match &gateway {
            Some(_) => gateway_call(body),
            None => detect_bytes(&body),
        };
        // A gateway's client writes its own headers; only the service's own may name a message.
        let notification = gateway.is_none().then(|| notification_id(headers)).flatten();
        let work = match notification {
            Some(id) => work.without_item_reports().within(id),
            None => work.without_item_reports(),
        };
        let call_id = context.call_id().map(str::to_owned);
        let caller = gateway.as_ref().and_then(|http| caller_request_id(&http.headers));
        let caller = caller.or_else(|| caller_request_id(headers));
        let client = gateway.as_ref().map(|http| Trace::read(&http.headers)).unwrap_or_default();
        let trace = Trace::read(headers).over(client);
        // An HTTP request that AWS sends as an event stays one: its query belongs to the request.
        let http = gateway.or(http.map(|(request, _)| request));
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

/// Notifications delivers at least once and repeats its id with the message.
fn notification_id(headers: &HeaderMap) -> Option<&str> {
    message_id(headers.get("x-oci-ns-messageid")?.to_str().ok()?)
}

fn gateway_call(body: Bytes) -> Detected {
    let work = Work::One(Payload::Bytes(body).into());
    Detected { kind: Kind::Http, work, http: None }
}

fn http_request(gateway: &Gateway) -> HttpRequest {
    HttpRequest {
        method: gateway.method().to_ascii_uppercase(),
        path: gateway.path().to_owned(),
        query: gateway.query_pairs(),
        headers: gateway.headers().clone(),
        connection_id: None,
    }
}

fn gateway_response(outcome: &Result<Reply, Error>, request_id: &str) -> Result<Response, BoxError> {
    let reply = http_reply::of(outcome, request_id);
    let mut response = Response::new(reply.body).status(reply.status)?.header("Content-Type", reply.content_type)?;
    if let Some(seconds) = reply.retry_after {
        response = response.header("Retry-After", &seconds.to_string())?;
    }
    Ok(response.header("X-Request-Id", request_id)?)
}

/// A client error is an answer, even to an event: Events and Notifications would repeat it for ever. Only one
/// that may pass later is worth their repetition. The other kinds fail the call: the agent knows 502 and 504, without a body.
fn plain_response(outcome: Result<Reply, Error>, kind: Kind, request_id: &str) -> Result<Response, BoxError> {
    let body = match outcome {
        // Connector Hub repeats the whole array when the call fails, and only then.
        Ok(reply) if reply.fails_call() => return Err(batch_failed(&reply)),
        Ok(reply) => reply.text().to_owned(),
        Err(error) if error.is_client() && !(is_async(kind) && error.is_retryable()) => {
            error.to_body(request_id).to_string()
        }
        Err(error) if matches!(error.kind(), ErrorKind::Timeout { .. }) => return Err(TimedOut.into()),
        Err(error) => return Err(error.into()),
    };
    let response = Response::new(body).header("Content-Type", "application/json")?;
    Ok(response.header("X-Request-Id", request_id)?)
}

/// Whether the caller is a service that drops the answer and repeats a failed call.
fn is_async(kind: Kind) -> bool {
    matches!(kind, Kind::Event | Kind::Tick)
}

fn batch_failed(reply: &Reply) -> BoxError {
    format!("{} of the batch's messages failed", reply.failed_items().len()).into()
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;
    use crate::Service;
    use crate::settings::Common;

    struct Unused;

    impl Service for Unused {
        fn call(&self, _: Invocation) -> std::pin::Pin<Box<dyn Future<Output = Result<Reply, Error>> + Send + '_>> {
            Box::pin(async { Err(Error::internal("unused", "")) })
        }
    }

    fn invocation(headers: &[(&'static str, &'static str)], body: &'static str) -> Invocation {
        let listener = |name: &str| (name == "FN_LISTENER").then(|| "unix:/tmp/lsnr.sock".to_owned());
        let pair =
            |(name, value): &(&'static str, &'static str)| (HeaderName::from_static(name), value.parse().unwrap());
        let config = Arc::new(Config::from_lookup(listener).unwrap());
        let context = FnContext::new(config, headers.iter().map(pair).collect());
        let environment = crate::Vars::new([("LOG_LEVEL", "")]);
        let app = App { service: Arc::new(Unused), common: Common::of(environment) };
        app.invocation(&context, Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn an_aws_request_keeps_its_query_in_a_plain_call() {
        let body =
            r#"{"version":"2.0","rawPath":"/","rawQueryString":"n=4","requestContext":{"http":{"method":"GET"}}}"#;
        let invocation = invocation(&[("fn-call-id", "c1")], body);
        assert_eq!(invocation.http.unwrap().query, [("n".to_owned(), "4".to_owned())]);
        assert_eq!((invocation.kind, invocation.call_id.as_deref()), (Kind::Http, Some("c1")));
    }

    #[test]
    fn notifications_name_their_messages() {
        let check = |headers: &[(&'static str, &'static str)], body, expected: Option<&str>| {
            assert_eq!(invocation(headers, body).work.message_id(), expected, "{headers:?} {body}");
        };
        let notified = [("x-oci-ns-messageid", "e2a3fb1f-f397")];
        check(&notified, "{}", Some("e2a3fb1f-f397"));
        check(&notified, "no json", Some("e2a3fb1f-f397"));
        check(&notified, r#"{"cloudEventsVersion":"0.1","eventType":"t","eventID":"e1"}"#, Some("e1"));
        check(&[], "{}", None);
        check(&[("x-oci-ns-messageid", "")], "{}", None);
        // What came through a gateway was written by its client.
        let gateway = [("fn-intent", "httprequest"), ("fn-http-method", "POST"), ("fn-http-request-url", "/v1")];
        let forged = [("fn-http-h-x-oci-ns-messageid", "forged"), ("x-oci-ns-messageid", "forged")];
        check(&[gateway.as_slice(), forged.as_slice()].concat(), "{}", None);
    }

    #[test]
    fn only_passing_client_errors_fail_an_event() {
        let answered = |status, kind| plain_response(Err(Error::client(status, "refused", "no")), kind, "r").is_ok();
        assert!(answered(422, Kind::Event) && answered(422, Kind::Direct) && answered(429, Kind::Direct));
        assert!(!answered(429, Kind::Event) && !answered(429, Kind::Tick));
    }

    #[test]
    fn gateway_clients_learn_when_to_come_back() {
        let error = Error::upstream("s", Some(429), "throttled").with_retry_after(Duration::from_secs(3));
        let response = gateway_response(&Err(error), "r").unwrap();
        assert_eq!((response.status_code(), &response.headers()["retry-after"]), (503, &"3".parse().unwrap()));
    }
}

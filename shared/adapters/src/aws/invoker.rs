//! Lambda.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::Builder;
use aws_sdk_lambda::operation::RequestId;
use aws_sdk_lambda::operation::invoke::InvokeOutput;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use bytes::Bytes;
use causeway_cloud::Invoker;
use causeway_cloud::invoker::{Call, Outcome};
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use serde_json::Value;

use super::Session;
use super::call::{Operation, Repetition, Tries};
use super::client::Cached;
use super::log::Logged;

/// A function runs 15 minutes at most; the answer needs a moment more.
const INVOKE: Operation =
    Operation { service: "lambda", name: "Invoke", try_time: Duration::from_secs(910), has_content: true };
/// Largest payload in bytes of a call that is waited for, and of one that is not (Lambda quotas).
const MAX_WAITED: usize = 6 << 20;
const MAX_DETACHED: usize = 1 << 20;
/// Longest message of a failed function that is kept, in bytes.
const MAX_MESSAGE: usize = 2000;
/// Longest name of its failure that is kept, in bytes.
const MAX_CODE: usize = 128;

/// Functions of the account whose names begin alike.
pub(super) struct Functions {
    client: Cached<Client>,
    prefix: String,
}

impl Functions {
    pub(super) fn new(session: Session, prefix: String) -> Self {
        Self { client: Cached::new(session), prefix }
    }

    async fn client(&self, tries: &Tries) -> Result<&Client, ServiceFailure> {
        self.client.get(tries, |config| Client::from_conf(Builder::from(config).interceptor(Logged).build())).await
    }
}

#[async_trait]
impl Invoker for Functions {
    async fn invoke(&self, name: &str, call: &Call, deadline: Deadline) -> Result<Outcome, ServiceFailure> {
        fits(call)?;
        let repetition = if call.is_idempotent { Repetition::Harmless } else { Repetition::OnlyIfCertain };
        let tries = Tries::new(&INVOKE, deadline, repetition)?;
        let kind = if call.is_detached { InvocationType::Event } else { InvocationType::RequestResponse };
        let invoke = self.client(&tries).await?.invoke().function_name(format!("{}{name}", self.prefix));
        let invoke = invoke.invocation_type(kind).payload(Blob::new(call.payload.to_vec()));
        let how = Builder::new().timeout_config(tries.timeouts()).retry_classifier(tries.fates());
        let trace = call.traceparent.as_deref().and_then(x_ray);
        let invoke =
            invoke.customize().config_override(how).interceptor(tries.watch()).mutate_request(move |request| {
                if let Some(trace) = &trace {
                    request.headers_mut().insert("x-amzn-trace-id", trace.clone());
                }
            });
        let done = invoke.send().await.map_err(|error| tries.failure(&error))?;
        Ok(outcome(done, call.is_detached))
    }
}

fn fits(call: &Call) -> Result<(), ServiceFailure> {
    let most = if call.is_detached { MAX_DETACHED } else { MAX_WAITED };
    if call.payload.len() <= most {
        return Ok(());
    }
    let reason = format!("a payload has at most {most} bytes, this one {}", call.payload.len());
    Err(INVOKE.fails(Kind::Invalid, reason))
}

/// The status is 200 also when the function failed.
fn outcome(done: InvokeOutput, is_detached: bool) -> Outcome {
    let call_id = done.request_id().map(str::to_owned);
    let body = done.payload.map(Blob::into_inner).unwrap_or_default();
    match done.function_error {
        Some(error) => failed(&error, &body, call_id),
        None if is_detached => Outcome::Accepted { call_id },
        None => Outcome::Answered { body: Bytes::from(body), call_id },
    }
}

/// A failure is an object with `errorType` and `errorMessage`; processes that ended without one have no type.
fn failed(error: &str, body: &[u8], call_id: Option<String>) -> Outcome {
    let told: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = told["errorType"].as_str().filter(|code| !code.is_empty()).unwrap_or(error);
    let message = told["errorMessage"].as_str().unwrap_or("the function gave no message");
    Outcome::Failed { code: bounded(code, MAX_CODE), message: bounded(message, MAX_MESSAGE), call_id }
}

fn bounded(text: &str, max: usize) -> String {
    text[..text.floor_char_boundary(max)].to_owned()
}

/// `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1` of a `traceparent`: Lambda passes no
/// header on but its own, and X-Ray takes the trace ids of W3C in this form.
fn x_ray(traceparent: &str) -> Option<String> {
    let mut parts = traceparent.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_id = |text: &str, length: usize| {
        let is_hex = text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        text.len() == length && is_hex && text.bytes().any(|byte| byte != b'0')
    };
    let is_whole = version == "00" && flags.len() == 2 && parts.next().is_none();
    if !is_whole || !is_id(trace, 32) || !is_id(parent, 16) {
        return None;
    }
    let is_sampled = u8::from_str_radix(flags, 16).ok()? & 1;
    let (time, rest) = trace.split_at(8);
    Some(format!("Root=1-{time}-{rest};Parent={parent};Sampled={is_sampled}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_have_a_name_and_a_bounded_message() {
        let check = |body: &str, expected: (&str, &str)| {
            let Outcome::Failed { code, message, .. } = failed("Unhandled", body.as_bytes(), None) else {
                panic!("no failure: {body}");
            };
            assert_eq!((code.as_str(), message.as_str()), expected, "{body}");
        };
        check(r#"{"errorType":"Sandbox.Timedout","errorMessage":"timed out"}"#, ("Sandbox.Timedout", "timed out"));
        check(r#"{"errorMessage":"Task timed out"}"#, ("Unhandled", "Task timed out"));
        check(r#"{"errorType":7,"errorMessage":[]}"#, ("Unhandled", "the function gave no message"));
        check("<html>", ("Unhandled", "the function gave no message"));
        check("", ("Unhandled", "the function gave no message"));
        let long = format!(r#"{{"errorType":"x","errorMessage":"{}"}}"#, "ä".repeat(5000));
        check(&long, ("x", &"ä".repeat(1000)));
    }

    #[test]
    fn payloads_have_a_limit_of_their_own_when_nobody_waits() {
        let check = |bytes: usize, is_detached: bool, expected: bool| {
            let call = Call { payload: vec![b' '; bytes].into(), is_detached, ..Call::default() };
            assert_eq!(fits(&call).is_ok(), expected, "{bytes} {is_detached}");
        };
        check(6 << 20, false, true);
        check((6 << 20) + 1, false, false);
        check(1 << 20, true, true);
        check((1 << 20) + 1, true, false);
    }

    #[test]
    fn traces_of_w3c_in_the_form_of_x_ray() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(x_ray(text).as_deref(), expected, "{text:?}");
        check(
            "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01",
            Some("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"),
        );
        check(
            "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-02",
            Some("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"),
        );
        for bad in [
            "",
            "00-0-0-01",
            "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8",
            "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01-more",
            "00-5759E988BD862E3FE1BE46A994272793-53995c3f42cd8ad8-01",
            "00-00000000000000000000000000000000-53995c3f42cd8ad8-01",
            "ff-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01",
            "00-ééééééééééééééé\r\n-53995c3f42cd8ad8-01",
        ] {
            check(bad, None);
        }
    }
}

//! Exchanges with the services that hand out certificates and tokens: repeated within a time limit, freshly signed
//! each time, with errors that name the service and its request id.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use causeway_resilience::Deadline;
use causeway_resilience::retry::{Decision, Failure, Idempotency, Policy, Retry, retry_after as retry_after_of};
use http::header::CONTENT_TYPE;
use http::{Request, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::call::Skew;
use crate::effects::{Exchange, HttpError, Route};
use crate::key::PrivateKey;
use crate::service_error::{self, ServiceError};
use crate::sign::{Body, Signer};
use crate::token::{Token, TokenError};
use crate::{Effects, Error, Secret, Snapshot};

/// Largest answer: a token has 2 to 8 KB, a certificate less.
const MAX_ANSWER: usize = 256 << 10;

/// One service and how patiently it is asked.
pub(crate) struct Wire<'a> {
    pub(crate) effects: &'a Effects,
    /// Its name in messages.
    pub(crate) service: &'static str,
    pub(crate) policy: Policy,
    pub(crate) route: Route,
    /// When all tries together end.
    pub(crate) deadline: Deadline,
}

impl Wire<'_> {
    /// Sends what `request` makes; it is called once a try, so that every try has its own date. The answer has a
    /// status of 200 to 299.
    pub(crate) async fn send<F>(&self, request: F) -> Result<Response<Bytes>, Error>
    where
        F: Fn() -> Result<Request<Bytes>, Error> + Send + Sync,
    {
        let mut retry = Retry::new(self.policy.clone(), Idempotency::Idempotent, now(), self.deadline);
        loop {
            let (error, failure) = match self.once(request()?, retry.try_time(now())).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let Some(failure) = failure else { return Err(error) };
            match retry.next(&failure, now(), self.effects.chance()) {
                Decision::Retry { after } => self.effects.clock.sleep(after).await,
                Decision::GiveUp { .. } => return Err(error),
            }
        }
    }

    async fn once(
        &self,
        request: Request<Bytes>,
        timeout: Duration,
    ) -> Result<Response<Bytes>, (Error, Option<Failure>)> {
        let how = Exchange { timeout, max_bytes: MAX_ANSWER, route: self.route.clone() };
        match self.effects.http.send(request, &how).await {
            Ok(answer) if answer.status().is_success() => Ok(answer),
            Ok(answer) => Err(self.refused(&answer)),
            Err(failure) => Err(self.lost(failure)),
        }
    }

    fn refused(&self, answer: &Response<Bytes>) -> (Error, Option<Failure>) {
        let ServiceError { status, code, opc_request_id: request_id, .. } = ServiceError::read(answer, None);
        let retry_after = service_error::text(answer.headers(), "retry-after");
        let retry_after = retry_after.and_then(|text| retry_after_of(text, self.effects.clock.now()));
        let failure = Failure::Status { status, code: code.clone(), retry_after };
        let skew = if status == 401 { self.skew(answer) } else { None };
        (skew.unwrap_or(Error::Service { service: self.service, status, code, request_id }), Some(failure))
    }

    fn lost(&self, failure: HttpError) -> (Error, Option<Failure>) {
        let kind = failure.failure();
        (Error::Transport { service: self.service, failure }, kind)
    }

    /// The answer's body; what is wrong with it is told without its content, which may be half a token.
    pub(crate) fn json<T: DeserializeOwned>(&self, answer: &Response<Bytes>, expected: &str) -> Result<T, Error> {
        serde_json::from_slice(answer.body()).map_err(|_| self.bad_answer(format!("no JSON with {expected}")))
    }

    pub(crate) fn bad_answer(&self, reason: String) -> Error {
        Error::BadAnswer { service: self.service, reason }
    }

    /// The token of an answer `{"token": ...}` to a request that named `session`.
    pub(crate) fn fresh(&self, answer: &Response<Bytes>, session: &PrivateKey) -> Result<Fresh, Error> {
        let given: Given = self.json(answer, "the member token")?;
        self.fresh_token(answer, &given.token, session)
    }

    /// A token that came with `answer`.
    pub(crate) fn fresh_token(
        &self,
        answer: &Response<Bytes>,
        text: &str,
        session: &PrivateKey,
    ) -> Result<Fresh, Error> {
        let bad = |fault: TokenError| self.bad_answer(fault.to_string());
        let token = Token::parse(text).map_err(bad)?;
        let not_after = token.not_after().map_err(bad)?;
        if token.names(session) == Some(false) {
            return Err(self.bad_answer("the token is for another key (claim jwk)".to_owned()));
        }
        match self.effects.clock.now().duration_since(not_after) {
            Ok(ago) => Err(self.skew(answer).unwrap_or(Error::Expired { origin: self.service.to_owned(), ago })),
            Err(_) => Ok(Fresh { token, not_after }),
        }
    }

    /// When the service's clock and ours are too far apart for signatures: that, instead of a riddle.
    fn skew(&self, answer: &Response<Bytes>) -> Option<Error> {
        let skew = Skew::between(self.effects.clock.now(), answer.headers())?;
        Some(Error::ClockSkew { service: self.service, status: answer.status().as_u16(), skew })
    }

    /// A `POST` of JSON, or a `GET` when there is no content, signed now.
    pub(crate) fn signed(
        &self,
        request: http::request::Builder,
        content: Option<&[u8]>,
        signer: &Signer,
        snapshot: &Snapshot,
    ) -> Result<Request<Bytes>, Error> {
        let request = request.header("opc-request-id", self.request_id(1)?);
        let (request, body) = match content {
            Some(content) => (request.header(CONTENT_TYPE, "application/json"), Body::Hashed(content)),
            None => (request, Body::None),
        };
        let sent = Bytes::copy_from_slice(content.unwrap_or_default());
        let request = request.body(sent);
        let mut request = request.map_err(|_| Error::Unsignable("the URL or a header is malformed".to_owned()))?;
        signer.sign(&mut request, body, snapshot, self.effects.clock.now())?;
        Ok(request)
    }

    /// Segments of 32 hexadecimal digits with slashes between, as Oracle's SDKs send them.
    pub(crate) fn request_id(&self, segments: usize) -> Result<String, Error> {
        let mut text = Vec::new();
        for _ in 0..segments {
            let mut bytes = [0; 16];
            self.effects.random.fill(&mut bytes)?;
            text.push(bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>());
        }
        Ok(text.join("/"))
    }
}

/// What most services answer.
#[derive(Deserialize)]
pub(crate) struct Given {
    pub(crate) token: String,
}

/// A token that a service just made, for a key that we chose.
pub(crate) struct Fresh {
    pub(crate) token: Token,
    not_after: SystemTime,
}

impl Fresh {
    /// The credentials that token and key are together.
    pub(crate) fn with(&self, key: Arc<PrivateKey>) -> Snapshot {
        let (tenancy, compartment) = (self.token.tenancy(), self.token.compartment());
        Snapshot { not_after: Some(self.not_after), tenancy, compartment, ..key_pair(self.token.key_id(), key) }
    }
}

/// Credentials that are a key and its name alone.
pub(crate) fn key_pair(key_id: Secret, key: Arc<PrivateKey>) -> Snapshot {
    Snapshot { key_id, key, not_after: None, tenancy: None, compartment: None, region: None, delegation: None }
}

/// The present, also under a test's paused time.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// A body in the layout of Python's `json.dumps`, with a space after each colon and comma: what Oracle's Python SDK
/// sends, so that exchanges can be compared with recorded ones to the byte, signatures included.
pub(crate) fn body(content: &impl Serialize) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, Spaced);
    content.serialize(&mut serializer).map_err(|_| Error::NoEffect("a serializer"))?;
    Ok(text)
}

struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.begin_array_value(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken set-up should stop the test that hit it")]

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn text(value: &Value) -> String {
        String::from_utf8(body(value).unwrap()).unwrap()
    }

    #[test]
    fn layout_of_json_dumps() {
        for (value, expected) in [
            (json!({}), "{}"),
            (json!([]), "[]"),
            (json!({"a": [1, "b"], "c": {"d": null}}), r#"{"a": [1, "b"], "c": {"d": null}}"#),
            (json!("a: b, c"), r#""a: b, c""#),
        ] {
            assert_eq!(text(&value), expected);
        }
    }

    proptest! {
        #[test]
        fn the_layout_changes_no_content(pairs in prop::collection::btree_map(".*", prop::collection::vec(".*", 0..4), 0..4)) {
            let value = json!(pairs);
            prop_assert_eq!(serde_json::from_str::<Value>(&text(&value)).unwrap(), value);
        }
    }
}

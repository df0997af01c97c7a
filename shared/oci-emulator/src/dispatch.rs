//! The way of a request: find the operation, suffer the faults, check the signature, read the body, answer.

use std::sync::Arc;

use axum::body::Body;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::header::DATE;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use jiff::SignedDuration;
use ring::digest::{SHA256, digest};

use crate::auth::{BodyRule, Principal, Signed, Verified, verify};
use crate::call::Call;
use crate::clock::http_date;
use crate::error::Error;
use crate::pending::Pending;
use crate::reply::Reply;
use crate::route::{self, Found, Handler, Sign};
use crate::{Emulator, admin, cut, services};

/// A refused body is read up to here; many clients do not look for an answer while they are still sending.
const MAX_DRAINED: u64 = 64 * 1024 * 1024;

impl Emulator {
    /// Answers one request. Every answer has an `opc-request-id` and the `date` of the emulator's clock.
    pub async fn handle(&self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let head = parts.method == Method::HEAD;
        let request_id = self.request_id(&parts.headers);
        let client_id = parts.headers.get("opc-client-request-id").cloned();
        let reply = if parts.uri.path().starts_with(admin::PREFIX) {
            admin::answer(self, &parts, body).await
        } else {
            self.answer(parts, body).await
        };
        let mut response = reply.unwrap_or_else(Error::into_response);
        if head && !response.status().is_success() {
            *response.body_mut() = Body::empty();
        }
        let headers = response.headers_mut();
        set(headers, "opc-request-id", &request_id);
        if let Some(id) = client_id {
            headers.insert("opc-client-request-id", id);
        }
        if !headers.contains_key(DATE) {
            set(headers, "date", &http_date(self.clock.gate_now()));
        }
        response
    }

    /// The client's own id, if it is one, and two parts of ours.
    fn request_id(&self, headers: &HeaderMap) -> String {
        let sent = headers.get("opc-request-id").or_else(|| headers.get("opc-client-request-id"));
        let sent = sent.and_then(|id| id.to_str().ok()).and_then(|id| id.split('/').next());
        let usable = |id: &&str| {
            let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
            !id.is_empty() && id.len() <= 98 && plain
        };
        match sent.filter(usable) {
            Some(id) => format!("{id}/{}", self.ids.request_suffix()),
            None => self.ids.request_suffix(),
        }
    }

    async fn answer(&self, parts: Parts, body: Body) -> Reply {
        let host = parts.headers.get("host").and_then(|host| host.to_str().ok());
        let found = match route::find(services::ALL, host, &parts.method, parts.uri.path()) {
            Ok(found) => found,
            Err(error) => return refuse(&parts.headers, body, error).await,
        };
        let effects = self.faults.effects(found.service.name, found.route.name);
        if !effects.latency.is_zero() {
            tokio::time::sleep(effects.latency).await;
        }
        if let Some(error) = effects.refusal {
            return refuse(&parts.headers, body, error).await;
        }
        let verified = match self.admit(&parts, found.route.sign, effects.skew_seconds) {
            Ok(verified) => verified,
            Err(error) => return skewed_date(refuse(&parts.headers, body, error).await, self, effects.skew_seconds),
        };
        self.settle(self.clock.now());
        let response = self.carry_out(found, parts, body, verified).await?;
        Ok(match effects.cut_body_after {
            Some(bytes) => response.map(|body| cut::after(body, bytes)),
            None => response,
        })
    }

    /// Who calls, if the call is signed as the operation demands.
    fn admit(&self, parts: &Parts, sign: Sign, skew_seconds: i64) -> Result<Verified, Error> {
        let unsigned = !parts.headers.contains_key("authorization");
        if sign == Sign::Never || (sign == Sign::Optional && unsigned) {
            return Ok(Verified { principal: Arc::new(Principal::anonymous()), sha256: None });
        }
        let skew = SignedDuration::from_secs(skew_seconds);
        let now = self.clock.gate_now().saturating_add(skew).unwrap_or(self.clock.gate_now());
        let rule = match sign {
            Sign::HeadersOnly => BodyRule::Unsigned,
            Sign::Certificate => BodyRule::WithoutHost,
            _ => BodyRule::ByMethod,
        };
        verify(&Signed { parts, rule, now }, |key_id| match key_id.strip_prefix("ST$") {
            _ if sign == Sign::Certificate => self.certificate_holder(key_id),
            Some(token) => self.token_signer().ok()?.holder(token, now.as_second()),
            None => self.keys.find(key_id),
        })
    }

    async fn carry_out(&self, found: Found, parts: Parts, body: Body, verified: Verified) -> Reply {
        let Found { route, params, .. } = found;
        let query = parts.uri.query().unwrap_or_default();
        let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let mut call = Call {
            route,
            params,
            query,
            base_url: base_url(&parts.headers),
            headers: parts.headers,
            principal: verified.principal,
            now: self.clock.now(),
            body: Bytes::new(),
            signed_sha256: verified.sha256,
        };
        match route.handler {
            Handler::Streamed(run) => {
                let (pending, waits) = (Pending::new(body), call.headers.contains_key("expect"));
                let reply = run(self.clone(), call, pending.clone()).await;
                if reply.is_err() && !waits {
                    drain(pending.take()).await;
                }
                reply
            }
            Handler::Whole(run) => {
                call.body = read_whole(body, route.max_body).await?;
                check_hash(&call)?;
                if route.repeatable && call.headers.contains_key("opc-retry-token") {
                    return self.carry_out_once(&call, run).await;
                }
                run(self, &call)
            }
        }
    }
}

/// The whole body of an operation that is not streamed.
pub(crate) async fn read_whole(body: Body, most: usize) -> Result<Bytes, Error> {
    let mut stream = body.into_data_stream();
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    let mut length = 0;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Error::unparsable("The request body is incomplete."))?;
        length += chunk.len();
        if length > most {
            drain(Body::from_stream(stream)).await;
            return Err(Error::new(413, "PayloadTooLarge", format!("The body has more than {most} bytes.")));
        }
        // Most bodies come in one piece and are used as they are.
        if first.is_empty() && rest.is_empty() {
            first = chunk;
        } else {
            rest.extend_from_slice(&std::mem::take(&mut first));
            rest.extend_from_slice(&chunk);
        }
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

/// The signature vouches for a hash; the body must have it, and the length that the header states.
pub(crate) fn check_hash(call: &Call) -> Result<(), Error> {
    match &call.signed_sha256 {
        Some(sha256) if BASE64_STANDARD.encode(digest(&SHA256, &call.body)) != *sha256 => {
            Err(Error::not_authenticated("The x-content-sha256 header does not match the request body."))
        }
        _ => Ok(()),
    }
}

/// Refuses without losing the answer: a client that waits for `100 Continue` is answered at once, any other
/// is heard out first.
async fn refuse(headers: &HeaderMap, body: Body, error: Error) -> Reply {
    if !headers.contains_key("expect") {
        drain(body).await;
    }
    Err(error)
}

/// Reads a body and forgets it.
pub(crate) async fn drain(body: Body) {
    let mut stream = body.into_data_stream();
    let mut seen = 0;
    while let Some(Ok(chunk)) = stream.next().await {
        seen += chunk.len() as u64;
        if seen > MAX_DRAINED {
            return;
        }
    }
}

/// A service whose clock is wrong also says so in its `date`.
fn skewed_date(reply: Reply, emulator: &Emulator, skew_seconds: i64) -> Reply {
    let skew = SignedDuration::from_secs(skew_seconds);
    let date = emulator.clock.gate_now().saturating_add(skew).map(http_date);
    match (reply, date) {
        (Err(error), Ok(date)) if skew_seconds != 0 => {
            let mut response = error.into_response();
            set(response.headers_mut(), "date", &date);
            Ok(response)
        }
        (reply, _) => reply,
    }
}

fn base_url(headers: &HeaderMap) -> String {
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    // A proxy in front that ends TLS says so.
    let https = headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
    format!("{}://{host}", if https { "https" } else { "http" })
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

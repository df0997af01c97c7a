//! Retry tokens: a create call that is sent twice happens once.

use axum::body::Body;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::BodyExt;
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use crate::Emulator;
use crate::call::Call;
use crate::error::Error;
use crate::reply::Reply;
use crate::store::{Read, Span, Table};

/// How long a token is remembered, in milliseconds.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;
/// Longest token, in characters.
const MAX_TOKEN: usize = 64;

/// One in so many answers clears away those whose time is over.
const FORGET_EVERY: u64 = 64;

/// A remembered answer.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// Hash of the first request's path and body.
    request: String,
    until_ms: i64,
    status: u16,
    headers: Vec<(String, String)>,
    /// Base64.
    body: String,
}

impl Emulator {
    /// Carries a call out, or repeats the answer of the first call with the same token.
    pub(crate) async fn carry_out_once(&self, call: &Call, run: fn(&Self, &Call) -> Reply) -> Reply {
        let Some(token) = call.header("opc-retry-token").filter(|token| (1..=MAX_TOKEN).contains(&token.len())) else {
            return Err(Error::invalid(format!("opc-retry-token must have 1 to {MAX_TOKEN} characters.")));
        };
        let key = format!("{}\0{}\0{token}", call.principal.id, call.route.name);
        let request = fingerprint(call);
        // Two calls with one token at the same time must not both be the first.
        let _turn = self.retries.lock().await;
        let now = call.now.as_millisecond();
        if let Some(kept) = self.store.get::<Kept>(Table::Retries, key.as_bytes())?.filter(|kept| now < kept.until_ms) {
            return if kept.request == request { kept.answer() } else { Err(reused()) };
        }
        let (parts, body) = run(self, call)?.into_parts();
        let body = body.collect().await.map_err(|error| Error::internal(error.to_string()))?.to_bytes();
        let text = |(name, value): (&HeaderName, &HeaderValue)| {
            value.to_str().ok().map(|value| (name.as_str().to_owned(), value.to_owned()))
        };
        let kept = Kept {
            request,
            until_ms: now + KEPT_MS,
            status: parts.status.as_u16(),
            headers: parts.headers.iter().filter_map(text).collect(),
            body: BASE64_STANDARD.encode(&body),
        };
        self.store.put(Table::Retries, key.as_bytes(), &kept)?;
        if self.ids.number().is_multiple_of(FORGET_EVERY) {
            self.forget_retries(now)?;
        }
        Ok(Response::from_parts(parts, Body::from(body)))
    }
}

impl Emulator {
    fn forget_retries(&self, now_ms: i64) -> Result<(), Error> {
        self.store.write(|writer| {
            let old = writer.list(Table::Retries, &Span::all(), usize::MAX, |kept: &Kept| kept.until_ms <= now_ms)?;
            for (key, _) in old {
                writer.delete(Table::Retries, &key)?;
            }
            Ok(())
        })
    }
}

impl Kept {
    fn answer(&self) -> Reply {
        let body = BASE64_STANDARD.decode(&self.body).map_err(|error| Error::internal(error.to_string()))?;
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or_default();
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().insert(name, value);
            }
        }
        Ok(response)
    }
}

fn reused() -> Error {
    Error::new(409, "InvalidatedRetryToken", "The retry token has been used for another request.")
}

fn fingerprint(call: &Call) -> String {
    let mut hash = Context::new(&SHA256);
    for (_, value) in &call.params {
        hash.update(value.as_bytes());
        hash.update(&[0]);
    }
    hash.update(&call.body);
    BASE64_STANDARD.encode(hash.finish())
}

//! A database behind Oracle REST Data Services: the REST-enabled SQL service of a schema.
//!
//! `POST <url>` with a statement and its binds as JSON. The service answers 200 also when the database refuses a
//! statement, so every item of the answer is looked at. Names of members that Oracle's documentation does not fix for
//! every release can be set; see [`MEMBERS`].

mod login;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use causeway_cloud::results::{Bind, BindValue, Database, Sql, SqlError, SqlFailure};
use causeway_cloud::{Problem, Secrets};
use causeway_oci_auth::effects::{Clock, Exchange, Http, HttpError, Route};
use causeway_resilience::retry::{Decision, Failure, Idempotency, Policy, Retry};
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, Uri};
use serde_json::{Value, json};

use login::Credentials;

/// Name of the service in failures.
const SERVICE: &str = "ords";
/// Largest answer that is read, in bytes, beside what a server may repeat of the request: statement and binds.
const MAX_ANSWER: usize = 1 << 20;
/// An answer may write characters of the request at greater length: `\u0000` for one byte is the longest.
const MAX_REPETITION: usize = 6;
/// Longest text of the database that is kept, in bytes.
const MAX_DETAILS: usize = 500;

/// Members of requests and answers, and names of types, that a server may call otherwise.
const MEMBERS: [&str; 11] = [
    "statementText",
    "binds",
    "name",
    "data_type",
    "value",
    "items",
    "errorCode",
    "errorDetails",
    "VARCHAR",
    "CLOB",
    "NUMBER",
];

/// A schema behind ORDS.
pub(crate) struct Ords {
    http: Arc<dyn Http>,
    clock: Arc<dyn Clock>,
    url: Uri,
    members: BTreeMap<String, String>,
    credentials: Credentials,
}

impl Ords {
    /// The database that the settings name. Nothing is asked before the first statement.
    ///
    /// # Errors
    /// An address that is not https, or a member that is none.
    pub(crate) fn new(
        http: Arc<dyn Http>,
        clock: Arc<dyn Clock>,
        secrets: Arc<dyn Secrets>,
        database: &Database,
    ) -> Result<Self, Problem> {
        if let Some(unknown) = database.members.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(format!("{unknown} is no member of ORDS: expected one of {}", MEMBERS.join(", ")).into());
        }
        let credentials = Credentials::new(secrets, database)?;
        Ok(Self { http, clock, url: address(&database.url)?, members: database.members.clone(), credentials })
    }

    fn member<'a>(&'a self, name: &'a str) -> &'a str {
        self.members.get(name).map_or(name, String::as_str)
    }

    fn body(&self, statement: &str, binds: &[Bind]) -> Bytes {
        let bind = |bind: &Bind| {
            let (kind, value) = match &bind.value {
                BindValue::Text(text) => ("VARCHAR", json!(text)),
                BindValue::LongText(text) => ("CLOB", json!(text)),
                BindValue::Number(number) => ("NUMBER", json!(number)),
            };
            json!({
                self.member("name"): bind.name,
                self.member("data_type"): self.member(kind),
                self.member("value"): value,
            })
        };
        let binds: Vec<_> = binds.iter().map(bind).collect();
        json!({ self.member("statementText"): statement, self.member("binds"): binds }).to_string().into()
    }

    /// One request, with credentials that are asked for anew when they are refused.
    async fn ask(&self, body: &Bytes, deadline: Deadline) -> Result<Response<Bytes>, Asked> {
        let answer = self.send(body, deadline).await?;
        if answer.status() != 401 || !self.credentials.forget() {
            return Ok(answer);
        }
        self.send(body, deadline).await
    }

    async fn send(&self, body: &Bytes, deadline: Deadline) -> Result<Response<Bytes>, Asked> {
        let authorization = self.credentials.header(self.http.as_ref(), deadline).await.map_err(Asked::Credentials)?;
        let request = post(&self.url, authorization, "application/json", body.clone()).map_err(Asked::Credentials)?;
        self.http.send(request, &exchange(deadline, body.len())).await.map_err(Asked::Http)
    }

    fn read(&self, answer: &Response<Bytes>) -> Result<(), SqlFailure> {
        let unreadable = |what: &str| SqlFailure::Service(failure(Kind::BadAnswer, what).with_unknown_effect(true));
        let value: Value = serde_json::from_slice(answer.body()).map_err(|_| unreadable("the answer is no JSON"))?;
        let items = value.get(self.member("items")).and_then(Value::as_array).filter(|items| !items.is_empty());
        let items = items.ok_or_else(|| unreadable("the answer has no items"))?;
        let refused = items.iter().find_map(|item| Some((item, item.get(self.member("errorCode"))?)));
        let Some((item, code)) = refused else { return Ok(()) };
        let details = item.get(self.member("errorDetails")).and_then(Value::as_str).unwrap_or_default();
        let details = details[..details.floor_char_boundary(MAX_DETAILS)].to_owned();
        Err(SqlError { code: error_code(code), details }.into())
    }
}

/// Why a request brought no answer.
enum Asked {
    Http(HttpError),
    Credentials(ServiceFailure),
}

#[async_trait]
impl Sql for Ords {
    async fn execute(&self, statement: &str, binds: &[Bind], deadline: Deadline) -> Result<(), SqlFailure> {
        let body = self.body(statement, binds);
        let now = Instant::now();
        // Statements are written so that a second time changes nothing.
        let mut retry = Retry::new(Policy::function(), Idempotency::Idempotent, now, deadline);
        loop {
            let (seen, told) = match self.ask(&body, deadline).await {
                Ok(answer) if answer.status().is_success() => return self.read(&answer),
                Ok(answer) => refusal(&answer),
                Err(Asked::Credentials(failure)) => return Err(SqlFailure::Service(failure)),
                Err(Asked::Http(error)) => unanswered(&error),
            };
            match retry.next(&seen, Instant::now(), 1.0) {
                Decision::Retry { after } => self.clock.sleep(after).await,
                Decision::GiveUp { .. } => return Err(SqlFailure::Service(told)),
            }
        }
    }
}

fn refusal(answer: &Response<Bytes>) -> (Failure, ServiceFailure) {
    let status = answer.status().as_u16();
    let told = failure(Kind::of_status(status), &format!("status {status}"));
    (Failure::status(status), told.with_answer(Some(status), None).with_unknown_effect(status >= 500))
}

fn unanswered(error: &HttpError) -> (Failure, ServiceFailure) {
    let (seen, kind, is_sent) = match error {
        HttpError::NotSent(_) => (Failure::NeverSent, Kind::Unavailable, false),
        HttpError::TimedOut(_) => (Failure::Timeout { sent: true }, Kind::Timeout, true),
        _ => (Failure::Broken, Kind::Unavailable, true),
    };
    (seen, failure(kind, &error.to_string()).with_unknown_effect(is_sent))
}

fn failure(kind: Kind, reason: &str) -> ServiceFailure {
    ServiceFailure::new(kind, SERVICE, "execute", reason)
}

/// 942, or `ORA-00942`.
fn error_code(code: &Value) -> i64 {
    let digits =
        |text: &str| text.trim_start_matches("ORA-").chars().take_while(char::is_ascii_digit).collect::<String>();
    code.as_i64().or_else(|| digits(code.as_str()?).parse().ok()).unwrap_or_default()
}

fn exchange(deadline: Deadline, asked: usize) -> Exchange {
    let longest = Policy::function().per_try;
    let timeout = deadline.remaining(Instant::now()).map_or(longest, |left| left.min(longest));
    let max_bytes = MAX_ANSWER.saturating_add(asked.saturating_mul(MAX_REPETITION));
    Exchange { timeout: timeout.max(Duration::from_millis(1)), max_bytes, route: Route::Service }
}

fn post(
    url: &Uri,
    authorization: HeaderValue,
    content_type: &'static str,
    body: Bytes,
) -> Result<Request<Bytes>, ServiceFailure> {
    let request = Request::builder().method(Method::POST).uri(url.clone()).header(AUTHORIZATION, authorization);
    let request = request.header(CONTENT_TYPE, content_type).header(ACCEPT, "application/json");
    request.body(body).map_err(|error| failure(Kind::Invalid, &error.to_string()))
}

/// Credentials go over TLS, or to this machine.
fn address(text: &str) -> Result<Uri, Problem> {
    let uri: Uri = text.parse().map_err(|_| "the address of ORDS is no URL")?;
    let host = uri.host().unwrap_or_default();
    let is_here = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
    let is_safe = uri.scheme_str() == Some("https") || (uri.scheme_str() == Some("http") && is_here);
    if !is_safe || host.is_empty() || uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("the address of ORDS must be https, without credentials in it".into());
    }
    Ok(uri)
}

#[cfg(test)]
mod tests;

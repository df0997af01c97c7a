//! Groups `call`, `error_body` and `pagination`: a client's calls against canned replies.
//!
//! Compared are the requests in their order, with method, target and whether the old or the renewed credentials
//! signed them, and what the caller got in the end. A repeat must carry a date of its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use causeway_oci_auth::call::{Call, CallError};
use causeway_oci_auth::encode::Query;
use causeway_oci_auth::key::PrivateKey;
use causeway_oci_auth::page::{Pages, next_page, next_start};
use causeway_oci_auth::{Effects, Error, Provider, ServiceError, Snapshot};
use causeway_resilience::retry::Policy;
use http::{Request, Response};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::case::{Case, Check, same};
use super::keys::snapshot;
use super::stub::World;
use super::wire::Authorization;

const HOST: &str = "https://objectstorage.us-phoenix-1.oraclecloud.com";

/// Credentials named `old`, and `new` after a renewal.
#[derive(Debug)]
struct Renewable {
    key: Arc<PrivateKey>,
    can_renew: bool,
}

impl Renewable {
    fn named(&self, name: &str) -> Arc<Snapshot> {
        Arc::new(snapshot(Arc::clone(&self.key), name))
    }
}

#[async_trait]
impl Provider for Renewable {
    fn name(&self) -> &'static str {
        "vectors"
    }

    async fn snapshot(&self) -> Result<Arc<Snapshot>, Error> {
        Ok(self.named("old"))
    }

    async fn renew(&self, used: &Arc<Snapshot>) -> Result<Option<Arc<Snapshot>>, Error> {
        Ok((self.can_renew && used.key_id.expose() == "old").then(|| self.named("new")))
    }
}

/// A case's canned replies and the client that meets them.
struct Scene {
    world: Arc<World>,
    effects: Effects,
    provider: Renewable,
    policy: Policy,
}

impl Scene {
    fn new(case: &Case<'_>, key: Arc<PrivateKey>) -> Result<Self, String> {
        let replies = case.list("replies").map(|reply| response(&reply)).collect::<Result<Vec<_>, _>>()?;
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_780_000_000);
        let world = World::new(now, None, Box::new(move |_, at| replies.get(at).cloned()));
        let effects = world.effects(HashMap::new());
        let says = |words: &[&str]| {
            let text = format!("{} {}", case.id(), case.maybe_text("desc").unwrap_or_default()).to_lowercase();
            words.iter().any(|word| text.contains(word))
        };
        let renews = case.list("requests").any(|request| request.maybe_text("credentials") == Some("new"));
        let cannot = says(&["api-key", "cannot refresh", "cannot renew", "no-refresh", "not refreshable"]);
        // Cases about error bodies are not about renewal; whose client they were recorded with shows in the requests.
        let can_renew = !cannot && (case.group() == "call" || renews);
        let once = case.group() != "call" || says(&["no-retry", "no retry", "without retry", "without a retry"]);
        let policy = if once { Policy::never() } else { Policy::oci_default() };
        Ok(Self { world, effects, provider: Renewable { key, can_renew }, policy })
    }

    async fn send(&self, method: &str, target: &str) -> Result<Response<Bytes>, CallError> {
        let request = Request::builder().method(method).uri(format!("{HOST}{target}")).body(Bytes::new());
        let request = request.map_err(|error| Error::Unsignable(error.to_string()))?;
        let call = Call { policy: self.policy.clone(), ..Call::new(&self.effects, &self.provider, "object storage") };
        call.send(&request).await
    }

    /// What was sent, against the case's `requests`.
    fn compare(&self, case: &Case<'_>) -> Check {
        let sent = self.world.sent();
        let found = sent.iter().map(described).collect::<Result<Vec<_>, _>>()?;
        let expected = case.list("requests").map(|request| {
            let text = |name| request.text(name).map(str::to_owned);
            Ok((text("method")?, text("request_target")?, text("credentials")?))
        });
        same("requests", &found, &expected.collect::<Result<Vec<_>, String>>()?)?;
        let dates: Vec<_> = sent.iter().map(|request| request.headers().get("date")).collect();
        let repeated = dates.windows(2).any(|pair| pair[0] == pair[1]);
        if repeated { Err("a repeat carries the date of the try before".to_owned()) } else { Ok(()) }
    }
}

fn described(request: &Request<Bytes>) -> Result<(String, String, String), String> {
    let target = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let credentials = Authorization::of(request)?.get("keyId")?.to_owned();
    Ok((request.method().to_string(), target.to_owned(), credentials))
}

fn response(reply: &Case<'_>) -> Result<Response<Bytes>, String> {
    let status = reply.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    let mut response = Response::builder().status(status.ok_or("a reply without status")?);
    for (name, value) in reply.members("headers") {
        response = response.header(name, value.as_str().unwrap_or_default());
    }
    let body = Bytes::from(reply.maybe_text("body").unwrap_or_default().to_owned());
    response.body(body).map_err(|error| error.to_string())
}

pub(crate) async fn check(case: &Case<'_>, key: Arc<PrivateKey>) -> Check {
    let scene = Scene::new(case, key)?;
    let first = case.list("requests").next().ok_or("no requests")?;
    let outcome = scene.send(first.text("method")?, first.text("request_target")?).await;
    scene.compare(case)?;
    let expect = case.at("expect")?;
    match outcome {
        Ok(answer) => succeeded(&answer, &expect),
        Err(CallError::Refused { error, .. }) => {
            same("success", &Some(false), &expect.flag("ok"))?;
            refused(&error, &expect.at("error")?)
        }
        Err(error) => Err(error.to_string()),
    }?;
    let pauses = scene.world.slept().len();
    same("pauses", &pauses, &pauses_expected(case))
}

/// There is a pause before each repeat, except after a 401.
fn pauses_expected(case: &Case<'_>) -> usize {
    let repeats = case.list("requests").count().saturating_sub(1);
    let replies = case.list("replies").take(repeats);
    replies.filter(|reply| reply.get("status").and_then(Value::as_u64) != Some(401)).count()
}

fn succeeded(answer: &Response<Bytes>, expect: &Case<'_>) -> Check {
    same("success", &Some(true), &expect.flag("ok"))?;
    let Some(expected) = expect.get("result") else { return Ok(()) };
    let found = serde_json::from_slice::<Value>(answer.body()).map_err(|error| error.to_string())?;
    same("result", &found, expected)
}

fn refused(error: &ServiceError, expect: &Case<'_>) -> Check {
    same("status", &Some(u64::from(error.status)), &expect.get("status").and_then(Value::as_u64))?;
    let code = expect.get("code").map(|code| code.as_str().map_or_else(|| code.to_string(), str::to_owned));
    same("code", &error.code, &code)?;
    same("opc_request_id", &error.opc_request_id.as_deref(), &expect.maybe_text("opc_request_id"))?;
    let expected = expect.maybe_text("message").unwrap_or_default();
    // Where the body has something else than a text, the SDK hands out how Python writes it, and ours is its JSON.
    let as_python = serde_json::from_str::<Value>(&error.message).is_ok_and(|value| python(&value) == expected);
    if as_python { Ok(()) } else { same("message", &error.message.as_str(), &expected) }
}

/// A value as Python prints it.
fn python(value: &Value) -> String {
    let list = |items: Vec<String>, open: char, close: char| format!("{open}{}{close}", items.join(", "));
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("'{text}'"),
        Value::Array(items) => list(items.iter().map(python).collect(), '[', ']'),
        Value::Object(members) => {
            list(members.iter().map(|(name, value)| format!("'{name}': {}", python(value))).collect(), '{', '}')
        }
    }
}

/// How a service counts its pages.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    Header,
    Body,
}

pub(crate) async fn pages(case: &Case<'_>, key: Arc<PrivateKey>) -> Check {
    let scene = Scene::new(case, key)?;
    let (mut pages, mut items) = (Pages::default(), Vec::new());
    let requests: Vec<_> = case.list("requests").collect();
    let first = requests.first().ok_or("no requests")?.text("request_target")?;
    for at in 0.. {
        // The order of the parameters is the caller's, so it is taken from the case; their values are not.
        let order = requests.get(at).map_or(Ok(first), |request| request.text("request_target"))?;
        let target = with_token(first, order, pages.token());
        let answer = scene.send("GET", &target).await.map_err(|error| error.to_string())?;
        let body = serde_json::from_slice::<Value>(answer.body()).map_err(|error| error.to_string())?;
        items.extend(names(&body));
        let style = if body.is_object() && body.get("objects").is_some() { Style::Body } else { Style::Header };
        let next = if style == Style::Body { next_start(&body) } else { next_page(answer.headers()) };
        if !pages.turn(next).map_err(|error| error.to_string())? {
            break;
        }
    }
    scene.compare(case)?;
    same("success", &Some(true), &case.at("expect")?.flag("ok"))?;
    same("items", &Value::from(items), case.at("expect")?.get("result").unwrap_or(&Value::Null))
}

/// The first request's target with the token as `page` or `start`, whichever `order` has.
fn with_token(first: &str, order: &str, token: Option<&str>) -> String {
    let (path, query) = first.split_once('?').unwrap_or((first, ""));
    let known: HashMap<_, _> = pairs(query).collect();
    let order = order.split_once('?').unwrap_or_default().1;
    let query = pairs(order).fold(Query::form(), |query, (key, _)| match (known.get(&key), token) {
        (Some(value), _) => query.text(&key, value),
        (None, Some(token)) if key == "page" || key == "start" => query.text(&key, token),
        (None, _) => query,
    });
    query.append_to(path)
}

fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    query.split('&').filter_map(move |pair| pair.split_once('=').map(|(key, value)| (decoded(key), decoded(value))))
}

/// The names of a page's items.
fn names(body: &Value) -> Vec<String> {
    let lists = body.as_array().or_else(|| body.as_object()?.values().find_map(Value::as_array));
    let name =
        |item: &Value| ["name", "displayName", "id"].iter().find_map(|key| item.get(key)?.as_str().map(str::to_owned));
    lists.into_iter().flatten().filter_map(|item| name(item).or_else(|| item.as_str().map(str::to_owned))).collect()
}

//! Groups `instance_principal` and `resource_principal_flow`: credentials that are fetched, against recorded exchanges.
//!
//! The SDK reads some things twice, so not the whole list is compared but
//! - the set of reads from the metadata service,
//! - the order of all other requests, repeats in a row counted once,
//! - of each of those: method, URL, body as JSON, headers, the hash of our own body, signed headers and key id,
//! - and the signature: the recorded request is signed again, with the key that made ours and the recorded date.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use causeway_oci_auth::endpoint::Endpoints;
use causeway_oci_auth::principals::{delegation, instance, resource};
use causeway_oci_auth::sign::{Body, Signer};
use causeway_oci_auth::{Effects, Error, Provider, Secret};
use serde_json::Value;

use super::answers::Answers;
use super::case::{Case, Check, same, variables};
use super::keys::{Keys, snapshot};
use super::outcome::{Expected, compare, is_that, signs};
use super::stub::World;
use super::wire::{self, Authorization};

type Sent = http::Request<bytes::Bytes>;

/// Headers that are the signature's or each client's own.
const NOT_COMPARED: [&str; 12] = [
    "authorization",
    "date",
    "host",
    "content-length",
    "x-content-sha256",
    "opc-request-id",
    "opc-client-info",
    "opc-client-retries",
    "user-agent",
    "accept",
    "accept-encoding",
    "connection",
];

pub(crate) async fn check(case: &Case<'_>, keys: &Keys<'_>) -> Check {
    let now = case.time("now").ok_or("the case has no time \"now\"")?;
    let answers = Answers::of(case, keys)?;
    let session = case.maybe_text("session_key").map(|name| keys.pem(name).map(str::to_owned)).transpose()?;
    let world = World::new(now, session, Box::new(move |request, _| answers.to(request)));
    let effects = world.effects(variables(case));
    let provider = match provider(case, &effects) {
        Ok(provider) => provider.snapshot().await,
        Err(error) => Err(error),
    };
    let expected = Expected::of(case)?;
    let snapshot = match (provider, expected) {
        (Err(error), Expected::Failure(words)) => return is_that(&error, words),
        (Err(_), Expected::Either(_)) => return Ok(()),
        (Err(error), _) => return Err(error.to_string()),
        (Ok(_), Expected::Failure(words)) => return Err(format!("gives credentials; expected {words}")),
        (Ok(snapshot), _) => snapshot,
    };
    if !case.expects_success()? {
        // The SDK failed where we do not: its exchanges are no measure.
        let token = case.text("rpst")?;
        same("key id", &snapshot.key_id.expose(), &format!("ST${token}").as_str())?;
        return parent_as_given(case, &world.sent());
    }
    let expect = case.at("expect")?;
    compare(&snapshot, now, &expect, None)?;
    signs(&snapshot, case.date("date").unwrap_or(now), &expect)?;
    exchanges(case, keys, &world.sent())
}

fn provider(case: &Case<'_>, effects: &Effects) -> Result<Arc<dyn Provider>, Error> {
    if case.group() != "instance_principal" {
        return resource::from_environment(effects);
    }
    let recorded = case.list("http").find_map(|request| body(&request)?.get("purpose")?.as_str().map(str::to_owned));
    let settings = instance::Settings { purpose: recorded, ..instance::Settings::default() };
    let principal = instance::with_settings(effects, Endpoints::new(effects.clone())?, settings)?;
    Ok(match obo_token(case) {
        Some(token) => {
            let token = delegation::TokenPlace::Here(Secret::from(token));
            Arc::new(delegation::Delegation::new(effects.clone(), principal, token))
        }
        None => principal,
    })
}

/// The delegation token that the case was recorded with.
fn obo_token<'a>(case: &Case<'a>) -> Option<&'a str> {
    let signed = case.at("expect").ok()?.at("signed").ok()?.maybe_text("signing_string")?;
    signed.lines().find_map(|line| line.strip_prefix("opc-obo-token: "))
}

/// The body of a recorded request, as JSON.
fn body(recorded: &Case<'_>) -> Option<Value> {
    serde_json::from_slice(&recorded.bytes("body_b64").ok()??).ok()
}

fn parent_as_given(case: &Case<'_>, sent: &[Sent]) -> Check {
    let Some(url) = variables(case).remove("OCI_RESOURCE_PRINCIPAL_RPT_URL_FOR_PARENT_RESOURCE") else { return Ok(()) };
    let found: Vec<_> =
        sent.iter().filter(|request| request.method() == "GET").map(|request| request.uri().to_string()).collect();
    if found.contains(&url) { Ok(()) } else { Err(format!("no GET of {url}; sent: {found:?}")) }
}

fn exchanges(case: &Case<'_>, keys: &Keys<'_>, sent: &[Sent]) -> Check {
    let (reads, found) = sorted(sent.iter(), of_sent);
    let (recorded_reads, recorded) = sorted(case.list("http"), of_recorded);
    same("reads of the metadata service", &reads, &recorded_reads)?;
    same("requests", &found.1, &recorded.1)?;
    found.0.iter().zip(&recorded.0).try_for_each(|(found, recorded)| {
        exchange(found, recorded, keys).map_err(|why| format!("{} {}: {why}", found.method(), found.uri()))
    })
}

/// A request's place, and whether it is a read of the metadata service.
struct Step {
    place: String,
    is_read: bool,
}

impl Step {
    fn new(method: &str, url: &str, authorization: Option<&str>) -> Self {
        Self { place: format!("{method} {url}"), is_read: authorization == Some("Bearer Oracle") }
    }
}

fn of_sent(request: &&Sent) -> Step {
    let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    Step::new(request.method().as_str(), &request.uri().to_string(), authorization)
}

fn of_recorded(request: &Case<'_>) -> Step {
    let headers = request.at("headers").ok();
    let authorization = headers.as_ref().and_then(|headers| headers.maybe_text("authorization"));
    let text = |name| request.maybe_text(name).unwrap_or_default();
    Step::new(text("method"), text("url"), authorization)
}

/// The reads as a set, and the other requests with their places, repeats in a row left out.
fn sorted<T>(
    requests: impl Iterator<Item = T>,
    step: impl Fn(&T) -> Step,
) -> (BTreeSet<String>, (Vec<T>, Vec<String>)) {
    let (mut reads, mut others, mut places) = (BTreeSet::new(), Vec::new(), Vec::new());
    for request in requests {
        let Step { place, is_read } = step(&request);
        if is_read {
            reads.insert(place);
        } else if places.last() != Some(&place) {
            others.push(request);
            places.push(place);
        }
    }
    (reads, (others, places))
}

fn exchange(found: &Sent, recorded: &Case<'_>, keys: &Keys<'_>) -> Check {
    let content = recorded.bytes("body_b64")?.unwrap_or_default();
    same_bodies(found, &content)?;
    for (name, value) in recorded.members("headers") {
        let is_content_type_of_nothing = name == "content-type" && content.is_empty();
        if !NOT_COMPARED.contains(&name) && !is_content_type_of_nothing {
            let found = found.headers().get(name).and_then(|value| value.to_str().ok());
            same(name, &found, &value.as_str())?;
        }
    }
    if recorded.get("signed").is_none() {
        return Ok(());
    }
    let authorization = Authorization::of(found)?;
    let key = keys.signer_of(&wire::message(found)?, &authorization.signature()?);
    let key = key.ok_or("no key of the file made the signature, or it does not cover what was sent")?;
    let mut again = wire::request(recorded, recorded.text("url")?, &NOT_COMPARED_BUT_DATE)?;
    let (content_headers, generic): (Vec<_>, Vec<_>) =
        authorization.get("headers")?.split(' ').partition(|name| name.contains("content-"));
    let signer = Signer::new(&generic, &content_headers).map_err(|error| error.to_string())?;
    let body = if content.is_empty() { Body::None } else { Body::Hashed(&content) };
    let signed = signer.sign(&mut again, body, &snapshot(key, authorization.get("keyId")?), SystemTime::UNIX_EPOCH);
    signed.map_err(|error| error.to_string())?;
    let ours = recorded.members("headers").filter(|(name, _)| NOT_COMPARED_BUT_DATE.contains(name));
    wire::compare_added(&again, &ours.collect::<Vec<_>>())?;
    wire::compare(&again, &recorded.at("signed")?)
}

/// The date is kept: the recorded signature covers it.
const NOT_COMPARED_BUT_DATE: [&str; 4] = ["authorization", "host", "content-length", "x-content-sha256"];

/// Equal as JSON, and as bytes where the recorded text has the same layout; the hash is that of our own body.
fn same_bodies(found: &Sent, recorded: &[u8]) -> Check {
    let parsed = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
    if recorded.is_empty() || parsed(recorded).is_none() {
        same("body", &found.body().as_ref(), &recorded)?;
    } else {
        same("body", &parsed(found.body()), &parsed(recorded))?;
    }
    let Some(hash) = found.headers().get("x-content-sha256") else { return Ok(()) };
    let expected = STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, found.body()));
    same("hash of our body", &hash.to_str().ok(), &Some(expected.as_str()))
}

//! No secret is ever shown: not by `Debug`, not by `Display`, not in a failure.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::HashMap;
use std::fmt::{Debug, Display};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use causeway_oci_auth::call::{Call, CallError};
use causeway_oci_auth::effects::{Exchange, Http, HttpError};
use causeway_oci_auth::key::PrivateKey;
use causeway_oci_auth::principals::resource;
use causeway_oci_auth::sign::{Body, Signer, sign};
use causeway_oci_auth::token::Token;
use causeway_oci_auth::{Effects, Error, Provider, Secret, Snapshot};
use http::{Request, Response};

/// Not to be seen anywhere. Letters only, so that it can be part of a token, a passphrase and a PEM text.
const CANARY: &str = "canaryCanaryCANARY";
const PEM: &str = include_str!("data/throw-away-session.pem");
const ENCRYPTED: &str = include_str!("data/throw-away-session-encrypted.pem");

/// A line from the middle of the key.
fn key_line() -> &'static str {
    PEM.lines().nth(12).unwrap()
}

#[track_caller]
fn hides(texts: &[String]) {
    for text in texts {
        assert!(!text.contains(CANARY) && !text.contains(key_line()), "{text}");
        let bytes = format!("{:?}", CANARY.as_bytes());
        assert!(!text.contains(bytes.trim_matches(['[', ']'])), "{text}");
    }
}

fn debug(value: &impl Debug) -> String {
    format!("{value:?} {value:#?}")
}

fn failure(error: &(impl Debug + Display)) -> String {
    format!("{error} {}", debug(error))
}

/// A token whose parts hold the canary in clear and in its claims.
fn token() -> String {
    let claims = format!(r#"{{"exp": 99999999999, "sub": "{CANARY}", "res_tenant": "t"}}"#);
    format!("{CANARY}.{}.{CANARY}", URL_SAFE_NO_PAD.encode(claims))
}

fn snapshot() -> Snapshot {
    let key = Arc::new(PrivateKey::from_pem(PEM.as_bytes(), None).unwrap());
    let (tenancy, compartment, region) = (Some("t".to_owned()), None, None);
    let (key_id, delegation) = (Secret::new(format!("ST${}", token())), Some(Secret::from(CANARY)));
    Snapshot { key_id, key, not_after: Some(SystemTime::UNIX_EPOCH), tenancy, compartment, region, delegation }
}

#[test]
fn values() {
    let (snapshot, secret) = (snapshot(), Secret::from(CANARY));
    let token = Token::parse(&token()).unwrap();
    hides(&[debug(&snapshot), debug(&snapshot.key), debug(&secret), debug(&token), debug(&Some(token.key_id()))]);
    hides(&[debug(&Body::Hashed(CANARY.as_bytes())), debug(&Signer::STANDARD), debug(&Effects::default())]);
}

#[test]
fn a_signed_request() {
    let mut request = Request::post("https://h/").body(()).unwrap();
    sign(&mut request, Body::None, &snapshot(), SystemTime::UNIX_EPOCH).unwrap();
    // They are there, and marked.
    assert!(request.headers()["authorization"].to_str().unwrap().contains(CANARY));
    assert_eq!(request.headers()["opc-obo-token"], CANARY);
    hides(&[debug(&request), debug(request.headers())]);
}

#[test]
fn refused_requests() {
    let broken = Snapshot { key_id: Secret::new(format!("{CANARY}\"")), ..snapshot() };
    let obo = Snapshot { delegation: Some(Secret::new(format!("{CANARY}\n"))), ..snapshot() };
    for snapshot in [broken, obo] {
        let mut request = Request::get("https://h/").body(()).unwrap();
        hides(&[failure(&sign(&mut request, Body::None, &snapshot, SystemTime::UNIX_EPOCH).unwrap_err())]);
    }
    for (name, value) in
        [("date", format!("{CANARY}\u{e9}")), ("host", format!("{CANARY}\u{e9}")), ("date", format!("{CANARY}\tx"))]
    {
        let mut request = Request::get("https://h/").header(name, value).body(()).unwrap();
        hides(&[failure(&sign(&mut request, Body::None, &snapshot(), SystemTime::UNIX_EPOCH).unwrap_err())]);
    }
    for uri in [format!("https://u:{CANARY}@h/"), format!("https://h/{CANARY}\u{e9}"), format!("/{CANARY}")] {
        let mut request = Request::get(uri).body(()).unwrap();
        hides(&[failure(&sign(&mut request, Body::None, &snapshot(), SystemTime::UNIX_EPOCH).unwrap_err())]);
    }
}

#[test]
fn bad_keys_and_tokens() {
    let damaged = PEM.replacen(&key_line()[..9], CANARY, 1);
    let texts = [damaged.as_str(), CANARY, &PEM[..900], ENCRYPTED, &ENCRYPTED.replacen("\nM", CANARY, 1)];
    for text in texts {
        for passphrase in [None, Some(Secret::from(CANARY))] {
            hides(&[failure(&PrivateKey::from_pem(text.as_bytes(), passphrase.as_ref()).unwrap_err())]);
        }
    }
    for text in [CANARY.to_owned(), format!("{CANARY}.{CANARY}.{CANARY}"), format!("{}.x", token())] {
        hides(&[failure(&Token::parse(&text).unwrap_err())]);
    }
}

#[tokio::test]
async fn principals() {
    let prefix = |name: &str| format!("OCI_RESOURCE_PRINCIPAL_{name}");
    for (rpst, pem, passphrase) in [
        (token(), PEM.to_owned(), None),
        (format!("{CANARY}.{CANARY}"), PEM.to_owned(), None),
        (token(), PEM.replacen(key_line(), CANARY, 1), None),
        (token(), ENCRYPTED.to_owned(), Some(CANARY)),
        (token(), PEM.to_owned(), Some("/file")),
        ("/token".to_owned(), PEM.to_owned(), None),
    ] {
        let mut variables = HashMap::from([(prefix("VERSION"), "2.2".to_owned())]);
        variables.extend([(prefix("RPST"), rpst), (prefix("PRIVATE_PEM"), pem)]);
        variables.extend(passphrase.map(|text| (prefix("PRIVATE_PEM_PASSPHRASE"), text.to_owned())));
        let files = HashMap::from([(PathBuf::from("/token"), format!("{CANARY}.{CANARY}").into_bytes())]);
        let effects = Effects { environment: Arc::new(variables), files: Arc::new(files), ..Effects::default() };
        match resource::from_environment(&effects) {
            Err(error) => hides(&[failure(&error)]),
            Ok(provider) => {
                hides(&[debug(&provider)]);
                match provider.snapshot().await {
                    Ok(snapshot) => hides(&[debug(&snapshot), debug(&provider)]),
                    Err(error) => hides(&[failure(&error), debug(&provider)]),
                }
            }
        }
    }
}

/// Answers everything with 401 and repeats what it was sent, as a proxy might: as it is, or as these members.
struct Echo(&'static [&'static str]);

#[async_trait]
impl Http for Echo {
    async fn send(&self, request: Request<Bytes>, _: &Exchange) -> Result<Response<Bytes>, HttpError> {
        let sent = request.headers()["authorization"].to_str().unwrap().to_owned();
        let members: serde_json::Map<_, _> =
            self.0.iter().map(|name| ((*name).to_owned(), sent.as_str().into())).collect();
        let body = if members.is_empty() { sent } else { serde_json::Value::from(members).to_string() };
        Ok(Response::builder().status(401).body(Bytes::from(body)).unwrap())
    }
}

#[derive(Debug)]
struct Fixed(Arc<Snapshot>);

#[async_trait]
impl Provider for Fixed {
    fn name(&self) -> &'static str {
        "fixed"
    }

    async fn snapshot(&self) -> Result<Arc<Snapshot>, Error> {
        Ok(Arc::clone(&self.0))
    }

    async fn renew(&self, _: &Arc<Snapshot>) -> Result<Option<Arc<Snapshot>>, Error> {
        Err(Error::NoEffect("renewal"))
    }
}

#[tokio::test]
async fn calls() {
    let provider = Fixed(Arc::new(snapshot()));
    for members in [&[][..], &["code", "message"], &["error", "message"]] {
        call(&provider, members).await;
    }
}

async fn call(provider: &Fixed, members: &'static [&'static str]) {
    let effects = Effects { http: Arc::new(Echo(members)), ..Effects::default() };
    let call = Call::new(&effects, provider, "queue");
    let error = call.send(&Request::get("https://h/").body(Bytes::new()).unwrap()).await.unwrap_err();
    let CallError::Refused { error: answer, .. } = &error else { panic!("{error}") };
    assert!(answer.message.contains(CANARY), "the service's message is for whoever asks for it by name");
    hides(&[failure(&error), failure(answer), debug(&call), debug(provider)]);
}

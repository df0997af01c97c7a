//! Laws of signing and encoding, for requests nobody wrote down.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use causeway_oci_auth::encode::{PathError, Query, Slash, path};
use causeway_oci_auth::key::PrivateKey;
use causeway_oci_auth::sign::{Body, Signer};
use causeway_oci_auth::{Error, Secret, Snapshot};
use http::Request;
use percent_encoding::percent_decode_str;
use proptest::prelude::*;

static KEY: LazyLock<Arc<PrivateKey>> =
    LazyLock::new(|| Arc::new(PrivateKey::from_pem(include_bytes!("data/throw-away-session.pem"), None).unwrap()));

fn snapshot(key_id: &str, delegation: Option<&str>) -> Snapshot {
    let (not_after, tenancy, compartment, region) = (None, None, None, None);
    let (key_id, delegation) = (Secret::from(key_id), delegation.map(Secret::from));
    Snapshot { key_id, key: Arc::clone(&KEY), not_after, tenancy, compartment, region, delegation }
}

/// A server: it knows the public key and sees the request, nothing else. `None` when it answers 401.
fn verified(request: &Request<Vec<u8>>) -> Option<()> {
    let header = |name: &str| {
        let mut values = request.headers().get_all(name).iter();
        let only = values.next().filter(|_| values.next().is_none())?;
        only.to_str().ok().map(str::trim)
    };
    let parameters = header("authorization")?.strip_prefix("Signature ")?.strip_suffix('"')?;
    let parameters: HashMap<_, _> = parameters.split("\",").filter_map(|part| part.split_once("=\"")).collect();
    let names = parameters.get("headers")?.split(' ').collect::<Vec<_>>();
    let target = request.uri().path_and_query()?.as_str();
    let mut lines = Vec::new();
    for name in &names {
        lines.push(match *name {
            "(request-target)" => format!("{name}: {} {target}", request.method().as_str().to_lowercase()),
            name => format!("{name}: {}", header(name)?),
        });
    }
    if names.contains(&"x-content-sha256") {
        let hash = STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, request.body()));
        let fits = header("x-content-sha256")? == hash && header("content-length")? == request.body().len().to_string();
        fits.then_some(())?;
    }
    let signature = STANDARD.decode(parameters.get("signature")?).ok()?;
    KEY.verify(lines.join("\n").as_bytes(), &signature).then_some(())
}

fn method() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["GET", "HEAD", "DELETE", "POST", "PUT", "PATCH"])
}

/// Everything that may stand in a URL's path and query, escapes in either case among it.
fn target() -> impl Strategy<Value = String> {
    (
        "(/([a-zA-Z0-9._~!$&'()*+,;=:@-]|%[0-9a-fA-F]{2}){0,9}){1,4}",
        prop::option::of("([a-zA-Z0-9._~!$&'()*+,;=:@/?-]|%[0-9a-fA-F]{2}){0,30}"),
    )
        .prop_map(|(path, query)| query.map_or(path.clone(), |query| format!("{path}?{query}")))
}

fn host() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["h", "ObjectStorage.Example.COM", "127.0.0.1:8080", "[fd00::1]:443", "h:443"])
}

#[derive(Debug)]
struct Sketch {
    method: &'static str,
    url: String,
    content: Vec<u8>,
    content_type: Option<String>,
    delegation: Option<String>,
    exempt: bool,
    seconds: u64,
}

impl Sketch {
    fn signed(&self) -> Request<Vec<u8>> {
        let mut request = Request::builder().method(self.method).uri(&self.url);
        if let Some(content_type) = &self.content_type {
            request = request.header("content-type", content_type);
        }
        let mut request = request.body(self.content.clone()).unwrap();
        let body = if self.exempt { Body::Exempt } else { Body::Hashed(&self.content) };
        let snapshot = snapshot("ST$a.b.c", self.delegation.as_deref());
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(self.seconds);
        Signer::STANDARD.sign(&mut request, body, &snapshot, now).unwrap();
        request
    }
}

prop_compose! {
    fn sketch()(
        method in method(),
        host in host(),
        target in target(),
        content in prop::collection::vec(any::<u8>(), 0..200),
        content_type in prop::option::of(" {0,2}[!-~]{1,20}( [!-~]{1,9})? {0,2}"),
        delegation in prop::option::of("[!-~]{1,40}"),
        exempt in any::<bool>(),
        seconds in 0_u64..253_402_300_800,
    ) -> Sketch {
        Sketch { method, url: format!("https://{host}{target}"), content, content_type, delegation, exempt, seconds }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_server_verifies_what_is_signed(sketch in sketch()) {
        prop_assert!(verified(&sketch.signed()).is_some(), "{sketch:?}");
    }

    #[test]
    fn a_server_notices_what_is_changed(sketch in sketch(), change in 0..5) {
        let mut request = sketch.signed();
        let covers_body = ["POST", "PUT", "PATCH"].contains(&sketch.method) && !sketch.exempt;
        match change {
            0 => *request.uri_mut() = format!("{}x", sketch.url).parse().unwrap(),
            1 => { request.headers_mut().insert("date", "another".parse().unwrap()); }
            2 => { request.headers_mut().insert("host", "another".parse().unwrap()); }
            3 => *request.method_mut() = if sketch.method == "GET" { http::Method::DELETE } else { http::Method::GET },
            _ if covers_body => request.body_mut().push(0),
            _ => { request.headers_mut().remove("host"); }
        }
        prop_assert!(verified(&request).is_none(), "{sketch:?}");
    }

    #[test]
    fn what_cannot_be_verified_is_not_signed(
        name in "date|host|content-type",
        value in prop::collection::vec(any::<u8>(), 0..9),
    ) {
        let Ok(value) = http::HeaderValue::from_bytes(&value) else { return Ok(()) };
        let mut request = Request::post("https://h/").header(name.as_str(), value).body(Vec::new()).unwrap();
        match Signer::STANDARD.sign(&mut request, Body::None, &snapshot("k", None), SystemTime::UNIX_EPOCH) {
            Ok(()) => prop_assert!(verified(&request).is_some(), "{request:?}"),
            Err(error) => {
                prop_assert!(error.to_string().contains(&name), "{error}");
                prop_assert!(!request.headers().contains_key("authorization"));
            }
        }
    }

    #[test]
    fn paths_lead_back_to_their_names(name in "\\PC{1,20}|[./a%\\\\]{1,6}", strict in any::<bool>()) {
        let slash = if strict { Slash::Escape } else { Slash::Keep };
        match path("/o/{name}", &[("name", name.as_str())], slash) {
            Ok(path) => {
                let tail = path.strip_prefix("/o/").unwrap();
                prop_assert_eq!(percent_decode_str(tail).decode_utf8().unwrap(), name.as_str());
                prop_assert!(!strict || !tail.contains('/'));
                let url = format!("https://h{path}");
                let parsed = reqwest::Url::parse(&url).unwrap();
                prop_assert_eq!(parsed.as_str(), url.as_str(), "a URL type rewrites it");
                let uri = url.parse::<http::Uri>().unwrap();
                prop_assert_eq!(uri.path(), path);
            }
            Err(error) => {
                prop_assert_eq!(error, PathError::DotSegment);
                prop_assert!(name == "." || name == "..");
            }
        }
    }

    #[test]
    fn queries_lead_back_to_their_pairs(pairs in prop::collection::vec(("\\PC{0,8}", "\\PC{0,8}"), 1..5)) {
        let add = |query, (key, value): &(String, String)| Query::text(query, key, value);
        let plain = pairs.iter().fold(Query::new(), add).append_to("/");
        let form = pairs.iter().fold(Query::form(), add).append_to("/");
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
        let split = |text: &str| -> Vec<_> {
            let pairs = text.strip_prefix("/?").unwrap().split('&').map(|pair| pair.split_once('=').unwrap());
            pairs.map(|(key, value)| (decoded(key), decoded(value))).collect()
        };
        prop_assert_eq!(&split(&plain), &pairs);
        prop_assert_eq!(&split(&form.replace('+', "%20")), &pairs);
        for target in [plain, form] {
            let url = format!("https://h{target}");
            let parsed = reqwest::Url::parse(&url).unwrap();
            prop_assert_eq!(parsed.as_str(), url.as_str(), "a URL type rewrites it");
            prop_assert!(url.parse::<http::Uri>().is_ok());
        }
    }

    #[test]
    fn hostile_names_and_ids_are_errors_and_not_panics(
        names in prop::collection::vec("\\PC{0,9}|date|host", 0..4),
        key_id in "\\PC{0,12}",
    ) {
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let Ok(signer) = Signer::new(&names, &[]) else { return Ok(()) };
        let mut request = Request::get("https://h/").body(Vec::new()).unwrap();
        match signer.sign(&mut request, Body::None, &snapshot(&key_id, None), SystemTime::UNIX_EPOCH) {
            Ok(()) => prop_assert!(verified(&request).is_some()),
            Err(error) => prop_assert!(matches!(error, Error::Unsignable(_))),
        }
    }
}

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::request::Builder;

use super::*;
use crate::{Secret, test_keys};

const EMPTY_HASH: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
const DATE: &str = "Tue, 09 Jun 2026 07:05:03 GMT";

fn now() -> SystemTime {
    httpdate::parse_http_date(DATE).unwrap()
}

fn snapshot() -> Snapshot {
    let (not_after, tenancy, compartment, region, delegation) = (None, None, None, None, None);
    let key_id = Secret::from("t/u/f");
    Snapshot { key_id, key: test_keys::session(), not_after, tenancy, compartment, region, delegation }
}

fn signed(request: Builder, body: Body<'_>) -> Result<Request<()>, Error> {
    let mut request = request.body(()).unwrap();
    sign(&mut request, body, &snapshot(), now()).map(|()| request)
}

/// The value of a parameter of the `Authorization` header.
fn parameter<'a>(request: &'a Request<()>, name: &str) -> &'a str {
    let text = request.headers()["authorization"].to_str().unwrap();
    let (_, rest) = text.split_once(&format!("{name}=\"")).unwrap();
    rest.split_once('"').unwrap().0
}

/// The signature covers exactly this.
#[track_caller]
fn check(request: &Request<()>, message: &str) {
    let names: Vec<_> = message.lines().map(|line| line.split_once(": ").unwrap().0).collect();
    assert_eq!(parameter(request, "headers"), names.join(" "));
    let signature = BASE64.decode(parameter(request, "signature")).unwrap();
    assert!(test_keys::session().verify(message.as_bytes(), &signature), "signed is not\n{message}");
}

#[test]
fn reads_sign_date_target_and_host() {
    for method in ["GET", "HEAD", "DELETE"] {
        let request = Request::builder().method(method).uri("https://H.example/a%2Fb?x=+&y=%20");
        let request = signed(request, Body::Hashed(b"ignored")).unwrap();
        let lower = method.to_lowercase();
        check(&request, &format!("date: {DATE}\n(request-target): {lower} /a%2Fb?x=+&y=%20\nhost: h.example"));
        assert_eq!((&request.headers()["host"], request.headers().len()), (&HeaderValue::from_static("h.example"), 3));
    }
}

#[test]
fn bodies_are_signed_even_when_there_is_none() {
    for method in ["POST", "PUT", "PATCH"] {
        for body in [Body::None, Body::Hashed(b"")] {
            let request = Request::builder().method(method).uri("https://h/a");
            let request = signed(request, body).unwrap();
            let lower = method.to_lowercase();
            let content = format!("content-length: 0\ncontent-type: application/json\nx-content-sha256: {EMPTY_HASH}");
            check(&request, &format!("date: {DATE}\n(request-target): {lower} /a\nhost: h\n{content}"));
        }
    }
}

#[test]
fn a_hash_comes_from_the_body_or_from_the_caller_by_name() {
    let request = |body| {
        let wrong = Request::post("https://h/").header("x-content-sha256", "wrong").header("content-length", "99");
        signed(wrong.header("content-type", "text/plain; charset=utf-8"), body).unwrap()
    };
    let text = |sha256: &str, len: u64| {
        let content =
            format!("content-length: {len}\ncontent-type: text/plain; charset=utf-8\nx-content-sha256: {sha256}");
        format!("date: {DATE}\n(request-target): post /\nhost: h\n{content}")
    };
    check(&request(Body::Hashed(b"abc")), &text("ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", 3));
    let sha256 = [0; 32];
    check(&request(Body::Precomputed { sha256, len: 1 << 40 }), &text(&BASE64.encode(sha256), 1 << 40));
    let exempt = request(Body::Exempt);
    check(&exempt, &format!("date: {DATE}\n(request-target): post /\nhost: h"));
    // Left in, it would be a header that has to be signed; the length is the transport's.
    assert!(!exempt.headers().contains_key("x-content-sha256"));
    assert_eq!(exempt.headers()["content-length"], "99");
}

#[test]
fn what_the_request_brings_is_kept() {
    let request =
        Request::get("http://127.0.0.1:8080").header("host", " Other.Example:443 ").header("date", "any text");
    check(&signed(request, Body::None).unwrap(), "date: any text\n(request-target): get /\nhost: other.example:443");
    let request = Request::get("https://h?x").header("x-date", DATE);
    check(&signed(request, Body::None).unwrap(), &format!("x-date: {DATE}\n(request-target): get /?x\nhost: h"));
    let relative = Request::get("/a").header("host", "h");
    check(&signed(relative, Body::None).unwrap(), &format!("date: {DATE}\n(request-target): get /a\nhost: h"));
    let port = signed(Request::get("https://h:443/a#b"), Body::None).unwrap();
    check(&port, &format!("date: {DATE}\n(request-target): get /a\nhost: h:443"));
}

#[test]
fn a_delegation_token_is_the_fourth_signed_header() {
    let snapshot = Snapshot { delegation: Some(Secret::from("a.b.c")), ..snapshot() };
    for signer in [Signer::STANDARD, Signer::new(&["date", "(request-target)", "host", "opc-obo-token"], &[]).unwrap()]
    {
        let mut request = Request::get("https://h/").header("opc-obo-token", "old").body(()).unwrap();
        signer.sign(&mut request, Body::None, &snapshot, now()).unwrap();
        check(&request, &format!("date: {DATE}\n(request-target): get /\nhost: h\nopc-obo-token: a.b.c"));
        assert!(request.headers()["opc-obo-token"].is_sensitive());
    }
}

#[test]
fn lists_of_ones_own_are_taken_as_they_are() {
    let signer = Signer::new(&["host", "If-Match", "(request-target)"], &["x-content-sha256"]).unwrap();
    let mut request = Request::put("https://h/").header("if-match", "e").header("x-date", "x").body(()).unwrap();
    signer.sign(&mut request, Body::None, &snapshot(), now()).unwrap();
    check(&request, &format!("host: h\nif-match: e\n(request-target): put /\nx-content-sha256: {EMPTY_HASH}"));
    let mut request = Request::get("https://h/").header("x-date", "x").body(()).unwrap();
    Signer::new(&["date"], &[]).unwrap().sign(&mut request, Body::None, &snapshot(), now()).unwrap();
    check(&request, &format!("date: {DATE}"));
    let mut request = Request::post("https://h/").body(()).unwrap();
    Signer::WITHOUT_HOST.sign(&mut request, Body::Exempt, &snapshot(), now()).unwrap();
    check(&request, &format!("date: {DATE}\n(request-target): post /"));
    for (generic, content) in
        [(&[] as &[&str], &["date"] as &[&str]), (&["a b"], &[]), (&["date", "Date"], &[]), (&["date"], &["date"])]
    {
        assert!(matches!(Signer::new(generic, content), Err(Error::Unsignable(_))), "{generic:?} {content:?}");
    }
}

#[test]
fn what_cannot_be_signed_is_refused_and_left_alone() {
    let get = |uri: &str| Request::get(uri);
    let with = |name: &str, value: &[u8]| get("https://h/").header(name, value);
    let post = |name: &str, value: &[u8]| Request::post("https://h/").header(name, value);
    let cases = [
        (Request::builder().method("OPTIONS").uri("https://h/"), "method"),
        (Request::builder().method("get").uri("https://h/"), "method"),
        (get("/a"), "header host"),
        (get("https://user:canary@h/"), "user information"),
        (get("https://h/caf\u{e9}"), "URL"),
        (get("*").header("host", "h"), "URL"),
        (with("date", b"canary\xff"), "header date"),
        (with("date", "caf\u{e9} canary".as_bytes()), "header date"),
        (with("date", b"canary\ta"), "header date"),
        (with("date", b"a").header("date", "canary"), "header date is there twice"),
        (with("host", b"canary\xff"), "header host"),
        (with("host", b""), "header host"),
        (with("x-date", b"\x80"), "header x-date"),
        (post("content-type", "text/plain; n=\u{e9}".as_bytes()), "header content-type"),
        (post("content-type", b"a").header("content-type", "b"), "header content-type is there twice"),
    ];
    for (request, named) in cases {
        let mut request = request.body(()).unwrap();
        let before = request.headers().clone();
        let error = sign(&mut request, Body::None, &snapshot(), now()).unwrap_err();
        assert!(matches!(&error, Error::Unsignable(reason) if reason.contains(named)), "{named}: {error}");
        assert!(!error.to_string().contains("canary"), "{error}");
        assert_eq!(request.headers(), &before);
    }
}

#[test]
fn key_ids_and_tokens_that_would_break_the_header_are_refused() {
    for (key_id, delegation) in
        [("", None), ("a\"b", None), ("a\nb", None), ("a b", None), ("\u{e9}", None), ("a", Some("x\ny"))]
    {
        let delegation = delegation.map(Secret::from);
        let snapshot = Snapshot { key_id: Secret::from(key_id), delegation, ..snapshot() };
        let error = sign(&mut Request::get("https://h/").body(()).unwrap(), Body::None, &snapshot, now()).unwrap_err();
        assert!(matches!(error, Error::Unsignable(_)), "{key_id:?}: {error}");
    }
}

#[test]
fn a_clock_beyond_all_dates_is_an_error() {
    let at = |now: SystemTime| sign(&mut Request::get("https://h/").body(()).unwrap(), Body::None, &snapshot(), now);
    let year_10000 = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_800);
    assert!(at(year_10000 - Duration::from_secs(1)).is_ok() && at(SystemTime::UNIX_EPOCH).is_ok());
    for now in [year_10000, SystemTime::UNIX_EPOCH - Duration::from_nanos(1)] {
        assert!(matches!(at(now), Err(Error::Unsignable(reason)) if reason.contains("header date")));
    }
}

#[test]
fn signing_again_replaces_the_signature() {
    let mut request = signed(Request::post("https://h/"), Body::Hashed(b"a")).unwrap();
    let first = request.headers().clone();
    sign(&mut request, Body::Hashed(b"a"), &snapshot(), SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(request.headers(), &first);
    sign(&mut request, Body::Hashed(b"b"), &snapshot(), SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(request.headers().len(), first.len());
    assert_ne!(request.headers()["authorization"], first["authorization"]);
}

#[test]
fn bodies_are_not_shown() {
    let shown = format!("{:?} {:?}", Body::Hashed(b"canary"), Body::Precomputed { sha256: [7; 32], len: 9 });
    assert_eq!(shown, "Hashed(6 bytes) Precomputed(9 bytes)");
}

//! Group `signing`: one request each, signed.
//!
//! Compared are the signing string, as a server rebuilds it from the signed request, then the base64 signature, then
//! the parameters of the `Authorization` header.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use causeway_oci_auth::key::{KeyError, PrivateKey};
use causeway_oci_auth::sign::{Body, Signer};
use causeway_oci_auth::{Error, Secret, Snapshot};
use http::Request;
use ring::signature::{RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPublicKey};

use super::case::{Case, Check, same};
use super::keys::{Keys, snapshot};
use super::wire;

const STANDARD_LIST: [&str; 3] = ["date", "(request-target)", "host"];
const HASH: &str = "x-content-sha256";

pub(crate) fn check(case: &Case<'_>, keys: &Keys<'_>) -> Check {
    let request = case.at("request")?;
    if !case.expects_success()? {
        return refuses(case, &request, keys);
    }
    let expect = case.at("expect")?;
    let url = expect.maybe_text("wire_url").map_or_else(|| request.text("url"), Ok)?;
    match keys.private(request.text("key")?)? {
        Ok(_) if case.texts("tags").contains(&"rsa1024") => Err("a key of 1024 bits was accepted".to_owned()),
        Ok(key) => {
            let job = Job { request, expect, url, key };
            job.check()?;
            job.raw_url()
        }
        Err(KeyError::TooSmall(_)) => small_key(&request, &expect, url, keys),
        Err(error) => Err(format!("key {}: {error}", request.text("key")?)),
    }
}

/// One signature to make.
struct Job<'a> {
    request: Case<'a>,
    expect: Case<'a>,
    url: &'a str,
    key: Arc<PrivateKey>,
}

impl Job<'_> {
    fn check(&self) -> Check {
        let hash = self.request.members("headers").find(|(name, _)| name.eq_ignore_ascii_case(HASH));
        match hash.map(|(_, value)| value.as_str().unwrap_or_default()) {
            Some(hash) if self.signs_body()? => self.brings_hash(hash),
            _ => self.signs_alike(),
        }
    }

    fn signs_alike(&self) -> Check {
        let own_lists = self.signed(&self.signer()?, &self.snapshot(None)?)?;
        wire::compare(&own_lists, &self.expect)?;
        for (preset, token) in self.presets() {
            let by_preset = self.signed(&preset, &self.snapshot(token)?)?;
            wire::compare(&by_preset, &self.expect).map_err(|why| format!("by a preset list: {why}"))?;
        }
        Ok(())
    }

    /// The SDK signs a hash that the caller put into the headers. Here a header is overwritten, and a hash comes in by
    /// [`Body::Precomputed`] alone.
    fn brings_hash(&self, hash: &str) -> Check {
        let signed = self.signed(&self.signer()?, &self.snapshot(None)?)?;
        let found = signed.headers().get(HASH).and_then(|value| value.to_str().ok());
        let content = self.content()?;
        let right = STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, &content));
        same("hash in the place of the caller's", &found, &Some(right.as_str()))?;
        let Some(sha256) = STANDARD.decode(hash).ok().and_then(|hash| <[u8; 32]>::try_from(hash).ok()) else {
            let replaced = wire::message(&signed)?.replace(&right, hash);
            return same(
                "signing string with the caller's hash",
                &replaced.as_str(),
                &self.expect.text("signing_string")?,
            );
        };
        let mut signed = wire::request(&self.request, self.url, &[])?;
        let body = Body::Precomputed { sha256, len: content.len() as u64 };
        let done = self.signer()?.sign(&mut signed, body, &self.snapshot(None)?, self.now());
        done.map_err(|error| error.to_string())?;
        wire::compare(&signed, &self.expect)
    }

    /// The lists of the case, taken as they are.
    fn signer(&self) -> Result<Signer, String> {
        signer(&self.request)
    }

    /// Preset lists that mean the same as those of the case.
    fn presets(&self) -> Vec<(Signer, Option<String>)> {
        let generic = self.request.texts("generic_headers");
        let header = |name: &str| {
            let found = self.request.members("headers").find(|(given, _)| given.eq_ignore_ascii_case(name));
            found.and_then(|(_, value)| value.as_str()).map(str::to_owned)
        };
        let content = self.request.texts("body_headers");
        if header("x-date").is_some() || content != ["content-length", "content-type", HASH] {
            return Vec::new();
        }
        match generic.as_slice() {
            list if list == STANDARD_LIST => vec![(Signer::STANDARD, None)],
            list if list == &STANDARD_LIST[..2] => vec![(Signer::WITHOUT_HOST, None)],
            [start @ .., "opc-obo-token"] if start == STANDARD_LIST => {
                vec![(Signer::STANDARD, header("opc-obo-token"))]
            }
            _ => Vec::new(),
        }
    }

    fn snapshot(&self, delegation: Option<String>) -> Result<Snapshot, String> {
        let snapshot = snapshot(Arc::clone(&self.key), self.request.text("key_id")?);
        Ok(Snapshot { delegation: delegation.map(Secret::new), ..snapshot })
    }

    fn signed(&self, signer: &Signer, snapshot: &Snapshot) -> Result<Request<Option<Vec<u8>>>, String> {
        let skip: &[&str] = if snapshot.delegation.is_some() { &["opc-obo-token"] } else { &[] };
        let mut request = wire::request(&self.request, self.url, skip)?;
        sign(&mut request, &self.request, signer, snapshot, self.now()).map_err(|error| error.to_string())?;
        Ok(request)
    }

    fn signs_body(&self) -> Result<bool, String> {
        let method = self.request.text("method")?.to_ascii_uppercase();
        let exempt = self.request.flag("exclude_body").unwrap_or(false);
        Ok(!exempt && ["POST", "PUT", "PATCH"].contains(&method.as_str()))
    }

    fn content(&self) -> Result<Vec<u8>, String> {
        Ok(self.request.bytes("body_b64")?.unwrap_or_default())
    }

    /// The SDK's clock, where the request brings no date.
    fn now(&self) -> SystemTime {
        let signed = self.expect.maybe_text("signing_string").unwrap_or_default();
        let date = signed.lines().find_map(|line| line.strip_prefix("date: "));
        date.and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// The raw URL, where the SDK's HTTP library rewrote it: what is signed here must be what is sent.
    fn raw_url(&self) -> Check {
        let raw = self.request.text("url")?;
        if raw == self.url {
            return Ok(());
        }
        // What is no URL (spaces, letters beyond ASCII) cannot be sent, so there is nothing to sign.
        let Ok(mut request) = wire::request(&self.request, raw, &[]) else { return Ok(()) };
        let signer = self.signer()?;
        match sign(&mut request, &self.request, &signer, &self.snapshot(None)?, self.now()) {
            Ok(()) => is_signed_as_sent(&request, &self.key),
            Err(Error::Unsignable(_)) => Ok(()),
            Err(error) => Err(format!("raw URL: {error}")),
        }
    }
}

fn is_signed_as_sent<B>(request: &Request<B>, key: &PrivateKey) -> Check {
    let signature = wire::Authorization::of(request)?.signature()?;
    let verified = key.verify(wire::message(request)?.as_bytes(), &signature);
    if verified { Ok(()) } else { Err("raw URL: what is signed is not what is sent".to_owned()) }
}

fn signer(request: &Case<'_>) -> Result<Signer, String> {
    let generic = request.texts("generic_headers");
    let generic = if generic.is_empty() { STANDARD_LIST.to_vec() } else { generic };
    Signer::new(&generic, &request.texts("body_headers")).map_err(|error| error.to_string())
}

fn sign(
    signed: &mut Request<Option<Vec<u8>>>,
    case: &Case<'_>,
    signer: &Signer,
    snapshot: &Snapshot,
    now: SystemTime,
) -> Result<(), Error> {
    let content = signed.body().clone();
    let body = match &content {
        _ if case.flag("exclude_body") == Some(true) => Body::Exempt,
        Some(content) => Body::Hashed(content),
        None => Body::None,
    };
    signer.sign(signed, body, snapshot, now)
}

/// A request that must not be signed: neither the types of HTTP nor the signer take it, and it stays as it was.
fn refuses(case: &Case<'_>, request: &Case<'_>, keys: &Keys<'_>) -> Check {
    let Ok(mut signed) = wire::request(request, request.text("url")?, &[]) else { return Ok(()) };
    let Ok(signer) = signer(request) else { return Ok(()) };
    let snapshot = snapshot(keys.usable(request.text("key")?)?, request.text("key_id")?);
    let before = signed.headers().clone();
    let now = case.date("date").unwrap_or(SystemTime::UNIX_EPOCH + Duration::from_secs(1));
    match sign(&mut signed, request, &signer, &snapshot, now) {
        Err(Error::Unsignable(_)) => same("headers after a refusal", signed.headers(), &before),
        Err(error) => Err(format!("refused for another reason: {error}")),
        Ok(()) => Err("signed, although the SDK refuses".to_owned()),
    }
}

/// Keys below 2048 bits, such as that of Oracle's documentation: this crate does not sign with them. So its signing
/// string is made with another key, and the expected signature is checked against that string.
fn small_key(request: &Case<'_>, expect: &Case<'_>, url: &str, keys: &Keys<'_>) -> Check {
    let job = Job { request: *request, expect: *expect, url, key: keys.any()? };
    let signed = job.signed(&job.signer()?, &job.snapshot(None)?)?;
    wire::compare_unsigned(&signed, expect)?;
    let private = rsa::RsaPrivateKey::from_pkcs1_pem(keys.pem(request.text("key")?)?.trim());
    let public = private.map_err(|_| "a small key that is not PKCS#1")?.to_public_key().to_pkcs1_der();
    let public = public.map_err(|error| error.to_string())?;
    let public = UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, public.as_bytes());
    let signature = expect.bytes("signature")?.unwrap_or_default();
    let verified = public.verify(wire::message(&signed)?.as_bytes(), &signature);
    verified.map_err(|_| "the expected signature is not one of our signing string".to_owned())
}

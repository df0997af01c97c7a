//! Groups `key` and `fingerprint`.

use causeway_oci_auth::key::{KeyError, PrivateKey};
use causeway_oci_auth::{Certificate, Secret};

use super::case::{Case, Check, same};
use super::keys::Keys;

pub(crate) fn fingerprint(case: &Case<'_>, keys: &Keys<'_>) -> Check {
    let (name, expect) = (case.text("key")?, case.at("expect")?);
    if let Some(expected) = expect.maybe_text("md5") {
        same("MD5", &keys.usable(name)?.fingerprint().as_str(), &expected)?;
    }
    let certificate = || Certificate::from_pem(keys.pem(name)?.as_bytes()).map_err(|error| error.to_string());
    if let Some(expected) = expect.maybe_text("sha1_upper") {
        same("SHA-1", &certificate()?.sha1_fingerprint().as_str(), &expected)?;
    }
    if let Some(expected) = expect.maybe_text("sha256_lower") {
        same("SHA-256", &certificate()?.sha256_fingerprint().as_str(), &expected)?;
    }
    let known = ["md5", "sha1_upper", "sha256_lower"];
    let unknown =
        expect.value().as_object().and_then(|members| members.keys().find(|name| !known.contains(&name.as_str())));
    unknown.map_or(Ok(()), |name| Err(format!("unknown fingerprint {name:?}")))
}

pub(crate) fn load(case: &Case<'_>, keys: &Keys<'_>) -> Check {
    let passphrase = case.maybe_text("passphrase").map(Secret::from);
    let loaded = PrivateKey::from_pem(keys.pem(case.text("key")?)?.as_bytes(), passphrase.as_ref());
    let expect = case.at("expect")?;
    let recommended = match case.maybe_text("recommended") {
        None | Some("same as SDK") => {
            if case.expects_success()? {
                "ok"
            } else {
                "error"
            }
        }
        Some(recommended) => recommended,
    };
    match (loaded, recommended.strip_prefix("error")) {
        (Ok(key), None) => {
            let bits = expect.get("bits").and_then(serde_json::Value::as_u64);
            bits.map_or(Ok(()), |bits| same("bits", &(key.bits() as u64), &bits))
        }
        (Ok(_), Some(_)) => Err(format!("loaded; expected {recommended}")),
        (Err(error), None) => Err(error.to_string()),
        (Err(error), Some(expected)) => is_that(error, expected),
    }
}

/// Whether a failure is the one that the words of a recommendation mean. Words that say nothing mean any failure.
pub(crate) fn is_that(error: KeyError, words: &str) -> Check {
    let words = words.to_lowercase();
    let expected: &[KeyError] = if words.contains("required") || words.contains("missing") {
        &[KeyError::PassphraseRequired]
    } else if words.contains("public key") {
        &[KeyError::PublicKey]
    } else if words.contains("not an rsa") || words.contains("ec key") {
        &[KeyError::NotRsa]
    } else if words.contains("bad passphrase") || words.contains("wrong passphrase") {
        &[KeyError::BadPassphrase]
    } else if words.contains("too small") || words.contains("bits") {
        return if matches!(error, KeyError::TooSmall(_)) { Ok(()) } else { Err(format!("found: {error}")) };
    } else {
        return Ok(());
    };
    if expected.contains(&error) { Ok(()) } else { Err(format!("found: {error}; expected: {words}")) }
}

//! Checks signatures of AWS (version 4) by the rules of Amazon's page "Create a signed AWS API request", apart from the
//! code that makes them.

use std::collections::HashMap;
use std::fmt::Write;

use ring::{digest, hmac};

use super::Asked;

/// Whether the request is signed for Bedrock with a key that is known.
pub(super) fn is_signed(asked: &Asked, body: &[u8], keys: &HashMap<String, String>) -> bool {
    verified(asked, body, keys).unwrap_or(false)
}

fn verified(asked: &Asked, body: &[u8], keys: &HashMap<String, String>) -> Option<bool> {
    let text = asked.header("authorization")?.strip_prefix("AWS4-HMAC-SHA256 ")?;
    let fields: HashMap<&str, &str> = text.split(", ").filter_map(|field| field.split_once('=')).collect();
    let (access_key, scope) = fields.get("Credential")?.split_once('/')?;
    let [date, region, service, end]: [&str; 4] = scope.split('/').collect::<Vec<_>>().try_into().ok()?;
    let signed: Vec<&str> = fields.get("SignedHeaders")?.split(';').collect();
    let time = asked.header("x-amz-date")?;
    let covers = |name: &str| signed.contains(&name);
    if service != "bedrock"
        || end != "aws4_request"
        || !time.starts_with(date)
        || !covers("host")
        || !covers("x-amz-date")
    {
        return Some(false);
    }
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sha256(canonical(asked, &signed, body)?.as_bytes()));
    let secret = format!("AWS4{}", keys.get(access_key)?);
    let steps = [date, region, service, end];
    let key = steps.iter().fold(secret.into_bytes(), |key, step| mac(&key, step.as_bytes()));
    Some(hex(&mac(&key, to_sign.as_bytes())) == *fields.get("Signature")?)
}

fn canonical(asked: &Asked, signed: &[&str], body: &[u8]) -> Option<String> {
    // What is escaped in the path is escaped once more, for every service but S3.
    let mut text = format!("POST\n{}\n\n", asked.path.replace('%', "%25"));
    for name in signed {
        let _ = writeln!(text, "{name}:{}", asked.header(name)?.trim());
    }
    let _ = write!(text, "\n{}\n{}", signed.join(";"), sha256(body));
    Some(text)
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn mac(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), bytes).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

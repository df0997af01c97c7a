//! Group `client`: complete requests of the SDK's generated clients.
//!
//! Our signer gets the request without the headers that it has to make itself; those must come out as recorded, and so
//! must the signature.

use std::time::SystemTime;

use causeway_oci_auth::sign::{Body, Signer};

use super::case::{Case, Check, same};
use super::keys::{Keys, snapshot};
use super::wire;

/// What our signer makes.
const OURS: [&str; 4] = ["host", "content-length", "x-content-sha256", "authorization"];

pub(crate) fn check(case: &Case<'_>, keys: &Keys<'_>) -> Check {
    let recorded = case.at("request")?;
    let signed = recorded.at("signed")?;
    let headers = signed.texts("signed_headers");
    let mut request = wire::request(&recorded, recorded.text("url")?, &OURS)?;
    let content = request.body().clone();
    let body = match &content {
        _ if !headers.contains(&"x-content-sha256") => Body::Exempt,
        Some(content) => Body::Hashed(content),
        None => Body::None,
    };
    let snapshot = snapshot(keys.usable(case.text("key")?)?, signed.text("key_id")?);
    let done = Signer::STANDARD.sign(&mut request, body, &snapshot, SystemTime::UNIX_EPOCH);
    done.map_err(|error| error.to_string())?;
    wire::compare(&request, &signed)?;
    for (name, value) in recorded.members("headers").filter(|(name, _)| OURS[..3].contains(name)) {
        // An exempt body's length is the transport's to say.
        if name != "content-length" || body != Body::Exempt {
            let found = request.headers().get(name).and_then(|value| value.to_str().ok());
            same(name, &found, &value.as_str())?;
        }
    }
    Ok(())
}

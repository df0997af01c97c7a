//! The signing string and the `Authorization` header.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use zeroize::Zeroizing;

use super::fields::REQUEST_TARGET;
use super::head::Head;
use super::{Fields, unsignable};
use crate::Error;

/// Room for the pseudo-header's name and the method.
const ROOM: usize = REQUEST_TARGET.len() + 16;

const HEADERS: &str = "Signature version=\"1\",headers=\"";
const KEY_ID: &str = "\",keyId=\"";
const SIGNATURE: &str = "\",algorithm=\"rsa-sha256\",signature=\"";

/// Lines `name: value`, joined by LF. Overwritten when dropped, since a delegation token may be in it.
pub(super) fn message(head: &Head<'_>, fields: &Fields<'_>) -> Result<Zeroizing<String>, Error> {
    let mut message = Zeroizing::new(String::with_capacity(room(head, fields)?));
    for field in fields.iter() {
        if !message.is_empty() {
            message.push('\n');
        }
        push_line(&mut message, head, field)?;
    }
    Ok(message)
}

/// Enough that the text never moves: what moves is not overwritten where it was.
fn room(head: &Head<'_>, fields: &Fields<'_>) -> Result<usize, Error> {
    let mut room = ROOM + head.target()?.1.len();
    for name in fields.iter().map(|field| head.name(field)).filter(|name| *name != REQUEST_TARGET) {
        room += name.len() + head.text(name)?.len() + 3;
    }
    Ok(room)
}

fn push_line(message: &mut String, head: &Head<'_>, field: &str) -> Result<(), Error> {
    let name = head.name(field);
    message.push_str(name);
    message.push_str(": ");
    if name == REQUEST_TARGET {
        return push_target(message, head);
    }
    message.push_str(head.text(name)?);
    Ok(())
}

fn push_target(message: &mut String, head: &Head<'_>) -> Result<(), Error> {
    let (slash, target) = head.target()?;
    message.extend(head.method.as_str().chars().map(|letter| letter.to_ascii_lowercase()));
    message.push(' ');
    message.push_str(slash);
    message.push_str(target);
    Ok(())
}

/// Parameters in the order of Oracle's Go SDK.
pub(super) fn header(
    head: &Head<'_>,
    fields: &Fields<'_>,
    key_id: &str,
    signature: &[u8],
) -> Result<HeaderValue, Error> {
    if key_id.is_empty() || !key_id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\') {
        return Err(unsignable("the key id is empty, or not visible ASCII without quotes"));
    }
    let names = || fields.iter().map(|field| head.name(field));
    let listed: usize = names().map(|name| name.len() + 1).sum();
    // To the byte: then the text becomes the header's value where it is.
    let len = HEADERS.len() + listed - 1 + KEY_ID.len() + key_id.len() + SIGNATURE.len() + base64_len(signature) + 1;
    let mut text = String::with_capacity(len);
    text.push_str(HEADERS);
    for (at, name) in names().enumerate() {
        text.push_str(if at == 0 { "" } else { " " });
        text.push_str(name);
    }
    text.push_str(KEY_ID);
    text.push_str(key_id);
    text.push_str(SIGNATURE);
    STANDARD.encode_string(signature, &mut text);
    text.push('"');
    let value = HeaderValue::try_from(text);
    let mut value = value.map_err(|_| unsignable("header authorization would not be visible ASCII"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn base64_len(bytes: &[u8]) -> usize {
    bytes.len().div_ceil(3) * 4
}

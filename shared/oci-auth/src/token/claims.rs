//! Values of claims, in all the forms that are in use.

use std::time::{Duration, SystemTime};

use base64::Engine;
use serde_json::{Map, Value};

use super::BASE64;

/// Seconds since 1970; `None` for what is no time, or a time that no clock can show.
pub(super) fn time(claim: &Value) -> Option<SystemTime> {
    match claim {
        Value::Number(number) => match number.as_u64() {
            Some(seconds) => SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)),
            None => signed(number.as_f64()?),
        },
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(text.parse().ok()?))
        }
        _ => None,
    }
}

fn signed(seconds: f64) -> Option<SystemTime> {
    let distance = Duration::try_from_secs_f64(seconds.abs()).ok()?;
    match seconds < 0.0 {
        true => SystemTime::UNIX_EPOCH.checked_sub(distance),
        false => SystemTime::UNIX_EPOCH.checked_add(distance),
    }
}

/// Modulus and exponent of a JSON web key, big-endian without leading zeros.
pub(super) fn rsa_key(claim: &Value) -> Option<(Vec<u8>, Vec<u8>)> {
    match claim {
        Value::String(text) => members(&serde_json::from_str(text).ok()?),
        Value::Object(key) => members(key),
        _ => None,
    }
}

fn members(key: &Map<String, Value>) -> Option<(Vec<u8>, Vec<u8>)> {
    Some((number(key.get("n")?)?, number(key.get("e")?)?))
}

/// Base64url as RFC 7518 says, or standard base64, which occurs as well.
fn number(member: &Value) -> Option<Vec<u8>> {
    let text = member.as_str()?.replace('+', "-").replace('/', "_");
    let mut bytes = BASE64.decode(text).ok()?;
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    Some(bytes.split_off(zeros))
}

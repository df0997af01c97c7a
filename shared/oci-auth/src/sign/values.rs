//! Header values.

use std::io::Write;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use httpdate::HttpDate;

/// The year 10000, which an HTTP date cannot express.
const END_OF_DATES: Duration = Duration::from_secs(253_402_300_800);

/// `Tue, 09 Jun 2026 07:05:03 GMT`; `None` before 1970 and after 9999.
pub(super) fn date(now: SystemTime) -> Option<HeaderValue> {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    if since >= END_OF_DATES {
        return None;
    }
    let mut text = [0; 29];
    write!(text.as_mut_slice(), "{}", HttpDate::from(now)).ok()?;
    HeaderValue::from_bytes(&text).ok()
}

/// A hash as a header carries it; `None` cannot happen, base64 is visible ASCII.
pub(super) fn base64(hash: &[u8]) -> Option<HeaderValue> {
    let mut text = [0; 44];
    let len = STANDARD.encode_slice(hash, &mut text).ok()?;
    HeaderValue::from_bytes(text.get(..len)?).ok()
}

/// A value that no log shows.
pub(super) fn secret(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The value as the receiver sees it, without the white space around it; `None` when it has control characters or
/// leaves ASCII.
pub(super) fn visible(value: &[u8]) -> Option<&str> {
    let text = str::from_utf8(value.trim_ascii()).ok()?;
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte)).then_some(text)
}

//! The `range` header: one range of bytes.

use std::ops::Range;

use crate::error::Error;

/// The stretch of a body of `size` bytes that a header asks for; `None` for all of it.
///
/// # Errors
///
/// 416 for a range that has nothing of the body, 400 for several ranges.
pub(super) fn parse(header: Option<&str>, size: u64) -> Result<Option<Range<u64>>, Error> {
    let Some(ranges) = header.and_then(|header| header.trim().strip_prefix("bytes=")) else { return Ok(None) };
    if ranges.contains(',') {
        return Err(Error::new(400, "InvalidRange", "Only one range can be asked for."));
    }
    let Some((first, last)) = ranges.trim().split_once('-') else { return Ok(None) };
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first > last => return Ok(None),
        (Some(first), Some(last)) => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.trim().is_empty() => first..size,
        (None, Some(count)) if first.trim().is_empty() => size.saturating_sub(count)..size,
        // What is no range is ignored (RFC 9110, section 14.2).
        _ => return Ok(None),
    };
    if range.is_empty() {
        let message = format!("The requested range is not within the object of {size} bytes.");
        return Err(Error::new(416, "InvalidRange", message).with_header("content-range", format!("bytes */{size}")));
    }
    Ok(Some(range))
}

/// Digits; more of them than a number has mean "very far".
fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_ten_bytes() {
        let check = |header: &str, expected: Result<Option<Range<u64>>, u16>| {
            let got = parse(Some(header), 10).map_err(|error| error.status.as_u16());
            assert_eq!(got, expected, "{header}");
        };
        check("bytes=0-0", Ok(Some(0..1)));
        check("bytes=2-5", Ok(Some(2..6)));
        check("bytes=5-", Ok(Some(5..10)));
        check("bytes=5-100", Ok(Some(5..10)));
        check("bytes=-3", Ok(Some(7..10)));
        check("bytes=-30", Ok(Some(0..10)));
        check("bytes=0-99999999999999999999999", Ok(Some(0..10)));
        check("bytes=10-", Err(416));
        check("bytes=-0", Err(416));
        check("bytes=99999999999999999999999-", Err(416));
        check("bytes=0-1,3-4", Err(400));
        check("bytes=5-2", Ok(None));
        check("bytes=a-b", Ok(None));
        check("bytes=", Ok(None));
        check("items=0-1", Ok(None));
        assert_eq!(parse(None, 10).unwrap(), None);
        assert_eq!(parse(Some("bytes=0-"), 0).unwrap_err().status, 416);
    }
}

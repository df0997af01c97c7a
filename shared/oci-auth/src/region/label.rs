//! Which texts may stand in a host name.

/// Longest label of a host name (RFC 1035).
const MAX_LABEL: usize = 63;
/// Longest host name in text form (RFC 1035).
const MAX_HOST: usize = 253;

/// One label of a host name: letters, digits, `-` and `_`, which Oracle's Python SDK lets pass as well.
pub(crate) fn is_label(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !text.is_empty() && text.len() <= MAX_LABEL && text.bytes().all(allowed)
}

/// Labels with single dots between them.
pub(crate) fn is_host(text: &str) -> bool {
    text.len() <= MAX_HOST && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        let check = |text: &str, expected: bool| assert_eq!(is_host(text), expected, "{text:?}");
        check("objectstorage.us-ashburn-1.oraclecloud.com", true);
        check("under_score", true);
        check(&"a".repeat(63), true);
        check(&"a".repeat(64), false);
        check(&["a"; 127].join("."), true);
        check(&["a"; 128].join("."), false);
        for wrong in ["", ".", "a.", ".a", "a..b", "a b", "a/b", "a@b", "a:1", "ä.com", "a\n", "a%2e", "[::1]"] {
            check(wrong, false);
        }
    }
}

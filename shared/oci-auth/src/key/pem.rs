//! The blocks of a PEM text (RFC 7468, and RFC 1421 for the headers of old encrypted keys).
//!
//! The PEM crates at hand refuse what OCI's users have: a label line `OCI_API_KEY` after the end, blank and
//! indented lines, keys that a variable holds on one line, headers of encrypted keys. And they leave copies of
//! the content in memory.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Largest text that is looked at, in bytes. A key of 4096 bits has 3.3 KB, with a chain of certificates 20 KB.
pub(crate) const MAX_TEXT: usize = 64 << 10;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// One block.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a> {
    /// What the `BEGIN` line names, such as `PRIVATE KEY`.
    pub(crate) label: &'a [u8],
    /// All between the `BEGIN` and `END` lines; `None` when no `END` of this label follows.
    content: Option<&'a [u8]>,
}

/// The blocks in their order; text around them is skipped. Takes time in proportion to the text.
pub(crate) fn blocks(mut text: &[u8]) -> impl Iterator<Item = Block<'_>> {
    std::iter::from_fn(move || {
        let opened = after(text, BEGIN)?;
        let (label, rest) = split(opened, DASHES)?;
        let (content, end) = rest.split_at(find(rest, DASHES).unwrap_or(rest.len()));
        let closed =
            end.strip_prefix(END).and_then(|end| end.strip_prefix(label)).is_some_and(|end| end.starts_with(DASHES));
        text = end;
        Some(Block { label, content: closed.then_some(content) })
    })
}

impl<'a> Block<'a> {
    /// The value of an RFC 1421 header such as `DEK-Info`, without the spaces around it.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        let lines = self.content?.split(|&byte| byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
        let mut headers = lines.filter_map(|line| line.split_once(':'));
        headers.find(|(found, _)| found.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The decoded content; `None` when it is damaged.
    pub(crate) fn der(&self) -> Option<Zeroizing<Vec<u8>>> {
        let content = self.content?;
        let mut text = Zeroizing::new(Vec::with_capacity(content.len()));
        for line in content.split(|&byte| byte == b'\n').filter(|line| !line.contains(&b':')) {
            text.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace()));
        }
        let mut der = Zeroizing::new(vec![0; base64::decoded_len_estimate(text.len())]);
        let length = STANDARD.decode_slice(text.as_slice(), &mut der).ok()?;
        der.truncate(length);
        Some(der)
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

fn after<'a>(text: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    text.get(find(text, wanted)? + wanted.len()..)
}

fn split<'a>(text: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (before, rest) = text.split_at_checked(find(text, at)?)?;
    Some((before, rest.strip_prefix(at)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, Option<&[u8]>)]) {
        let found: Vec<_> = blocks(text.as_bytes()).map(|block| (block.label, block.der())).collect();
        let found: Vec<_> = found.iter().map(|(label, der)| (*label, der.as_ref().map(|der| der.as_slice()))).collect();
        let expected: Vec<_> = expected.iter().map(|(label, der)| (label.as_bytes(), *der)).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn blocks_are_found_in_what_people_paste() {
        let key = "-----BEGIN A-----\nAAEC\n-----END A-----\n";
        let bytes = Some(&[0, 1, 2][..]);
        check(key, &[("A", bytes)]);
        check(&key.replace('\n', "\r\n"), &[("A", bytes)]);
        check(&key.replace('\n', " "), &[("A", bytes)]);
        check(&key.replace('\n', ""), &[("A", bytes)]);
        check(&key.replace('\n', "\n\n   \n\t"), &[("A", bytes)]);
        check(&format!("{key}OCI_API_KEY"), &[("A", bytes)]);
        check(&format!("Bag Attributes\n  name: -----\n{key}{key}"), &[("A", bytes), ("A", bytes)]);
        check("-----BEGIN A-----\nAA\nEC-----END A-----", &[("A", bytes)]);
        check("-----BEGIN A-----\nProc-Type: 4\n\nAAEC\n-----END A-----", &[("A", bytes)]);
    }

    #[test]
    fn what_is_damaged_shows_as_a_block_without_content() {
        check("", &[]);
        check("-----BEGIN A", &[]);
        check("-----BEGIN A-----", &[("A", None)]);
        check("-----BEGIN A-----\nAAEC\n", &[("A", None)]);
        check("-----BEGIN A-----\nAAEC\n-----END B-----\n", &[("A", None)]);
        check("-----BEGIN A-----\nAAEC\n-----END A\n", &[("A", None)]);
        check("-----BEGIN A-----\nAA?C\n-----END A-----\n", &[("A", None)]);
        check("-----BEGIN A-----\nAAECA\n-----END A-----\n", &[("A", None)]);
        check("-----BEGIN A-----\n-----BEGIN B-----\nAAEC\n-----END B-----\n", &[("A", None), ("B", Some(&[0, 1, 2]))]);
        check("-----BEGIN A-----\n-----END A-----\n", &[("A", Some(&[]))]);
    }

    #[test]
    fn headers_are_read_whatever_their_case() {
        let block = blocks(b"-----BEGIN A-----\r\ndek-info:  AES , 00 \r\n\r\nAAEC\r\n-----END A-----").next();
        assert_eq!(block.and_then(|block| block.header("DEK-Info")), Some("AES , 00"));
        assert_eq!(block.and_then(|block| block.header("Proc-Type")), None);
    }
}

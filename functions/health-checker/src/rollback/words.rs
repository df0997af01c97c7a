//! Words of operators, and who they are from.
//!
//! A word is a line in a list of JSON that operators leave in the bucket, signed with a key of the vault by HMAC-SHA256
//! over its version, tenant, id, moment and author, one a line.

use jiff::Timestamp;
use ring::hmac;
use serde::{Deserialize, Serialize};

use super::Escalation;

/// Longest list in bytes.
pub(crate) const MAX_BYTES: u64 = 64 << 10;
/// Words of one list.
const MAX_WORDS: usize = 200;
/// Shortest key in bytes: as long as what it makes.
const MIN_KEY: usize = 32;

/// One word as it is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signed {
    id: String,
    at: Timestamp,
    author: String,
    /// In hex.
    signature: String,
}

impl Signed {
    /// A word with its signature.
    ///
    /// # Errors
    /// The key is too short, or a part is empty, too long or of several lines.
    pub(crate) fn new(key: &[u8], tenant: &str, id: &str, author: &str, at: Timestamp) -> Result<Self, String> {
        let is_line = |text: &str| (1..=200).contains(&text.len()) && !text.chars().any(char::is_control);
        for (name, text) in [("tenant", tenant), ("id", id), ("author", author)] {
            if !is_line(text) {
                return Err(format!("{name} must be a line of 1 to 200 bytes"));
            }
        }
        let tag = hmac::sign(&mac(key)?, text(tenant, id, at, author).as_bytes());
        let signature = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { id: id.to_owned(), at, author: author.to_owned(), signature })
    }

    fn is_from(&self, key: &hmac::Key, tenant: &str) -> bool {
        let is_hex = self.signature.len() == 64 && self.signature.is_ascii();
        let byte = |at: usize| u8::from_str_radix(&self.signature[at..at + 2], 16).ok();
        let Some(tag) = is_hex.then(|| (0..64).step_by(2).map(byte).collect::<Option<Vec<u8>>>()).flatten() else {
            return false;
        };
        hmac::verify(key, text(tenant, &self.id, self.at, &self.author).as_bytes(), &tag).is_ok()
    }
}

/// The words of a list, each with whether it is from who has the key.
///
/// # Errors
/// The list cannot be read, or the key is too short. Nobody knows then what was asked for.
pub(crate) fn read(list: &[u8], key: &[u8], tenant: &str) -> Result<Vec<Escalation>, String> {
    let key = mac(key)?;
    let words: Vec<Signed> = serde_json::from_slice(list)
        .map_err(|error| format!("is no list of words at line {}, column {}", error.line(), error.column()))?;
    if words.len() > MAX_WORDS {
        return Err(format!("has more than {MAX_WORDS} words"));
    }
    let word = |word: Signed| {
        let is_verified = word.is_from(&key, tenant);
        Escalation { id: word.id, at: word.at, author: word.author, is_verified }
    };
    Ok(words.into_iter().map(word).collect())
}

fn mac(key: &[u8]) -> Result<hmac::Key, String> {
    // Files and vaults may keep the end of a line.
    let key = key.trim_ascii_end();
    if key.len() < MIN_KEY {
        return Err(format!("the key of the signatures is shorter than {MIN_KEY} bytes"));
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, key))
}

fn text(tenant: &str, id: &str, at: Timestamp, author: &str) -> String {
    format!("causeway-escalation-1\n{tenant}\n{id}\n{at}\n{author}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const KEY: &[u8] = b"a throw-away key of a test, 32 bytes and more";

    fn word() -> Signed {
        Signed::new(KEY, "acme", "1", "oncall", "2026-03-11T12:00:00Z".parse().unwrap()).unwrap()
    }

    fn verified(words: &[Signed], key: &[u8], tenant: &str) -> Vec<bool> {
        let list = serde_json::to_vec(words).unwrap();
        read(&list, key, tenant).unwrap().iter().map(|word| word.is_verified).collect()
    }

    #[test]
    fn only_what_was_signed_is_verified() {
        assert_eq!(verified(&[word()], KEY, "acme"), [true]);
        assert_eq!(verified(&[word()], KEY, "other"), [false]);
        assert_eq!(verified(&[word()], b"another throw-away key, of 32 bytes or more", "acme"), [false]);
        let later = "2026-03-11T12:00:01Z".parse().unwrap();
        for changed in [
            Signed { author: "eve".to_owned(), ..word() },
            Signed { id: "2".to_owned(), ..word() },
            Signed { at: later, ..word() },
            Signed { signature: String::new(), ..word() },
            Signed { signature: "zz".repeat(32), ..word() },
            Signed { signature: "é".repeat(32), ..word() },
        ] {
            assert_eq!(verified(std::slice::from_ref(&changed), KEY, "acme"), [false], "{changed:?}");
        }
    }

    #[test]
    fn the_signature_is_the_one_that_other_tools_compute() {
        // printf 'causeway-escalation-1\nacme\n1\n2026-03-11T12:00:00Z\nkim' | openssl dgst -sha256 -hmac "$KEY"
        assert_eq!(word().signature, include_str!("words.hmac").trim());
    }

    #[test]
    fn what_cannot_be_read_is_not_nothing() {
        for list in ["", "{}", "[{}]", "[1]", "null"] {
            assert!(read(list.as_bytes(), KEY, "acme").is_err(), "{list}");
        }
        assert_eq!(read(b"[]", KEY, "acme").unwrap(), []);
        assert!(read(b"[]", b"short", "acme").unwrap_err().contains("32 bytes"));
        assert!(Signed::new(KEY, "acme", "1", "k\nim", Timestamp::UNIX_EPOCH).is_err());
        let many = serde_json::to_vec(&vec![word(); 201]).unwrap();
        assert!(read(&many, KEY, "acme").is_err());
    }
}

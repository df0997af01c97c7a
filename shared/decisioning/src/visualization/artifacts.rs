//! The files of a dashboard.

use sha2::{Digest, Sha256};

use super::data::Artifact;

/// A file with its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// Its content.
    pub content: String,
}

impl File {
    /// What the reply says of it.
    #[must_use]
    pub fn described(&self, folder: &str, state: &str) -> Artifact {
        Artifact {
            name: self.name.to_owned(),
            object: format!("{folder}/{}", self.name),
            content_type: self.content_type.to_owned(),
            bytes: self.content.len() as u64,
            sha256: sha256(self.content.as_bytes()),
            state: state.to_owned(),
        }
    }
}

/// The SHA-256 of some bytes, in hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standard() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}

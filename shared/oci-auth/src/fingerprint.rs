//! Hashes as people and key ids write them: hex pairs joined by colons.

/// Pairs in lower case.
pub(crate) fn lower(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

/// Pairs in upper case.
pub(crate) fn upper(hash: &[u8]) -> String {
    lower(hash).to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_digits_for_each_byte() {
        assert_eq!(lower(&[0x0a, 0xff, 0]), "0a:ff:00");
        assert_eq!(upper(&[0x0a, 0xff, 0]), "0A:FF:00");
        assert_eq!(lower(&[]), "");
    }
}

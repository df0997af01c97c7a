//! Why a text is no usable private key.

use super::pem::MAX_TEXT;

/// Why a text is no usable private key. Holds nothing of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No PEM block of a private key in it.
    #[error("no private key in PEM form")]
    NoKey,
    /// More text than a key can have.
    #[error("more than {} KiB: this is no key file", MAX_TEXT / 1024)]
    Oversize,
    /// It is encrypted and no passphrase was given.
    #[error("the key is encrypted: a passphrase is required")]
    PassphraseRequired,
    /// Decryption did not give a key.
    #[error("wrong passphrase, or a damaged key")]
    BadPassphrase,
    /// It is the public half.
    #[error("this is a public key; a private key is needed")]
    PublicKey,
    /// It is a certificate.
    #[error("this is a certificate; a private key is needed")]
    Certificate,
    /// Another algorithm.
    #[error("not an RSA key")]
    NotRsa,
    /// OpenSSH's own format, whatever key is in it.
    #[error("a key in OpenSSH's own format; OCI takes RSA keys in PEM form (PKCS#8 or PKCS#1)")]
    OpenSsh,
    /// Too few bits; OCI asks for 2048.
    #[error("an RSA key of {0} bits is too small, 2048 are needed")]
    TooSmall(usize),
    /// A size that signing does not take.
    #[error("an RSA key of {0} bits cannot be used; keys of 2048, 3072 and 4096 bits can")]
    UnsupportedSize(usize),
    /// A public exponent that signing does not take.
    #[error("an RSA key with a public exponent below 65537 cannot be used")]
    SmallExponent,
    /// More than two primes.
    #[error("an RSA key of more than two primes cannot be used")]
    MultiPrime,
    /// A PEM block whose content is damaged.
    #[error("the key is damaged")]
    Malformed,
    /// An encryption that we do not know.
    #[error("the key's encryption is not supported")]
    UnsupportedCipher,
    /// A key derivation that would take minutes or gigabytes.
    #[error("the key's encryption asks for more work or memory than a passphrase check may take")]
    TooCostly,
}

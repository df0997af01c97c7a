//! RSA public keys: reading them, naming them, checking signatures with them.

use std::fmt;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use md5::{Digest, Md5};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use rsa::RsaPublicKey;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pkcs8::{DecodePublicKey, EncodePublicKey};
use rsa::traits::PublicKeyParts;

/// An RSA public key of 2,048 bits or more.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PublicKey {
    key: RsaPublicKey,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

/// Smallest key that Oracle takes, in bits.
const MIN_BITS: usize = 2048;

impl PublicKey {
    pub(crate) fn new(key: RsaPublicKey) -> Option<Self> {
        let (modulus, exponent) = (key.n().to_bytes_be(), key.e().to_bytes_be());
        (key.n().bits() >= MIN_BITS).then_some(Self { key, modulus, exponent })
    }

    /// From PEM (`PUBLIC KEY` or `RSA PUBLIC KEY`).
    pub(crate) fn from_pem(pem: &str) -> Option<Self> {
        let key = RsaPublicKey::from_public_key_pem(pem.trim()).ok();
        key.or_else(|| RsaPublicKey::from_pkcs1_pem(pem.trim()).ok()).and_then(Self::new)
    }

    /// From the inner lines of a PEM, which auth requests carry without the frame.
    pub(crate) fn from_bare_base64(text: &str) -> Option<Self> {
        let clean: String = text.split_whitespace().filter(|line| !line.starts_with("-----")).collect();
        let der = BASE64_STANDARD.decode(clean).ok()?;
        RsaPublicKey::from_public_key_der(&der).ok().and_then(Self::new)
    }

    /// From the members `n` and `e` of a JSON Web Key.
    pub(crate) fn from_jwk(n: &str, e: &str) -> Option<Self> {
        let number = |text: &str| {
            let text = text.trim_end_matches('=');
            BASE64_URL_SAFE_NO_PAD.decode(text).ok().map(|bytes| rsa::BigUint::from_bytes_be(&bytes))
        };
        RsaPublicKey::new(number(n)?, number(e)?).ok().and_then(Self::new)
    }

    /// `n` and `e` of a JSON Web Key.
    pub(crate) fn jwk_parts(&self) -> (String, String) {
        (BASE64_URL_SAFE_NO_PAD.encode(&self.modulus), BASE64_URL_SAFE_NO_PAD.encode(&self.exponent))
    }

    /// The fingerprint that names an API key: MD5 of the DER key, in lower-case hex with colons.
    pub(crate) fn fingerprint(&self) -> String {
        let hash = Md5::digest(self.der());
        hash.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
    }

    /// SubjectPublicKeyInfo.
    pub(crate) fn der(&self) -> Vec<u8> {
        self.key.to_public_key_der().map(|der| der.as_bytes().to_vec()).unwrap_or_default()
    }

    /// The key for certificates.
    pub(crate) fn rsa(&self) -> &RsaPublicKey {
        &self.key
    }

    /// Whether the signature (RSA PKCS#1 v1.5 with SHA-256) is this key's.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let key = RsaPublicKeyComponents { n: &self.modulus, e: &self.exponent };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
    }
}

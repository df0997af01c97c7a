//! RSA private keys as OCI hands them out.
//!
//! Signatures are made by `ring`, in constant time. The crate `rsa` generates keys and nothing else: it has a
//! known timing leak in private-key operations (RUSTSEC-2023-0071), and none of those is called here.

mod encrypted;
mod error;
mod generate;
pub(crate) mod pem;
#[cfg(test)]
mod tests;
mod traditional;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use pkcs8::spki::SubjectPublicKeyInfoRef;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use rsa::pkcs1::der::Encode;
use rsa::pkcs1::der::asn1::BitStringRef;
use rsa::pkcs1::{RsaPrivateKey, Version};

pub use error::KeyError;

use crate::{Error, Secret, fingerprint};
use pem::Block;

/// An RSA private key of 2048, 3072 or 4096 bits. `Debug` shows its size alone.
pub struct PrivateKey {
    pair: KeyPair,
    public: PublicKeyComponents<Vec<u8>>,
    spki: Vec<u8>,
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PrivateKey(RSA, {} bits)", self.bits())
    }
}

impl PrivateKey {
    /// The first private key of a PEM text: PKCS#8, PKCS#1, encrypted PKCS#8 (PBES2), or PKCS#1 encrypted the
    /// old way (`DEK-Info`). Text around the block is skipped, such as the line `OCI_API_KEY` that Oracle tells
    /// users to append. A passphrase is taken as it is, spaces included; one that is not needed is ignored,
    /// since it may come from the `DEFAULT` profile.
    ///
    /// # Errors
    /// [`KeyError`], which says what the text is instead.
    pub fn from_pem(pem: &[u8], passphrase: Option<&Secret>) -> Result<Self, KeyError> {
        if pem.len() > pem::MAX_TEXT {
            return Err(KeyError::Oversize);
        }
        let block = pem::blocks(pem).find(|block| block.label.ends_with(b"PRIVATE KEY"));
        Self::from_block(&block.ok_or_else(|| kind_of(pem))?, passphrase)
    }

    fn from_block(block: &Block<'_>, passphrase: Option<&Secret>) -> Result<Self, KeyError> {
        let der = || block.der().ok_or(KeyError::Malformed);
        match block.label {
            b"PRIVATE KEY" => Self::from_pkcs8(&der()?),
            b"RSA PRIVATE KEY" => match block.header("DEK-Info") {
                Some(info) => Self::from_pkcs1(&traditional::decrypt(info, &der()?, passphrase)?).map_err(doubt),
                None => Self::from_pkcs1(&der()?),
            },
            b"ENCRYPTED PRIVATE KEY" => Self::from_pkcs8(&encrypted::decrypt(&der()?, passphrase)?).map_err(doubt),
            b"OPENSSH PRIVATE KEY" => Err(KeyError::OpenSsh),
            _ => Err(KeyError::NotRsa),
        }
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let info = pkcs8::PrivateKeyInfo::try_from(der).map_err(|_| KeyError::Malformed)?;
        if info.algorithm.oid != rsa::pkcs1::ALGORITHM_OID {
            return Err(KeyError::NotRsa);
        }
        Self::from_pkcs1(info.private_key)
    }

    fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        let key = RsaPrivateKey::try_from(der).map_err(|_| KeyError::Malformed)?;
        supported(&key)?;
        let pair = KeyPair::from_der(der).map_err(|_| KeyError::Malformed)?;
        let spki = spki(pair.public().as_ref()).ok_or(KeyError::Malformed)?;
        Ok(Self { public: pair.public().into(), pair, spki })
    }

    /// A fresh key of 2048 bits. Blocks for a tenth of a second and more.
    ///
    /// # Errors
    /// [`Error::NoEffect`] when the system gives no random numbers.
    pub fn generate() -> Result<Self, Error> {
        let der = generate::pkcs1()?;
        Self::from_pkcs1(der.as_bytes()).map_err(|fault| Error::BadKey { origin: "generated key".to_owned(), fault })
    }

    /// RSA PKCS#1 v1.5 signature with SHA-256: the same for the same message.
    ///
    /// # Errors
    /// [`Error::BadKey`] when the key's numbers do not belong together, which shows at its first use.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let mut signature = vec![0; self.signature_len()];
        self.sign_into(message, &mut signature)?;
        Ok(signature)
    }

    /// As [`PrivateKey::sign`], into a buffer of [`PrivateKey::signature_len`] bytes.
    ///
    /// # Errors
    /// [`Error::BadKey`], also when the buffer has another length.
    pub fn sign_into(&self, message: &[u8], signature: &mut [u8]) -> Result<(), Error> {
        let signed = self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, signature);
        signed.map_err(|_| Error::BadKey { origin: "private key".to_owned(), fault: KeyError::Malformed })
    }

    /// Bytes of a signature: as many as the modulus has.
    #[must_use]
    pub fn signature_len(&self) -> usize {
        self.public.n.len()
    }

    /// Whether this key made the signature of this message.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.pair.public().as_ref());
        public.verify(message, signature).is_ok()
    }

    /// Size of the modulus in bits.
    #[must_use]
    pub fn bits(&self) -> usize {
        bits(&self.public.n)
    }

    /// The modulus, big-endian without leading zeros.
    #[must_use]
    pub fn modulus(&self) -> &[u8] {
        &self.public.n
    }

    /// The public exponent, big-endian without leading zeros.
    #[must_use]
    pub fn exponent(&self) -> &[u8] {
        &self.public.e
    }

    /// The public half as DER SubjectPublicKeyInfo (RFC 5280).
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The public half as federation wants it: base64 of the SubjectPublicKeyInfo, no armour, one line.
    #[must_use]
    pub fn spki_body(&self) -> String {
        STANDARD.encode(&self.spki)
    }

    /// API-key fingerprint: MD5 of the SubjectPublicKeyInfo, lower-case hex pairs joined by colons.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint::lower(&Md5::digest(&self.spki))
    }
}

/// What a text without a private key is.
fn kind_of(text: &[u8]) -> KeyError {
    let labels = || pem::blocks(text).map(|block| block.label);
    if labels().any(|label| label.ends_with(b"PUBLIC KEY")) || text.trim_ascii_start().starts_with(b"ssh-rsa ") {
        KeyError::PublicKey
    } else if labels().any(|label| label.ends_with(b"CERTIFICATE")) {
        KeyError::Certificate
    } else {
        KeyError::NoKey
    }
}

/// Decryption with a wrong passphrase sometimes gives bytes that look padded but are no key.
fn doubt(error: KeyError) -> KeyError {
    if error == KeyError::Malformed { KeyError::BadPassphrase } else { error }
}

/// The limits of `ring`, told before it refuses without a reason.
fn supported(key: &RsaPrivateKey<'_>) -> Result<(), KeyError> {
    match bits(key.modulus.as_bytes()) {
        bits @ ..2048 => Err(KeyError::TooSmall(bits)),
        2048 | 3072 | 4096 if key.version() != Version::TwoPrime => Err(KeyError::MultiPrime),
        2048 | 3072 | 4096 if is_small(key.public_exponent.as_bytes()) => Err(KeyError::SmallExponent),
        2048 | 3072 | 4096 => Ok(()),
        bits => Err(KeyError::UnsupportedSize(bits)),
    }
}

/// Bits of a big-endian number without leading zeros.
fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |byte| number.len() * 8 - byte.leading_zeros() as usize)
}

fn is_small(exponent: &[u8]) -> bool {
    bits(exponent) < 17
}

fn spki(pkcs1: &[u8]) -> Option<Vec<u8>> {
    let subject_public_key = BitStringRef::from_bytes(pkcs1).ok()?;
    SubjectPublicKeyInfoRef { algorithm: rsa::pkcs1::ALGORITHM_ID, subject_public_key }.to_der().ok()
}

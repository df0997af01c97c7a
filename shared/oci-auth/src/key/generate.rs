//! Fresh keys.

use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::pkcs8::SecretDocument;
use rsa::rand_core::{OsRng, RngCore};

use crate::Error;

/// Size of session keys, in bits.
const BITS: usize = 2048;

/// A fresh key in PKCS#1 form. The generator panics when the system's random source fails, so that is asked
/// first.
pub(super) fn pkcs1() -> Result<SecretDocument, Error> {
    let failed = || Error::NoEffect("random numbers");
    OsRng.try_fill_bytes(&mut [0; 32]).map_err(|_| failed())?;
    RsaPrivateKey::new(&mut OsRng, BITS).ok().and_then(|key| key.to_pkcs1_der().ok()).ok_or_else(failed)
}

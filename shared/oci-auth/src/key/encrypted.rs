//! Encrypted PKCS#8 (RFC 5958) with PBES2 (RFC 8018): PBKDF2 or scrypt, AES or triple DES in CBC mode.

use pkcs8::der::asn1::{AnyRef, OctetStringRef};
use pkcs8::der::{self, Decode, ErrorKind};
use pkcs8::pkcs5::pbes2::{self, EncryptionScheme, Kdf, Parameters};
use pkcs8::spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::KeyError;
use crate::Secret;

/// Most rounds of PBKDF2. OpenSSL writes 2048, password managers up to a million; ten million take seconds.
const MAX_ROUNDS: u32 = 10_000_000;
/// Most memory of scrypt in bytes, `128 * N * r`. OpenSSL writes 16 MiB and reads up to 32 MiB.
const MAX_SCRYPT_BYTES: u64 = 64 << 20;
/// Most passes of scrypt over that memory. OpenSSL writes 1.
const MAX_SCRYPT_PASSES: u16 = 16;

const CIPHERS: [der::asn1::ObjectIdentifier; 4] =
    [pbes2::AES_128_CBC_OID, pbes2::AES_192_CBC_OID, pbes2::AES_256_CBC_OID, pbes2::DES_EDE3_CBC_OID];

/// The PKCS#8 key inside.
pub(super) fn decrypt(der: &[u8], passphrase: Option<&Secret>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let (algorithm, data) = pair::<AlgorithmIdentifierRef<'_>, OctetStringRef<'_>>(AnyRef::from_der(der))?;
    let scheme = scheme(algorithm)?;
    affordable(&scheme.kdf)?;
    let passphrase = passphrase.ok_or(KeyError::PassphraseRequired)?;
    let mut buffer = Zeroizing::new(data.as_bytes().to_vec());
    let length = scheme.decrypt_in_place(passphrase.expose(), &mut buffer).map_err(failed)?.len();
    buffer.truncate(length);
    Ok(buffer)
}

/// The decoder of `pkcs5` tells unknown algorithms and damage apart only in part, so the names are looked at
/// first.
fn scheme(algorithm: AlgorithmIdentifierRef<'_>) -> Result<Parameters<'_>, KeyError> {
    if algorithm.oid != pbes2::PBES2_OID {
        return Err(KeyError::UnsupportedCipher);
    }
    let parameters = algorithm.parameters.ok_or(KeyError::Malformed)?;
    let (kdf, cipher) = pair::<AlgorithmIdentifierRef<'_>, AlgorithmIdentifierRef<'_>>(Ok(parameters))?;
    if !CIPHERS.contains(&cipher.oid) {
        return Err(KeyError::UnsupportedCipher);
    }
    let encryption = EncryptionScheme::try_from(cipher).map_err(unreadable)?;
    Ok(Parameters { kdf: Kdf::try_from(kdf).map_err(unreadable)?, encryption })
}

/// A sequence of two elements.
fn pair<'a, A: Decode<'a>, B: Decode<'a>>(sequence: der::Result<AnyRef<'a>>) -> Result<(A, B), KeyError> {
    let read = sequence.and_then(|any| any.sequence(|reader| Ok((A::decode(reader)?, B::decode(reader)?))));
    read.map_err(|_| KeyError::Malformed)
}

fn unreadable(error: der::Error) -> KeyError {
    match error.kind() {
        ErrorKind::OidUnknown { .. } => KeyError::UnsupportedCipher,
        _ => KeyError::Malformed,
    }
}

fn failed(error: pkcs8::pkcs5::Error) -> KeyError {
    match error {
        pkcs8::pkcs5::Error::UnsupportedAlgorithm { .. } => KeyError::UnsupportedCipher,
        pkcs8::pkcs5::Error::AlgorithmParametersInvalid { .. } => KeyError::Malformed,
        _ => KeyError::BadPassphrase,
    }
}

/// The cost is the file's to choose; without a bound a hostile one could stop the function for hours.
fn affordable(kdf: &Kdf<'_>) -> Result<(), KeyError> {
    let (fits, sound) = match kdf {
        Kdf::Pbkdf2(params) => (params.iteration_count <= MAX_ROUNDS, params.iteration_count > 0),
        Kdf::Scrypt(params) => {
            let fits = scrypt_bytes(params) <= MAX_SCRYPT_BYTES && params.parallelization <= MAX_SCRYPT_PASSES;
            // `scrypt` panics at a cost of 0.
            (fits, params.cost_parameter.is_power_of_two())
        }
        _ => return Err(KeyError::UnsupportedCipher),
    };
    match (sound, fits) {
        (true, true) => Ok(()),
        (true, false) => Err(KeyError::TooCostly),
        (false, _) => Err(KeyError::Malformed),
    }
}

fn scrypt_bytes(params: &pbes2::ScryptParams<'_>) -> u64 {
    params.cost_parameter.saturating_mul(128).saturating_mul(u64::from(params.block_size))
}

//! The tokens that OCI hands out: JSON web tokens, read and never verified, for there is no key to verify with.

mod claims;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::SystemTime;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::Secret;
use crate::key::PrivateKey;

/// Longest token that is read, in bytes. OCI's have 2 to 8 KB.
pub const MAX_TOKEN: usize = 64 << 10;

/// Why a text is no token. Holds nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Not three parts of base64url with a JSON object in the middle.
    #[error("malformed token: {0}")]
    Malformed(&'static str),
    /// A claim that is needed is not there.
    #[error("claim {0} missing")]
    MissingClaim(&'static str),
    /// A claim is of the wrong type or out of range.
    #[error("claim {0} is not a time")]
    BadClaim(&'static str),
}

/// A token and its claims. `Debug` shows neither.
#[derive(Clone)]
pub struct Token {
    text: Secret,
    claims: Map<String, Value>,
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(<hidden>)")
    }
}

/// Tokens come without padding; padded ones are taken too.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

impl Token {
    /// Reads a token. White space around it is dropped, and so is one leading `ST$`, which some services put
    /// before the tokens they answer. Of a claim that occurs twice the last one counts.
    ///
    /// # Errors
    /// [`TokenError::Malformed`] unless it has three parts of base64url, the middle one a JSON object.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        let text = text.strip_prefix("ST$").unwrap_or(text);
        if text.len() > MAX_TOKEN {
            return Err(TokenError::Malformed("longer than 64 KiB"));
        }
        let [header, payload, signature] = parts(text).ok_or(TokenError::Malformed("not of three parts"))?;
        if ![header, payload, signature].into_iter().all(is_base64) {
            return Err(TokenError::Malformed("a character that is not of base64"));
        }
        let json =
            BASE64.decode(payload).map(Zeroizing::new).map_err(|_| TokenError::Malformed("claims are not base64"))?;
        let claims =
            serde_json::from_slice(&json).map_err(|_| TokenError::Malformed("claims are not a JSON object"))?;
        Ok(Self { text: Secret::from(text), claims })
    }

    /// The token as it is sent, without `ST$`.
    #[must_use]
    pub fn text(&self) -> &Secret {
        &self.text
    }

    /// `keyId` of signatures made under this token: `ST$` and the token.
    #[must_use]
    pub fn key_id(&self) -> Secret {
        Secret::new(format!("ST${}", self.text.expose()))
    }

    /// When it runs out, claim `exp`: seconds since 1970 as a number of any kind or as a string of digits.
    ///
    /// # Errors
    /// [`TokenError::MissingClaim`], [`TokenError::BadClaim`].
    pub fn not_after(&self) -> Result<SystemTime, TokenError> {
        let claim = self.claims.get("exp").ok_or(TokenError::MissingClaim("exp"))?;
        claims::time(claim).ok_or(TokenError::BadClaim("exp"))
    }

    /// When it was made, claim `iat`; `None` when it does not say, or not as a time.
    #[must_use]
    pub fn issued_at(&self) -> Option<SystemTime> {
        claims::time(self.claims.get("iat")?)
    }

    /// A claim that is a string; `None` when it is absent or of another type.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<String> {
        self.claims.get(name)?.as_str().map(str::to_owned)
    }

    /// Tenancy OCID of the resource, claim `res_tenant`.
    #[must_use]
    pub fn tenancy(&self) -> Option<String> {
        self.claim("res_tenant")
    }

    /// Compartment OCID of the resource, claim `res_compartment`. Resources move: read it from each new token.
    #[must_use]
    pub fn compartment(&self) -> Option<String> {
        self.claim("res_compartment")
    }

    /// Whether the token names this key as the one that signs: claim `jwk`, an RSA key as JSON (RFC 7517) inside
    /// a string. `None` when the token names no key that can be read.
    #[must_use]
    pub fn names(&self, key: &PrivateKey) -> Option<bool> {
        let (modulus, exponent) = claims::rsa_key(self.claims.get("jwk")?)?;
        Some(modulus == key.modulus() && exponent == key.exponent())
    }
}

fn parts(text: &str) -> Option<[&str; 3]> {
    let mut parts = text.split('.');
    let found = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(found)
}

/// The token goes into a header between quotation marks, so nothing else may be in it.
fn is_base64(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_+/=".contains(&byte))
}

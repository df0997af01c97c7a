//! Session tokens: JSON Web Tokens that carry the public half of the key their holder signs with.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::keys::Known;
use super::{Principal, PrincipalKind, PublicKey};

/// The claims that are read back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: String,
    /// `resource` or `instance`.
    pub(crate) ptype: String,
    /// Tenancy of the holder.
    pub(crate) tenant: String,
    /// Seconds since 1970.
    pub(crate) iat: i64,
    pub(crate) exp: i64,
    /// The holder's public key, as JSON inside a string.
    pub(crate) jwk: String,
    /// The other claims that SDKs look at.
    #[serde(flatten)]
    pub(crate) other: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    n: String,
    e: String,
}

/// The claim `jwk` for a key.
pub(crate) fn jwk_of(key: &PublicKey) -> String {
    let (n, e) = key.jwk_parts();
    json!({ "kid": "session", "n": n, "e": e, "kty": "RSA", "alg": "RS256", "use": "sig" }).to_string()
}

/// Tokens whose keys have been parsed, at most.
const CACHE_SIZE: usize = 4096;

/// Signs tokens and recognises its own.
pub(crate) struct TokenSigner {
    key: RsaKeyPair,
    public: PublicKey,
    seen: Mutex<HashMap<String, (i64, Arc<Known>)>>,
    random: SystemRandom,
}

impl fmt::Debug for TokenSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSigner").field("public", &self.public).finish_non_exhaustive()
    }
}

impl TokenSigner {
    /// From a private key in PKCS#8; `None` for what is no RSA key of a usable size.
    pub(crate) fn new(pkcs8: &[u8]) -> Option<Self> {
        let key = RsaKeyPair::from_pkcs8(pkcs8).ok()?;
        let components: ring::rsa::PublicKeyComponents<Vec<u8>> = key.public().into();
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let public = PublicKey::from_jwk(&encode(&components.n), &encode(&components.e))?;
        Some(Self { key, public, seen: Mutex::default(), random: SystemRandom::new() })
    }

    /// The public half of the signer's own key.
    pub(crate) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// A token for the claims.
    pub(crate) fn sign(&self, claims: &Claims) -> Option<String> {
        let header = BASE64_URL_SAFE_NO_PAD.encode(r#"{"kid":"asw","alg":"RS256"}"#);
        let body = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).ok()?);
        let text = format!("{header}.{body}");
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &self.random, text.as_bytes(), &mut signature).ok()?;
        Some(format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The holder of a token of ours that has not expired at `now` (seconds since 1970).
    pub(crate) fn holder(&self, token: &str, now: i64) -> Option<Arc<Known>> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((exp, known)) = seen.get(token) {
            return (now < *exp).then(|| known.clone());
        }
        let (exp, known) = self.read(token)?;
        if seen.len() >= CACHE_SIZE {
            seen.clear();
        }
        seen.insert(token.to_owned(), (exp, known.clone()));
        (now < exp).then_some(known)
    }

    fn read(&self, token: &str) -> Option<(i64, Arc<Known>)> {
        let (text, signature) = token.rsplit_once('.')?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        // Only what this emulator has signed; the header's `alg` has no say.
        self.public.verifies(text.as_bytes(), &signature).then_some(())?;
        let body = BASE64_URL_SAFE_NO_PAD.decode(text.split_once('.')?.1).ok()?;
        let claims: Claims = serde_json::from_slice(&body).ok()?;
        let jwk: Jwk = serde_json::from_str(&claims.jwk).ok()?;
        let kind = if claims.ptype == "instance" { PrincipalKind::Instance } else { PrincipalKind::Resource };
        let principal = Arc::new(Principal { kind, tenancy: claims.tenant, id: claims.sub });
        Some((claims.exp, Arc::new(Known { principal, key: PublicKey::from_jwk(&jwk.n, &jwk.e)? })))
    }
}

/// The signer, made when the first token is needed: making an RSA key takes a while.
pub(crate) type LazySigner = OnceLock<TokenSigner>;

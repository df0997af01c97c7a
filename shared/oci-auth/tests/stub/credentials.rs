//! Throw-away keys, and tokens and certificates made for them. They open nothing anywhere.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use causeway_oci_auth::key::PrivateKey;
use serde_json::{Value, json};

pub const FIRST: &str = include_str!("../data/throw-away-session.pem");
pub const SECOND: &str = include_str!("../data/throw-away-second.pem");
pub const LEAF: &str = include_str!("../data/throw-away-leaf.pem");

pub const TENANCY: &str = "ocid1.tenancy.oc1..throwaway";
pub const COMPARTMENT: &str = "ocid1.compartment.oc1..throwaway";

pub fn key(pem: &str) -> Arc<PrivateKey> {
    Arc::new(PrivateKey::from_pem(pem.as_bytes(), None).unwrap())
}

/// Claim `jwk`: the public half as JSON in a text.
pub fn jwk(pem: &str) -> Value {
    let key = key(pem);
    let (n, e) = (URL_SAFE_NO_PAD.encode(key.modulus()), URL_SAFE_NO_PAD.encode(key.exponent()));
    Value::from(json!({"kid": "test", "kty": "RSA", "alg": "RS256", "use": "sig", "n": n, "e": e}).to_string())
}

/// A token with these claims. Its signature is none: nobody checks it on this side.
pub fn token(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2ln", part(&json!({"alg": "RS256", "typ": "JWT"})), part(claims))
}

/// A session token that names the key.
pub fn rpst(name: &str, pem: &str, expiry: u64) -> String {
    let claims = json!({
        "sub": name, "exp": expiry, "jwk": jwk(pem), "res_tenant": TENANCY, "res_compartment": COMPARTMENT,
    });
    token(&claims)
}

/// A self-made certificate for the key, with this organisational unit.
pub fn certificate(pem: &str, unit: &str) -> String {
    let key = rcgen::KeyPair::from_pem(pem).unwrap();
    let mut content = rcgen::CertificateParams::default();
    content.distinguished_name.push(rcgen::DnType::CommonName, "ocid1.instance.oc1.phx.throwaway");
    content.distinguished_name.push(rcgen::DnType::OrganizationalUnitName, unit);
    content.self_signed(&key).unwrap().pem()
}

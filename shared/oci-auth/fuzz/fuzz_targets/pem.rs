//! Private keys and certificates from any bytes: no panic, no hang, no key that cannot be used, nothing shown.
//! What has no armour is read as DER under every label, so that the fuzzer need not learn base64.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use causeway_oci_auth::key::PrivateKey;
use causeway_oci_auth::{Certificate, Secret};
use libfuzzer_sys::fuzz_target;

/// What the seeds are encrypted with.
const PASSPHRASE: &str = " let me in ";

const LABELS: [&str; 4] = ["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "CERTIFICATE"];

fuzz_target!(|input: &[u8]| {
    if input.windows(5).any(|window| window == b"-----") {
        return check(input);
    }
    let body = STANDARD.encode(input);
    for label in LABELS {
        check(format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n").as_bytes());
    }
});

fn check(pem: &[u8]) {
    for passphrase in [None, Some(Secret::from(PASSPHRASE))] {
        if let Ok(key) = PrivateKey::from_pem(pem, passphrase.as_ref()) {
            check_key(&key);
        }
    }
    if let Ok(certificate) = Certificate::from_pem(pem) {
        let _ = (certificate.tenancy(), certificate.not_after());
        assert_eq!(certificate.sha1_fingerprint().len(), 59);
        assert_eq!(certificate.sha256_fingerprint().len(), 95);
    }
}

/// Numbers that do not belong together may only show when the key signs; then it must say so.
fn check_key(key: &PrivateKey) {
    assert!([2048, 3072, 4096].contains(&key.bits()));
    assert_eq!(format!("{key:?}"), format!("PrivateKey(RSA, {} bits)", key.bits()));
    assert_eq!(key.fingerprint().len(), 47);
    if let Ok(signature) = key.sign(b"message") {
        assert!(key.verify(b"message", &signature));
    }
}

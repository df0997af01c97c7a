//! Tokens from any text: no panic, a token that goes into a header as it is, nothing shown. The text is read
//! as a token, and as the claims of one.
#![no_main]

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use causeway_oci_auth::key::PrivateKey;
use causeway_oci_auth::token::Token;
use libfuzzer_sys::fuzz_target;

/// Its public half is in a seed.
static KEY: LazyLock<PrivateKey> = LazyLock::new(|| {
    let pem = include_bytes!("../../src/key/testdata/pkcs8.pem");
    PrivateKey::from_pem(pem, None).expect("the test key is sound")
});

fuzz_target!(|text: &str| {
    check(text);
    check(&format!("e30.{}.", URL_SAFE_NO_PAD.encode(text)));
});

fn check(text: &str) {
    let Ok(token) = Token::parse(text) else { return };
    assert!(token.text().expose().bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'));
    let again = Token::parse(token.key_id().expose()).expect("a key id holds a token");
    assert_eq!((again.not_after(), again.issued_at()), (token.not_after(), token.issued_at()));
    assert_eq!((again.tenancy(), again.compartment()), (token.tenancy(), token.compartment()));
    assert_eq!(again.names(&KEY), token.names(&KEY));
    assert_eq!(format!("{token:?}"), "Token(<hidden>)");
}

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failed expectation is a failed test")]

use std::time::Duration;

use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const PEM: &[u8] = include_bytes!("../key/testdata/pkcs8.pem");

fn key() -> PrivateKey {
    PrivateKey::from_pem(PEM, None).unwrap()
}

/// A token as no service signs it.
fn token(claims: &str) -> String {
    format!("eyJhbGciOiJub25lIn0.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
}

fn parse(claims: &str) -> Token {
    Token::parse(&token(claims)).unwrap()
}

#[test]
fn white_space_and_one_prefix_are_dropped() {
    let plain = token(r#"{"exp":1}"#);
    let check = |text: &str| {
        let token = Token::parse(text).unwrap();
        assert_eq!(token.text().expose(), plain, "{text:?}");
        assert_eq!(token.key_id().expose(), format!("ST${plain}"), "{text:?}");
    };
    check(&plain);
    check(&format!("{plain}\n"));
    check(&format!(" \t{plain}\r\n\r\n"));
    check(&format!("ST${plain}"));
    check(&format!(" ST${plain} "));
}

#[test]
fn what_is_no_token_is_refused() {
    let good = token("{}");
    let check = |text: &str, reason: &'static str| {
        assert_eq!(Token::parse(text).map(|_| ()), Err(TokenError::Malformed(reason)), "{text:.60}");
    };
    let (parts, characters) = ("not of three parts", "a character that is not of base64");
    let (base64, json) = ("claims are not base64", "claims are not a JSON object");
    check("", parts);
    check("garbage", parts);
    check("a.b", parts);
    check(&format!("{good}.x"), parts);
    check("a.b.c.d", parts);
    check(&format!("ST$ST${good}"), characters);
    check(&good.replace('.', " ."), characters);
    check(&good.replace('.', "\n."), characters);
    check(&format!("\"{good}"), characters);
    check(&format!("{good}é"), characters);
    check("a.b.c", base64);
    check("a.e30=e30=.c", base64);
    check("..", json);
    check("a..c", json);
    check(&token("[]"), json);
    check(&token("null"), json);
    check(&token("{\"exp\":1"), json);
    check(&token("{} {}"), json);
    check(&token("{\"exp\":1e999}"), json);
    check(&token(&"[".repeat(20_000)), json);
    check(&token(&format!("{{\"a\":{}1{}}}", "[".repeat(500), "]".repeat(500))), json);
    check(&format!("{good}{}", "A".repeat(MAX_TOKEN)), "longer than 64 KiB");
}

#[test]
fn the_largest_token_is_read() {
    let short = token("{}");
    let longest = format!("{short}{}", "A".repeat(MAX_TOKEN - short.len()));
    assert_eq!(Token::parse(&longest).map(|token| token.text().expose().len()), Ok(MAX_TOKEN));
}

#[test]
fn padded_parts_and_empty_signatures_are_read() {
    let check = |text: &str| assert_eq!(Token::parse(text).unwrap().claim("a").as_deref(), Some("b"), "{text}");
    check("e30.eyJhIjoiYiJ9.");
    check("e30=.eyJhIjoiYiJ9ICA=.c2lnbg==");
    check("e30.eyJhIjoiYiJ9ICA.c2lnbg");
}

#[test]
fn expiry_is_a_number_of_any_kind_or_digits() {
    let check = |exp: &str, expected: Result<f64, TokenError>| {
        let token = parse(&format!("{{\"exp\":{exp},\"iat\":{exp}}}"));
        let seconds = |time: SystemTime| match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => after.as_secs_f64(),
            Err(before) => -before.duration().as_secs_f64(),
        };
        assert_eq!(token.issued_at().map(seconds), expected.clone().ok(), "iat {exp}");
        assert_eq!(token.not_after().map(seconds), expected, "exp {exp}");
    };
    let bad = || Err(TokenError::BadClaim("exp"));
    check("1780001200", Ok(1_780_001_200.0));
    check("1780001200.5", Ok(1_780_001_200.5));
    check("1.78e9", Ok(1.78e9));
    check("\"1780001200\"", Ok(1_780_001_200.0));
    check("0", Ok(0.0));
    check("-1", Ok(-1.0));
    check("-1.5", Ok(-1.5));
    check("18446744073709551615", bad());
    check("18446744073709551616", bad());
    check("1e300", bad());
    check("-1e300", bad());
    check("-9223372036854775808", Ok(-9_223_372_036_854_775_808.0));
    check("-9223372036854775809", Ok(-9_223_372_036_854_775_808.0));
    check("\"\"", bad());
    check("\"99999999999999999999\"", bad());
    check("\"18446744073709551615\"", bad());
    check("\"-1\"", bad());
    check("\"+1\"", bad());
    check("\" 1\"", bad());
    check("\"soon\"", bad());
    check("null", bad());
    check("true", bad());
    check("[1]", bad());
    check("{}", bad());
}

#[test]
fn a_missing_expiry_is_told() {
    assert_eq!(parse("{}").not_after(), Err(TokenError::MissingClaim("exp")));
    assert_eq!(parse("{}").issued_at(), None);
}

#[test]
fn of_a_claim_that_occurs_twice_the_last_counts() {
    let token = parse(r#"{"exp":1,"exp":2}"#);
    assert_eq!(token.not_after(), Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(2)));
}

#[test]
fn claims_are_strings() {
    let token = parse(r#"{"res_tenant":"t","res_compartment":"c","tag":null,"n":1}"#);
    assert_eq!((token.tenancy().as_deref(), token.compartment().as_deref()), (Some("t"), Some("c")));
    assert_eq!((token.claim("tag"), token.claim("n"), token.claim("absent")), (None, None, None));
}

#[test]
fn the_named_key_is_compared() {
    let key = key();
    let (n, e) = (key.modulus(), key.exponent());
    let check = |name: &str, jwk: Value, expected| {
        assert_eq!(parse(&json!({ "jwk": jwk }).to_string()).names(&key), expected, "{name}");
    };
    let jwk = |n: String, e: String| json!({"kid": "x", "n": n, "e": e, "kty": "RSA", "alg": "RS256", "use": "sig"});
    let url = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    check("as a string", jwk(url(n), url(e)).to_string().into(), Some(true));
    check("as an object", jwk(url(n), url(e)), Some(true));
    check("standard base64", jwk(STANDARD.encode(n), STANDARD.encode(e)).to_string().into(), Some(true));
    check("padded base64url", jwk(url(n) + "==", url(e)), Some(true));
    check("leading zeros", jwk(url(&[&[0, 0], n].concat()), url(&[&[0], e].concat())), Some(true));
    check("another modulus", jwk(url(&[n, &[1]].concat()), url(e)), Some(false));
    check("another exponent", jwk(url(n), url(&[3])), Some(false));
    check("nothing in them", jwk(String::new(), String::new()), Some(false));
    check("no modulus", json!({"e": "AQAB"}), None);
    check("no base64", jwk("?".to_owned(), url(e)), None);
    check("no JSON", json!("AQAB"), None);
    check("no text", json!(1), None);
    assert_eq!(parse("{}").names(&key), None);
}

#[test]
fn debug_and_errors_show_nothing_of_it() {
    let token = parse(r#"{"res_tenant":"tenancy","exp":"never"}"#);
    let shown = format!("{token:?} {:#?} {:?} {}", Some(&token), token.not_after(), token.not_after().unwrap_err());
    for part in token.text().expose().split('.').chain(["tenancy", "never"]) {
        assert!(!shown.contains(part), "{shown}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}", claims in "\\PC{0,80}") {
        for text in [text, token(&claims)] {
            if let Ok(token) = Token::parse(&text) {
                let _ = (token.not_after(), token.issued_at(), token.tenancy(), token.names(&key()));
            }
        }
    }

    #[test]
    fn every_number_is_a_time_or_an_error(
        number in any::<f64>(),
        integer in any::<i64>(),
        seconds in 0..100_000_000_000_u64,
    ) {
        for exp in [json!(number), json!(integer)] {
            let token = parse(&json!({ "exp": exp, "iat": exp }).to_string());
            prop_assert!(token.not_after().is_ok() || token.not_after() == Err(TokenError::BadClaim("exp")));
            prop_assert_eq!(token.not_after().ok(), token.issued_at());
        }
        let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        prop_assert_eq!(parse(&json!({ "exp": seconds }).to_string()).not_after(), Ok(expected));
    }
}

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failed expectation is a failed test")]

use std::time::Duration;

use proptest::prelude::*;

use super::*;

const PEM: &str = include_str!("../key/testdata/certificate.pem");
const OLD: &str = include_str!("../key/testdata/certificate-old.pem");
const KEY: &str = include_str!("../key/testdata/pkcs8.pem");
const OTHER_KEY: &str = include_str!("../key/testdata/other-pkcs1.pem");

fn read(pem: &str) -> Certificate {
    Certificate::from_pem(pem.as_bytes()).unwrap()
}

/// A line of what OpenSSL says of `certificate.pem`.
fn fact(name: &str) -> &'static str {
    let mut lines = include_str!("../key/testdata/facts.txt").lines().filter_map(|line| line.split_once(' '));
    lines.find(|(found, _)| *found == name).unwrap().1
}

#[test]
fn it_is_what_openssl_says() {
    let check = |pem: &str| {
        let certificate = read(pem);
        assert_eq!(certificate.sha1_fingerprint(), fact("certificate-sha1"));
        assert_eq!(certificate.sha256_fingerprint(), fact("certificate-sha256").to_lowercase());
        assert_eq!(certificate.body(), fact("certificate-body"));
        let seconds = Duration::from_secs(fact("certificate-not-after").parse().unwrap());
        assert_eq!(certificate.not_after(), SystemTime::UNIX_EPOCH + seconds);
    };
    check(PEM);
    check(&PEM.replace('\n', "\r\n"));
    check(&format!("\n\n{PEM}\n{OLD}"));
    check(&format!("{KEY}{PEM}"));
}

#[test]
fn the_tenancy_is_an_organisational_unit_of_the_subject() {
    assert_eq!(read(PEM).tenancy().as_deref(), Some("ocid1.tenancy.oc1..throwaway"));
    assert_eq!(read(OLD).tenancy().as_deref(), Some("ocid1.tenancy.oc1..older"));
    let renamed = |from: &[u8], to: &[u8]| {
        let der = read(PEM).der;
        let at = der.windows(from.len()).rposition(|window| window == from).unwrap();
        let altered = [&der[..at], to, &der[at + from.len()..]].concat();
        read(&format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----", STANDARD.encode(altered)))
    };
    assert_eq!(renamed(b"opc-tenant:", b"opc-renant:").tenancy(), None);
    // `OU` becomes `O`, 2.5.4.10.
    assert_eq!(renamed(b"\x55\x04\x0b\x0c\x27", b"\x55\x04\x0a\x0c\x27").tenancy(), None);
    assert_eq!(renamed(b"\x55\x04\x0b\x0c\x27", b"\x55\x04\x0b\x13\x27").tenancy(), read(PEM).tenancy());
    assert_eq!(renamed(b"\x55\x04\x0b\x0c\x27", b"\x55\x04\x0b\x16\x27").tenancy(), read(PEM).tenancy());
    assert_eq!(renamed(b"\x55\x04\x0b\x0c\x27", b"\x55\x04\x0b\x14\x27").tenancy(), read(PEM).tenancy());
    assert_eq!(renamed(b"\x55\x04\x0b\x0c\x27", b"\x55\x04\x0b\x04\x27").tenancy(), None);
}

#[test]
fn it_names_one_key() {
    let key = |pem: &str| PrivateKey::from_pem(pem.as_bytes(), None).unwrap();
    assert!(read(PEM).names(&key(KEY)));
    assert!(!read(PEM).names(&key(OTHER_KEY)));
}

#[test]
fn what_is_no_certificate_is_refused() {
    let check = |pem: &str, expected| assert_eq!(Certificate::from_pem(pem.as_bytes()).map(|_| ()), Err(expected));
    check("", CertificateError::NoCertificate);
    check(KEY, CertificateError::NoCertificate);
    check(&PEM[..200], CertificateError::Malformed);
    check(&PEM.replace('M', "N"), CertificateError::Malformed);
    check("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", CertificateError::Malformed);
    check(&PEM.replace("-----END", "AAAA\n-----END"), CertificateError::Malformed);
    check(&format!("{}{PEM}", " ".repeat(pem::MAX_TEXT)), CertificateError::Oversize);
}

#[test]
fn debug_shows_the_fingerprint_alone() {
    let expected = format!("Certificate {{ sha256: {:?}, .. }}", read(PEM).sha256_fingerprint());
    assert_eq!(format!("{:?}", read(PEM)), expected);
}

proptest! {
    #[test]
    fn no_damage_makes_it_panic(
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut der = read(PEM).der;
        let position = at.index(der.len());
        der[position] = byte;
        for der in [der, bytes] {
            let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----", STANDARD.encode(&der));
            if let Ok(read) = Certificate::from_pem(pem.as_bytes()) {
                prop_assert_eq!(read.body(), STANDARD.encode(&der));
                let _ = (read.tenancy(), read.not_after());
            }
        }
    }
}

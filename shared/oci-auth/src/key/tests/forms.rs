//! What is accepted.

use super::*;

/// Every form of the one key of `pkcs8.pem`.
#[test]
fn all_forms_give_the_same_key() {
    let check = |name: &str, pem: &str, passphrase: Option<&str>| {
        let key = parse(pem, passphrase).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((key.bits(), key.fingerprint().as_str()), (2048, fact("fingerprint")), "{name}");
    };
    let clear = testdata!("pkcs8.pem");
    check("PKCS#8", clear, None);
    check("PKCS#1", testdata!("pkcs1.pem"), None);
    check("needless passphrase", clear, Some("whatever"));
    check("needless passphrase for PKCS#1", testdata!("pkcs1.pem"), Some("whatever"));
    check("AES-128, PBKDF2 with SHA-1", testdata!("pbes2-sha1-aes128.pem"), Some(PASSPHRASE));
    check("AES-192, PBKDF2 with SHA-256", testdata!("pbes2-sha256-aes192.pem"), Some(PASSPHRASE));
    check("AES-256, PBKDF2 with SHA-256", testdata!("pbes2-sha256-aes256.pem"), Some(PASSPHRASE));
    check("AES-256, PBKDF2 with SHA-512", testdata!("pbes2-sha512-aes256.pem"), Some(PASSPHRASE));
    check("triple DES, PBKDF2 with SHA-1", testdata!("pbes2-sha1-des3.pem"), Some(PASSPHRASE));
    check("AES-256, scrypt", testdata!("pbes2-scrypt-aes256.pem"), Some(PASSPHRASE));
    check("DEK-Info AES-128", testdata!("traditional-aes128.pem"), Some(PASSPHRASE));
    check("DEK-Info AES-192", testdata!("traditional-aes192.pem"), Some(PASSPHRASE));
    check("DEK-Info AES-256", testdata!("traditional-aes256.pem"), Some(PASSPHRASE));
    check("DEK-Info triple DES", testdata!("traditional-des3.pem"), Some(PASSPHRASE));
    check("CRLF", &testdata!("traditional-aes256.pem").replace('\n', "\r\n"), Some(PASSPHRASE));
    check("label", &format!("{clear}OCI_API_KEY\n"), None);
    check("blank lines", &format!("\n  \n{}\n\n", clear.replace("-----\n", "-----\n\n")), None);
    check("after a certificate", &[testdata!("certificate.pem"), clear].concat(), None);
    check("after its public half", &[testdata!("public.pem"), clear].concat(), None);
    check("before another key", &[clear, testdata!("pkcs8-3072.pem")].concat(), None);
    check("before a damaged block", &[clear, "-----BEGIN PRIVATE KEY-----\n"].concat(), None);
}

#[test]
fn pkcs8_with_attributes_or_a_public_half_is_read() {
    let plain = der(testdata!("pkcs8.pem"));
    let info = pkcs8::PrivateKeyInfo::try_from(plain.as_slice()).unwrap();
    let algorithm = info.algorithm.to_der().unwrap();
    let public = [&[0][..], &parse(testdata!("pkcs8.pem"), None).unwrap().public.n].concat();
    // OID 1.2.840.113549.1.9.20 (friendlyName) with a set of one BMPString.
    let name = [&[6, 9, 42, 134, 72, 134, 247, 13, 1, 9, 20][..], &element(0x31, &element(0x1e, &[0, b'k']))].concat();
    let attributes = element(0xa0, &element(0x30, &name));
    let check = |version: u8, rest: &[u8]| {
        let parts = [&[2, 1, version][..], &algorithm, &element(4, info.private_key), rest].concat();
        let key = parse(&armour("PRIVATE KEY", &element(0x30, &parts)), None);
        assert_eq!(key.map(|key| key.fingerprint()), Ok(fact("fingerprint").to_owned()), "version {version}");
    };
    check(0, &[]);
    check(0, &attributes);
    check(1, &element(0x81, &public));
    check(1, &[attributes, element(0x81, &public)].concat());
}

#[test]
fn larger_keys_sign() {
    let check = |pem: &str, bits: usize| {
        let key = parse(pem, None).unwrap();
        let signature = key.sign(b"date: today").unwrap();
        assert_eq!((key.bits(), key.signature_len(), signature.len()), (bits, bits / 8, bits / 8));
        assert!(key.verify(b"date: today", &signature));
        assert!(!key.verify(b"date: tomorrow", &signature));
    };
    check(testdata!("pkcs8.pem"), 2048);
    check(testdata!("pkcs8-3072.pem"), 3072);
    check(testdata!("pkcs8-4096.pem"), 4096);
}

#[test]
fn signature_and_public_half_are_those_of_openssl() {
    let key = parse(testdata!("pkcs8.pem"), None).unwrap();
    assert_eq!(STANDARD.encode(key.sign(b"date: today").unwrap()), fact("signature"));
    assert_eq!(key.spki_body(), fact("spki"));
    assert_eq!(key.spki_der(), STANDARD.decode(fact("spki")).unwrap());
    assert_eq!(key.modulus().iter().map(|byte| format!("{byte:02X}")).collect::<String>(), fact("modulus"));
    assert_eq!(key.exponent(), [1, 0, 1]);
}

#[test]
fn a_buffer_of_another_length_takes_no_signature() {
    let key = parse(testdata!("pkcs8.pem"), None).unwrap();
    for length in [0, 255, 257] {
        assert!(matches!(key.sign_into(b"", &mut vec![0; length]), Err(Error::BadKey { .. })), "{length}");
    }
}

#[test]
fn debug_shows_the_size_alone() {
    assert_eq!(format!("{:?}", parse(testdata!("pkcs8.pem"), None).unwrap()), "PrivateKey(RSA, 2048 bits)");
}

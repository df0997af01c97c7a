//! What is refused, and the reason that is told.

use pkcs8::EncryptedPrivateKeyInfo;
use pkcs8::pkcs5::pbes2::{EncryptionScheme, Kdf, Parameters, Pbkdf2Params, Pbkdf2Prf, ScryptParams};
use rsa::pkcs1::der::asn1::UintRef;

use super::*;

fn check(name: &str, pem: &str, passphrase: Option<&str>, expected: KeyError) {
    assert_eq!(parse(pem, passphrase).map(|key| key.bits()), Err(expected), "{name}");
}

#[test]
fn the_reason_says_what_it_is_instead() {
    check("nothing", "", None, KeyError::NoKey);
    check("prose", "my key is in the safe", None, KeyError::NoKey);
    check("public half", testdata!("public.pem"), None, KeyError::PublicKey);
    check("public half, PKCS#1", testdata!("public-pkcs1.pem"), None, KeyError::PublicKey);
    check("public half, ssh", "ssh-rsa AAAAB3NzaC1yc2E me@here", None, KeyError::PublicKey);
    check("certificate", testdata!("certificate.pem"), None, KeyError::Certificate);
    check("EC, PKCS#8", testdata!("ec.pem"), None, KeyError::NotRsa);
    check("EC, SEC 1", testdata!("ec-traditional.pem"), None, KeyError::NotRsa);
    check("Ed25519", testdata!("ed25519.pem"), None, KeyError::NotRsa);
    check("RSA for PSS alone", testdata!("pss.pem"), None, KeyError::NotRsa);
    check("OpenSSH", testdata!("openssh.pem"), None, KeyError::OpenSsh);
    check("first of two", &[testdata!("ec.pem"), testdata!("pkcs8.pem")].concat(), None, KeyError::NotRsa);
    check("1024 bits", testdata!("small.pem"), None, KeyError::TooSmall(1024));
    check("2560 bits", testdata!("odd-size.pem"), None, KeyError::UnsupportedSize(2560));
    check("exponent 3", testdata!("exponent-3.pem"), None, KeyError::SmallExponent);
    check("three primes", testdata!("three-primes.pem"), None, KeyError::MultiPrime);
}

#[test]
fn too_much_text_is_refused_unread() {
    let padding = |length| [testdata!("pkcs8.pem"), &" ".repeat(length)].concat();
    check("too long", &padding(pem::MAX_TEXT), None, KeyError::Oversize);
    assert!(parse(&padding(pem::MAX_TEXT - testdata!("pkcs8.pem").len()), None).is_ok());
}

#[test]
fn passphrases_that_do_not_fit() {
    let aes = [testdata!("pbes2-sha256-aes256.pem"), testdata!("traditional-aes256.pem")];
    for pem in [aes[0], aes[1], testdata!("pbes2-sha1-des3.pem")] {
        check("missing", pem, None, KeyError::PassphraseRequired);
        for wrong in ["", "nope", "let me in", " let me in", " let me in \n", "LET ME IN"] {
            check(wrong, pem, Some(wrong), KeyError::BadPassphrase);
        }
    }
}

/// One wrong passphrase in 256 gives bytes that look padded; those must not show as another fault.
#[test]
fn no_wrong_passphrase_shows_as_anything_else() {
    for number in 0..2000 {
        let wrong = format!("wrong {number}");
        check(&wrong, testdata!("traditional-des3.pem"), Some(&wrong), KeyError::BadPassphrase);
    }
}

#[test]
fn encryptions_that_are_not_supported() {
    for passphrase in [None, Some(PASSPHRASE)] {
        check("Camellia", testdata!("pbes2-camellia.pem"), passphrase, KeyError::UnsupportedCipher);
        check("PBES1", testdata!("pbes1-md5-des.pem"), passphrase, KeyError::UnsupportedCipher);
        check("PKCS#12", testdata!("pkcs12-sha1-des3.pem"), passphrase, KeyError::UnsupportedCipher);
        check("single DES", testdata!("traditional-des.pem"), passphrase, KeyError::UnsupportedCipher);
    }
}

#[test]
fn a_hostile_file_cannot_ask_for_hours_or_gigabytes() {
    let costly = |kdf: Kdf<'_>| {
        let scheme = Parameters { kdf, encryption: EncryptionScheme::Aes256Cbc { iv: &[0; 16] } };
        let info = EncryptedPrivateKeyInfo { encryption_algorithm: scheme.into(), encrypted_data: &[0; 32] };
        let pem = armour("ENCRYPTED PRIVATE KEY", &info.to_der().unwrap());
        parse(&pem, Some("any")).map(|key| key.bits())
    };
    let rounds = |iteration_count| {
        let prf = Pbkdf2Prf::HmacWithSha256;
        costly(Pbkdf2Params { salt: &[0; 8], iteration_count, key_length: None, prf }.into())
    };
    assert_eq!(rounds(10_000_001), Err(KeyError::TooCostly));
    assert_eq!(rounds(u32::MAX), Err(KeyError::TooCostly));
    assert_eq!(rounds(1), Err(KeyError::BadPassphrase));
    assert_eq!(rounds(0), Err(KeyError::Malformed));
    let scrypt = |cost_parameter, block_size, parallelization| {
        costly(ScryptParams { salt: &[0; 8], cost_parameter, block_size, parallelization, key_length: None }.into())
    };
    assert_eq!(scrypt(1 << 17, 8, 1), Err(KeyError::TooCostly));
    assert_eq!(scrypt(1 << 63, u16::MAX, u16::MAX), Err(KeyError::TooCostly));
    assert_eq!(scrypt(2, 1, 17), Err(KeyError::TooCostly));
    assert_eq!(scrypt(2, 1, 16), Err(KeyError::BadPassphrase));
    assert_eq!(scrypt(3, 1, 1), Err(KeyError::Malformed));
    assert_eq!(scrypt(0, 1, 1), Err(KeyError::Malformed));
    assert_eq!(scrypt(1, 1, 1), Err(KeyError::BadPassphrase));
    assert_eq!(scrypt(2, 0, 1), Err(KeyError::Malformed));
    assert_eq!(scrypt(2, 1, 0), Err(KeyError::Malformed));
}

#[test]
fn damage_is_told() {
    let clear = testdata!("pkcs8.pem");
    let bytes = der(clear);
    let check = |name: &str, pem: &str| check(name, pem, Some(PASSPHRASE), KeyError::Malformed);
    check("no end", &clear.replace("-----END", ""));
    check("another end", &clear.replace("END PRIVATE", "END RSA PRIVATE"));
    check("cut", &clear[..800]);
    check(
        "a line lost",
        &clear.lines().enumerate().filter(|(at, _)| *at != 5).map(|(_, line)| format!("{line}\n")).collect::<String>(),
    );
    check("no base64", &clear.replace('a', "*").replace("Throw-*w*y", ""));
    check("empty", &armour("PRIVATE KEY", &[]));
    check("cut DER", &armour("PRIVATE KEY", &bytes[..bytes.len() - 1]));
    check("trailing DER", &armour("PRIVATE KEY", &[bytes.as_slice(), &[5, 0]].concat()));
    check("PKCS#8 called PKCS#1", &armour("RSA PRIVATE KEY", &bytes));
    check("PKCS#1 called PKCS#8", &armour("PRIVATE KEY", &der(testdata!("pkcs1.pem"))));
    check("PKCS#8 called encrypted", &armour("ENCRYPTED PRIVATE KEY", &bytes));
    let encrypted = testdata!("traditional-aes256.pem");
    check("no vector", &encrypted.replace("AES-256-CBC,", "AES-256-CBC"));
    check("short vector", &encrypted.replace("AES-256-CBC,", "AES-256-CBC,0"));
}

/// A change to the numbers of a key; the second argument is another key.
type Change = for<'a> fn(&mut RsaPrivateKey<'a>, &RsaPrivateKey<'a>);

#[test]
fn numbers_that_do_not_belong_together_are_damage() {
    let check =
        |name: &str, change: Change, expected: Result<(), KeyError>| assert_eq!(changed(change), expected, "{name}");
    check("nothing changed", |_, _| (), Ok(()));
    check("prime", |key, other| key.prime1 = other.prime1, Err(KeyError::Malformed));
    check("modulus", |key, other| key.modulus = other.modulus, Err(KeyError::Malformed));
    check("exponent of a prime", |key, other| key.exponent1 = other.exponent1, Err(KeyError::Malformed));
    check("coefficient", |key, other| key.coefficient = other.coefficient, Err(KeyError::Malformed));
    check("no prime", |key, _| key.prime1 = number(&[0]), Err(KeyError::Malformed));
    check("even exponent", |key, _| key.public_exponent = number(&[1, 0, 2]), Err(KeyError::Malformed));
    check("another exponent", |key, _| key.public_exponent = number(&[1, 0, 3]), Err(KeyError::Malformed));
    check("even modulus", |key, _| key.modulus = number(&EVEN), Err(KeyError::Malformed));
    check("no modulus", |key, _| key.modulus = number(&[0]), Err(KeyError::TooSmall(0)));
}

/// What reading and signing with the changed key says.
fn changed(change: Change) -> Result<(), KeyError> {
    let (own, other) = (der(testdata!("pkcs1.pem")), der(testdata!("other-pkcs1.pem")));
    let mut key = RsaPrivateKey::try_from(own.as_slice()).unwrap();
    change(&mut key, &RsaPrivateKey::try_from(other.as_slice()).unwrap());
    let signed = parse(&armour("RSA PRIVATE KEY", &key.to_der().unwrap()), None)?.sign(b"message");
    signed.map(|_| ()).map_err(|error| match error {
        Error::BadKey { fault, .. } => fault,
        other => panic!("{other}"),
    })
}

const EVEN: [u8; 256] = {
    let mut number = [0; 256];
    number[0] = 0x80;
    number
};

fn number(bytes: &[u8]) -> UintRef<'_> {
    UintRef::new(bytes).unwrap()
}

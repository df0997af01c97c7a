//! Rules that hold for every input.

use pkcs8::pkcs5::pbes2::Parameters;
use proptest::prelude::*;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey, LineEnding};
use rsa::pkcs8::EncodePrivateKey;

use super::*;

#[test]
fn a_generated_key_survives_every_form() {
    for _ in 0..3 {
        let pkcs1 = generate::pkcs1().unwrap();
        let key = rsa::RsaPrivateKey::from_pkcs1_der(pkcs1.as_bytes()).unwrap();
        let expected = PrivateKey::from_pkcs1(pkcs1.as_bytes()).unwrap();
        let pkcs8 = key.to_pkcs8_pem(LineEnding::CRLF).unwrap();
        let bytes = der(&pkcs8);
        let info = pkcs8::PrivateKeyInfo::try_from(bytes.as_slice()).unwrap();
        let scheme = Parameters::pbkdf2_sha256_aes256cbc(2048, b"salt", &[7; 16]).unwrap();
        let encrypted = info.encrypt_with_params(scheme, PASSPHRASE).unwrap();
        let forms = [
            pkcs8.to_string(),
            key.to_pkcs1_pem(LineEnding::LF).unwrap().to_string(),
            armour("ENCRYPTED PRIVATE KEY", encrypted.as_bytes()),
        ];
        for form in forms {
            let read = parse(&form, Some(PASSPHRASE)).unwrap();
            assert_eq!(read.spki_der(), expected.spki_der());
            assert!(expected.verify(b"message", &read.sign(b"message").unwrap()));
        }
    }
}

#[test]
fn generated_keys_differ() {
    let (one, other) = (PrivateKey::generate().unwrap(), PrivateKey::generate().unwrap());
    assert_eq!((one.bits(), other.bits()), (2048, 2048));
    assert_ne!(one.modulus(), other.modulus());
}

fn files() -> impl Strategy<Value = Vec<u8>> {
    let clear = [testdata!("pkcs8.pem"), testdata!("pkcs1.pem"), testdata!("traditional-aes256.pem")];
    let other = [testdata!("ec.pem"), testdata!("public.pem"), testdata!("pbes2-sha256-aes256.pem")];
    prop::sample::select([clear, other].concat()).prop_map(|text| text.as_bytes().to_vec())
}

/// Reading takes a fault or gives a key that signs or says that it cannot.
fn survives(pem: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(key) = PrivateKey::from_pem(pem, Some(&Secret::from(PASSPHRASE))) {
        if let Ok(signature) = key.sign(b"message") {
            prop_assert!(key.verify(b"message", &signature));
        }
        prop_assert_eq!(format!("{key:?}"), format!("PrivateKey(RSA, {} bits)", key.bits()));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survives(&bytes)?;
    }

    #[test]
    fn no_damaged_file_makes_it_panic(
        mut file in files(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let position = at.index(file.len());
        file[position] = byte;
        survives(&file)?;
        file.truncate(cut.index(file.len()));
        survives(&file)?;
    }

    #[test]
    fn no_damaged_der_makes_it_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = der(testdata!("pkcs1.pem"));
        let position = at.index(bytes.len());
        bytes[position] = byte;
        survives(armour("RSA PRIVATE KEY", &bytes).as_bytes())?;
    }

    #[test]
    fn layout_does_not_matter(
        width in 1..200_usize,
        indent in "[ \t]{0,4}",
        end in "\r?\n",
        before in "[^-]{0,40}",
        after in "[^-]{0,40}",
    ) {
        let text = STANDARD.encode(der(testdata!("pkcs8.pem")));
        let lines: Vec<_> = text.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line)).collect();
        let body = lines.iter().map(|line| format!("{indent}{line}{end}")).collect::<String>();
        let block = format!("{indent}-----BEGIN PRIVATE KEY-----{end}{body}{indent}-----END PRIVATE KEY-----");
        let pem = format!("{before}{end}{block}{end}{after}");
        prop_assert_eq!(parse(&pem, None).map(|key| key.fingerprint()), Ok(fact("fingerprint").to_owned()));
    }
}

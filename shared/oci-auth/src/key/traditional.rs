//! PEM keys that OpenSSL before 1.0 encrypted by itself: headers `Proc-Type: 4,ENCRYPTED` and `DEK-Info`, a key
//! by one round of MD5 (`EVP_BytesToKey`), then CBC. Weak against guessing, but still in use.

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipher, BlockDecryptMut, KeyInit, KeyIvInit};
use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::KeyError;
use crate::Secret;

/// The PKCS#1 key inside. `dek_info` is the header's value, such as `AES-256-CBC,3F17F5316E2BAC89...`.
pub(super) fn decrypt(
    dek_info: &str,
    data: &[u8],
    passphrase: Option<&Secret>,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let (name, iv) = dek_info.split_once(',').ok_or(KeyError::Malformed)?;
    let iv = unhex(iv.trim()).ok_or(KeyError::Malformed)?;
    let open = match name.trim().to_ascii_uppercase().as_str() {
        "AES-128-CBC" => open::<aes::Aes128Dec>,
        "AES-192-CBC" => open::<aes::Aes192Dec>,
        "AES-256-CBC" => open::<aes::Aes256Dec>,
        "DES-EDE3-CBC" => open::<des::TdesEde3>,
        _ => return Err(KeyError::UnsupportedCipher),
    };
    open(&iv, data, passphrase.ok_or(KeyError::PassphraseRequired)?)
}

fn open<C: BlockDecryptMut + BlockCipher + KeyInit>(
    iv: &[u8],
    data: &[u8],
    passphrase: &Secret,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let salt = iv.get(..8).ok_or(KeyError::Malformed)?;
    let key = derive(passphrase, salt, C::key_size());
    let cipher = cbc::Decryptor::<C>::new_from_slices(&key, iv).map_err(|_| KeyError::Malformed)?;
    let mut buffer = Zeroizing::new(data.to_vec());
    let length = cipher.decrypt_padded_mut::<Pkcs7>(&mut buffer).map_err(|_| KeyError::BadPassphrase)?.len();
    buffer.truncate(length);
    Ok(buffer)
}

/// `D1 = MD5(passphrase salt)`, `Dn = MD5(Dn-1 passphrase salt)`, concatenated and cut to the key's length.
fn derive(passphrase: &Secret, salt: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(length + 16));
    while key.len() < length {
        let last = key.len().saturating_sub(16);
        let hash = Md5::new().chain_update(&key[last..]).chain_update(passphrase.expose()).chain_update(salt);
        key.extend_from_slice(&Zeroizing::new(<[u8; 16]>::from(hash.finalize()))[..]);
    }
    key.truncate(length);
    key
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

fn digit(character: u8) -> Option<u8> {
    u8::try_from(char::from(character).to_digit(16)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_digits_come_in_pairs() {
        let check = |text, expected: Option<&[u8]>| assert_eq!(unhex(text).as_deref(), expected, "{text}");
        check("0aFF", Some(&[10, 255]));
        check("", Some(&[]));
        check("0aF", None);
        check("0g", None);
        check("+1", None);
    }

    #[test]
    fn an_initial_vector_of_another_length_is_damage() {
        let check = |info: &str, expected| {
            let opened = decrypt(info, &[0; 32], Some(&Secret::from("any"))).map(|_| ());
            assert_eq!(opened, Err(expected), "{info}");
        };
        check("AES-128-CBC,0011223344556677", KeyError::Malformed);
        check("AES-128-CBC,001122", KeyError::Malformed);
        check("AES-128-CBC,", KeyError::Malformed);
        check("AES-128-CBC", KeyError::Malformed);
        check("DES-EDE3-CBC,00112233445566778899aabbccddeeff", KeyError::Malformed);
        check("DES-CBC,0011223344556677", KeyError::UnsupportedCipher);
    }

    #[test]
    fn data_of_no_whole_blocks_are_no_key() {
        let opened = decrypt("AES-128-CBC,00112233445566778899aabbccddeeff", &[0; 31], Some(&Secret::from("any")));
        assert_eq!(opened.map(|_| ()), Err(KeyError::BadPassphrase));
    }
}

//! Keys of every form, made by OpenSSL and ssh-keygen (`testdata/make.sh`).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failed expectation is a failed test")]

mod forms;
mod laws;
mod refusals;

use super::*;

/// What the encrypted files are encrypted with: the spaces count.
const PASSPHRASE: &str = " let me in ";

macro_rules! testdata {
    ($name:literal) => {
        include_str!(concat!("../testdata/", $name))
    };
}
pub(super) use testdata;

fn parse(pem: &str, passphrase: Option<&str>) -> Result<PrivateKey, KeyError> {
    PrivateKey::from_pem(pem.as_bytes(), passphrase.map(Secret::from).as_ref())
}

/// A line of what OpenSSL says of `pkcs8.pem`.
fn fact(name: &str) -> &'static str {
    let mut lines = testdata!("facts.txt").lines().filter_map(|line| line.split_once(' '));
    lines.find(|(found, _)| *found == name).unwrap().1
}

fn armour(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

fn der(pem: &str) -> Vec<u8> {
    pem::blocks(pem.as_bytes()).next().unwrap().der().unwrap().to_vec()
}

/// One DER element of up to 65,535 bytes.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let header = match length {
        [0, short @ ..0x80] => vec![tag, short],
        [0, long] => vec![tag, 0x81, long],
        [high, low] => vec![tag, 0x82, high, low],
    };
    [&header, content].concat()
}

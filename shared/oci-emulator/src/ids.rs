//! Identifiers: OCIDs, etags and request ids, reproducible from a seed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ring::digest::{SHA256, digest};

const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Makes identifiers. Each is derived from the seed and a number that never repeats.
#[derive(Debug)]
pub(crate) struct Ids {
    seed: u64,
    region: String,
    next: Arc<AtomicU64>,
    /// For request ids, which need not be reproducible across restarts.
    requests: AtomicU64,
}

impl Ids {
    /// `next` is the next number; the store sees to it that no earlier run has kept one from there on.
    pub(crate) fn new(seed: u64, region: &str, next: Arc<AtomicU64>) -> Self {
        let requests = AtomicU64::new(next.load(Ordering::Relaxed) << 20);
        Self { seed, region: region.to_owned(), next, requests }
    }

    /// A number that no other call gets.
    pub(crate) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// A new OCID in this region, such as `ocid1.bucket.oc1.iad.aaaaaaaa...`.
    pub(crate) fn ocid(&self, kind: &str) -> String {
        ocid(kind, &self.region, &format!("{}/{kind}/{}", self.seed, self.number()))
    }

    /// The OCID of a named thing: the same seed and name give the same id in every run.
    pub(crate) fn named_ocid(&self, kind: &str, name: &str) -> String {
        ocid(kind, &self.region, &format!("{}/{kind}/={name}", self.seed))
    }

    /// The same for what belongs to no region: tenancies, compartments, users.
    pub(crate) fn global_ocid(&self, kind: &str, name: &str) -> String {
        ocid(kind, "", &format!("{}/{kind}/={name}", self.seed))
    }

    /// A new entity tag or version id, in the form of a UUID.
    pub(crate) fn etag(&self) -> String {
        let high = mix(mix(self.seed) ^ self.number());
        let bits = u128::from(high) << 64 | u128::from(mix(high));
        let hex = format!("{bits:032x}");
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }

    /// The last two parts of an `opc-request-id`.
    pub(crate) fn request_suffix(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let part = |salt: u64| mix(self.seed ^ number.wrapping_mul(4).wrapping_add(salt));
        format!("{:016X}{:016X}/{:016X}{:016X}", part(0), part(1), part(2), part(3))
    }
}

fn ocid(kind: &str, region: &str, material: &str) -> String {
    let hash = digest(&SHA256, material.as_bytes());
    format!("ocid1.{kind}.oc1.{region}.aaaaaaaa{}", base32(hash.as_ref()))
}

/// The lower-case alphabet of RFC 4648 without padding, as OCIDs use it.
pub(crate) fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(char::from(BASE32[(bits >> held & 31) as usize]));
        }
        bits &= (1 << held) - 1;
    }
    if held > 0 {
        text.push(char::from(BASE32[(bits << (5 - held) & 31) as usize]));
    }
    text
}

/// Spreads a counter over 64 bits (the finaliser of SplitMix64).
pub(crate) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Whether the text has the form of an OCID of this kind; an empty kind stands for any.
pub(crate) fn is_ocid(text: &str, kind: &str) -> bool {
    let mut parts = text.split('.');
    let head = parts.next() == Some("ocid1");
    let kind_fits = parts.next().is_some_and(|k| !k.is_empty() && (kind.is_empty() || k == kind));
    let realm = parts.next().is_some_and(|realm| !realm.is_empty());
    let unique = parts.next_back().is_some_and(|unique| !unique.is_empty());
    let clean = text.len() <= 255 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    head && kind_fits && realm && unique && clean
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn ids(seed: u64) -> Ids {
        Ids::new(seed, "iad", Arc::default())
    }

    #[test]
    fn ids_are_reproducible_and_never_repeat() {
        let make = || {
            let ids = ids(7);
            (0..500).map(|_| ids.ocid("bucket")).chain((0..500).map(|_| ids.etag())).collect::<Vec<_>>()
        };
        assert_eq!(make(), make());
        assert_eq!(make().into_iter().collect::<BTreeSet<_>>().len(), 1000);
        assert_ne!(ids(8).ocid("bucket"), make()[0]);
    }

    #[test]
    fn an_ocid_has_oracles_form() {
        let id = ids(1).ocid("instance");
        assert!(is_ocid(&id, "instance") && id.starts_with("ocid1.instance.oc1.iad.aaaaaaaa"), "{id}");
        assert_eq!(id.rsplit('.').next().unwrap().len(), 60);
        assert!(is_ocid(&ids(1).global_ocid("tenancy", "t"), "tenancy"));
    }

    #[test]
    fn other_texts_are_no_ocids() {
        let check = |text: &str, expected: bool| assert_eq!(is_ocid(text, "tenancy"), expected, "{text}");
        check("ocid1.tenancy.oc1..abc", true);
        check("ocid1.user.oc1..abc", false);
        check("ocid1.tenancy.oc1..", false);
        check("ocid1.tenancy", false);
        check("", false);
        check("ocid1.tenancy.oc1..a b", false);
        check("ocid1.tenancy.oc1..a\u{e9}", false);
    }

    #[test]
    fn base32_agrees_with_rfc_4648() {
        let check = |input: &str, expected: &str| assert_eq!(base32(input.as_bytes()), expected);
        check("", "");
        check("f", "my");
        check("fo", "mzxq");
        check("foobar", "mzxw6ytboi");
    }
}

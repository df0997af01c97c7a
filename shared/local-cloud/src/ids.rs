//! Identifiers in the 26-character form that Fn uses, and UUIDs for Lambda.

use std::hash::{BuildHasher, Hasher, RandomState};

use jiff::Timestamp;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A new call id: sorts by time, to the millisecond.
pub(crate) fn call_id() -> String {
    let millis = u128::try_from(Timestamp::now().as_millisecond()).unwrap_or(0) & 0xFFFF_FFFF_FFFF;
    encode(millis << 80 | random() >> 48)
}

/// The id of a named thing: the same name has the same id in every run.
pub(crate) fn stable_id(name: &str) -> String {
    // The first bits are those of a fixed day, so that it looks like any other id.
    let low = fnv(name, 0xcbf2_9ce4_8422_2325);
    let high = fnv(name, 0x6c62_272e_07bb_0142);
    encode(0x019A_0000_0000_u128 << 80 | (u128::from(high) << 64 | u128::from(low)) >> 48)
}

/// A random (version 4) UUID, the form of Lambda's request ids.
pub(crate) fn uuid() -> String {
    let bits = random() & !(0xF << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{bits:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

fn encode(bits: u128) -> String {
    let digit = |index: u32| char::from(ALPHABET[(bits >> (5 * (25 - index)) & 31) as usize]);
    (0..26).map(digit).collect()
}

/// Ids must not repeat; nobody has to be unable to guess them, so the hasher's seeds do.
fn random() -> u128 {
    let half = || u128::from(RandomState::new().build_hasher().finish());
    half() << 64 | half()
}

fn fnv(text: &str, seed: u64) -> u64 {
    text.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_have_the_form_of_a_ulid() {
        for id in [call_id(), stable_id("discovery-agent")] {
            assert!(id.len() == 26 && id.starts_with("01") && id.bytes().all(|b| ALPHABET.contains(&b)), "{id}");
        }
        assert_eq!(stable_id("a"), stable_id("a"));
        assert_ne!(stable_id("a"), stable_id("b"));
    }

    #[test]
    fn call_ids_do_not_repeat_and_sort_by_time() {
        let ids: BTreeSet<_> = (0..1000).map(|_| call_id()).collect();
        assert_eq!(ids.len(), 1000);
        let earlier = call_id();
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert!(earlier < call_id());
    }

    #[test]
    fn uuids_name_their_version() {
        let id = uuid();
        assert_eq!((id.len(), &id[14..15]), (36, "4"));
        assert!("89ab".contains(&id[19..20]), "{id}");
    }
}

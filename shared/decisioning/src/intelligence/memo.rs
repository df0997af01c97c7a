//! What short texts of a column were read as, for those that come again and again.

/// Texts that are remembered at a time; each takes 40 bytes.
const SLOTS: usize = 256;
/// Longest text that is remembered, in bytes.
const MAX_BYTES: usize = 31;

#[derive(Debug, Clone, Copy)]
struct Slot {
    text: [u8; MAX_BYTES],
    length: u8,
    value: i64,
}

/// A text and its value by a hash of the text; a newer text takes the place of an older one.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    slots: Vec<Slot>,
}

impl Memo {
    #[inline]
    pub(crate) fn get(&self, text: &str) -> Option<i64> {
        let slot = self.slots.get(place(text.as_bytes()))?;
        (&slot.text[..usize::from(slot.length)] == text.as_bytes() && !text.is_empty()).then_some(slot.value)
    }

    pub(crate) fn put(&mut self, text: &str, value: i64) {
        if text.is_empty() || text.len() > MAX_BYTES {
            return;
        }
        if self.slots.is_empty() {
            self.slots = vec![Slot { text: [0; MAX_BYTES], length: 0, value: 0 }; SLOTS];
        }
        let slot = &mut self.slots[place(text.as_bytes())];
        slot.text[..text.len()].copy_from_slice(text.as_bytes());
        (slot.length, slot.value) = (text.len() as u8, value);
    }
}

/// A slot by the first and the last bytes.
#[inline]
fn place(text: &[u8]) -> usize {
    let eight = |bytes: &[u8]| bytes.iter().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
    let word = |bytes: Option<&[u8; 8]>| bytes.map(|bytes| u64::from_le_bytes(*bytes));
    let (first, last) = match (word(text.first_chunk()), word(text.last_chunk())) {
        (Some(first), Some(last)) => (first, last),
        _ => (eight(text), 0),
    };
    let mixed = (first ^ last.rotate_left(29) ^ text.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 56) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_was_put() {
        let mut memo = Memo::default();
        assert_eq!(memo.get("a"), None);
        let texts: Vec<String> = (0..2000).map(|i| format!("{}{i}", "x".repeat(i % 33))).collect();
        let mut found = 0;
        for (value, text) in (0..).zip(&texts) {
            memo.put(text, value);
            assert!(memo.get(text) == Some(value) || text.len() > MAX_BYTES, "{text}");
            found +=
                usize::from(texts[..value as usize].iter().zip(0..).all(|(t, v)| memo.get(t).is_none_or(|m| m == v)));
        }
        assert_eq!(found, texts.len());
        memo.put("", 7);
        assert_eq!((memo.get(""), memo.get(&"y".repeat(40))), (None, None));
    }
}

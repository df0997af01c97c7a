//! What short texts of a column were read as, for those that come again and again.

/// Longest text that is remembered, in bytes.
const MAX_BYTES: usize = 23;

/// A text in full: its first bytes, its length with those in the middle, and its last bytes; these may overlap.
type Words = [u64; 3];

/// A text and its value by a hash of the text; a newer text takes the place of an older one.
#[derive(Debug)]
pub(crate) struct Memo {
    most: usize,
    slots: Vec<(Words, i64)>,
}

impl Memo {
    /// Remembers so many texts at a time, a power of two; each takes 32 bytes.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, slots: Vec::new() }
    }

    #[inline]
    pub(crate) fn get(&self, text: &str) -> Option<i64> {
        if self.slots.is_empty() {
            return None;
        }
        let words = words(text.as_bytes())?;
        let (known, value) = &self.slots[place(&words) & (self.slots.len() - 1)];
        // Word by word, without a branch for each, and without a detour by the memory.
        let difference = (known[0] ^ words[0]) | (known[1] ^ words[1]) | (known[2] ^ words[2]);
        (difference == 0).then_some(*value)
    }

    pub(crate) fn put(&mut self, text: &str, value: i64) {
        let Some(words) = words(text.as_bytes()) else { return };
        self.slots.resize(self.most.max(1), ([0; 3], 0));
        let place = place(&words) & (self.slots.len() - 1);
        self.slots[place] = (words, value);
    }
}

/// `None` for a text that is empty or too long.
#[inline]
fn words(text: &[u8]) -> Option<Words> {
    let eight = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    let four = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
    let length = text.len() as u64;
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        // The highest byte of the middle is among the last ones.
        let middle = text.get(8..16).and_then(<[u8]>::first_chunk).map_or(0, eight) << 8;
        return (text.len() <= MAX_BYTES).then(|| [eight(first), middle | length, eight(last)]);
    }
    match (text.first_chunk(), text.last_chunk()) {
        (Some(first), Some(last)) => Some([four(first), length, four(last)]),
        _ => {
            let byte = |place: usize| u64::from(text[place]);
            (!text.is_empty()).then(|| [byte(0) << 8 | byte(text.len() / 2), length, byte(text.len() - 1)])
        }
    }
}

#[inline]
fn place(words: &Words) -> usize {
    let [first, middle, last] = *words;
    let mixed = (first ^ last.rotate_left(29) ^ middle.rotate_left(13)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 48) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_was_put() {
        let mut memo = Memo::new(256);
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

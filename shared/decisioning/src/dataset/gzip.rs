//! Push-based gunzip with bounded output per step.

use std::io::Write;

use flate2::write::MultiGzDecoder;

/// The two bytes that every gzip member begins with.
pub(crate) const MAGIC: [u8; 2] = [0x1F, 0x8B];

/// Compressed bytes per step: deflate expands at most about 1,032 times, so a step yields at most 4 MiB.
const STEP_BYTES: usize = 4096;

/// Decompresses one or more members.
pub(crate) struct Gunzip {
    decoder: MultiGzDecoder<Vec<u8>>,
}

impl Gunzip {
    pub(crate) fn new() -> Self {
        Self { decoder: MultiGzDecoder::new(Vec::new()) }
    }

    /// Decompresses a piece and hands on what comes out; stops when `take` returns false.
    pub(crate) fn push(&mut self, piece: &[u8], mut take: impl FnMut(&[u8]) -> bool) -> std::io::Result<()> {
        for step in piece.chunks(STEP_BYTES) {
            let outcome = self.decoder.write_all(step).and_then(|()| self.decoder.flush());
            let more = take(self.decoder.get_ref());
            self.decoder.get_mut().clear();
            outcome?;
            if !more {
                break;
            }
        }
        Ok(())
    }

    /// Ends the stream; an error means that it was cut off or damaged.
    pub(crate) fn finish(mut self, mut take: impl FnMut(&[u8]) -> bool) -> std::io::Result<()> {
        let outcome = self.decoder.try_finish();
        take(self.decoder.get_ref());
        outcome
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(bytes: &[u8], piece: usize) -> (Vec<u8>, bool) {
        let mut gunzip = Gunzip::new();
        let mut out = Vec::new();
        let mut sound = true;
        for part in bytes.chunks(piece) {
            sound &= gunzip
                .push(part, |b| {
                    out.extend_from_slice(b);
                    true
                })
                .is_ok();
        }
        sound &= gunzip
            .finish(|b| {
                out.extend_from_slice(b);
                true
            })
            .is_ok();
        (out, sound)
    }

    #[test]
    fn members_follow_each_other_in_any_pieces() {
        let both = [packed(b"one"), packed(b"two")].concat();
        for piece in [1, 3, 7, 1000] {
            assert_eq!(unpacked(&both, piece), (b"onetwo".to_vec(), true), "{piece}");
        }
    }

    #[test]
    fn a_cut_stream_gives_what_came_before_the_cut_and_an_error() {
        let text: Vec<u8> = (0..20_000_u32).flat_map(|i| format!("{i},").into_bytes()).collect();
        let whole = packed(&text);
        let (out, sound) = unpacked(&whole[..whole.len() / 2], 500);
        assert!(!sound && !out.is_empty() && text.starts_with(&out));
    }
}

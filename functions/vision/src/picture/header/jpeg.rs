//! Markers of a JPEG (ITU-T T.81, annex B), walked from the start to the end of the picture.

use std::ops::Range;

use memchr::memchr;

use super::super::Rejected;
use super::{Coding, Header, be16, slice};

/// More scans than any encoder writes; each one costs a pass over the whole picture (libjpeg-turbo's advice on
/// progressive files made to keep a decoder busy).
const MAX_SCANS: usize = 100;

/// How a JPEG is coded.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::picture) struct Jpeg {
    /// Coefficients of the whole picture are held until the last scan.
    pub(in crate::picture) progressive: bool,
    /// Horizontal and vertical sampling of each component.
    pub(in crate::picture) sampling: Vec<(u8, u8)>,
    /// Adobe's encoders store inverted CMYK.
    pub(in crate::picture) adobe: bool,
    /// Why the picture cannot be whole. A decoder fills up what is missing, and a picture of which a part is made up
    /// is no evidence.
    pub(in crate::picture) missing: Option<&'static str>,
}

#[derive(Default)]
struct Walk {
    frame: Option<Frame>,
    scans: usize,
    /// Where the first scan begins.
    data: Option<usize>,
    exif: Option<Range<usize>>,
    adobe: bool,
}

struct Frame {
    width: u16,
    height: u16,
    progressive: bool,
    /// Identifier, sampling, and the coefficients that are complete, one bit each.
    components: Vec<(u8, (u8, u8), u64)>,
}

pub(super) fn read(bytes: &[u8]) -> Result<Header, Rejected> {
    let mut walk = Walk::default();
    let end = walk.markers(bytes)?;
    let frame = walk.frame.ok_or_else(|| Rejected::unreadable("the JPEG has no frame header"))?;
    let coding = Jpeg {
        progressive: frame.progressive,
        missing: frame.missing(end - walk.data.unwrap_or(end)),
        sampling: frame.components.iter().map(|(_, sampling, _)| *sampling).collect(),
        adobe: walk.adobe,
    };
    Ok(Header {
        width: frame.width.into(),
        height: frame.height.into(),
        animated: false,
        exif: walk.exif,
        end,
        coding: Coding::Jpeg(coding),
    })
}

impl Walk {
    /// To the end of the picture, which it returns.
    fn markers(&mut self, bytes: &[u8]) -> Result<usize, Rejected> {
        let truncated = || Rejected::unreadable("the JPEG is truncated: it has no end marker");
        let mut at = 2;
        loop {
            let (marker, next) = next_marker(bytes, at).ok_or_else(truncated)?;
            at = match marker {
                0xD9 => return Ok(next),
                // Markers without a segment: restarts, start, and one for temporary use.
                0x01 | 0xD0..=0xD8 => next,
                _ => self.segment(marker, bytes, next)?,
            };
        }
    }

    /// One segment; returns where the next marker is looked for.
    fn segment(&mut self, marker: u8, bytes: &[u8], at: usize) -> Result<usize, Rejected> {
        let length = be16(bytes, at).map(usize::from).filter(|length| *length >= 2);
        let body = length.and_then(|length| slice(bytes, at + 2, length - 2));
        let (Some(length), Some(body)) = (length, body) else {
            return Err(Rejected::unreadable("the JPEG is truncated within a segment"));
        };
        match marker {
            0xC4 | 0xC8 | 0xCC => {}
            0xC0..=0xCF if self.frame.is_none() => self.frame = Some(Frame::read(marker, body)?),
            0xDA => {
                self.data.get_or_insert(at);
                self.scan(body)?;
            }
            0xE1 if self.exif.is_none() && body.starts_with(b"Exif\0\0") => {
                self.exif = Some(at + 8..at + length);
            }
            0xEE if body.starts_with(b"Adobe") => self.adobe = true,
            _ => {}
        }
        Ok(at + length)
    }

    /// Which coefficients a scan completes.
    fn scan(&mut self, body: &[u8]) -> Result<(), Rejected> {
        self.scans += 1;
        if self.scans > MAX_SCANS {
            return Err(Rejected::too_large(format!("the JPEG has more than {MAX_SCANS} scans")));
        }
        let count = usize::from(body.first().copied().unwrap_or(0));
        let (Some(ids), Some(parameters), Some(frame)) =
            (slice(body, 1, 2 * count), slice(body, 1 + 2 * count, 3), self.frame.as_mut())
        else {
            return Err(Rejected::unreadable("the JPEG has a broken scan header"));
        };
        let &[first, last, approximation] = parameters else { return Ok(()) };
        let done = match (frame.progressive, approximation & 0x0F) {
            (false, _) => u64::MAX,
            (true, 0) if first <= last && last < 64 => (u64::MAX >> (63 - (last - first))) << first,
            (true, _) => 0,
        };
        for component in &mut frame.components {
            if ids.chunks_exact(2).any(|pair| pair[0] == component.0) {
                component.2 |= done;
            }
        }
        Ok(())
    }
}

impl Frame {
    fn read(marker: u8, body: &[u8]) -> Result<Self, Rejected> {
        if marker > 0xC2 {
            let coding = if marker > 0xC8 { "arithmetic" } else { "lossless or hierarchical" };
            return Err(Rejected::unsupported(format!("a JPEG with {coding} coding is not decoded")));
        }
        let (Some(&[precision, h1, h0, w1, w0, count]), Some(specifications)) =
            (body.first_chunk::<6>(), body.get(6..))
        else {
            return Err(Rejected::unreadable("the JPEG has a broken frame header"));
        };
        if precision != 8 {
            return Err(Rejected::unsupported(format!("a JPEG of {precision} bits a sample is not decoded")));
        }
        if !matches!(count, 1 | 3 | 4) || specifications.len() != 3 * usize::from(count) {
            return Err(Rejected::unsupported(format!("a JPEG of {count} components is not decoded")));
        }
        let components: Vec<_> = specifications.chunks_exact(3).map(|c| (c[0], (c[1] >> 4, c[1] & 0x0F), 0)).collect();
        if components.iter().any(|(_, (h, v), _)| !(1..=4).contains(h) || !(1..=4).contains(v)) {
            return Err(Rejected::unreadable("the JPEG has sampling factors outside 1 to 4"));
        }
        let (width, height) = (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]));
        Ok(Self { width, height, progressive: marker == 0xC2, components })
    }

    /// Coefficients that no scan completes, or fewer bits than blocks need: one for the mean, one for the end of the
    /// others.
    fn missing(&self, bytes: usize) -> Option<&'static str> {
        if self.components.iter().any(|(_, _, complete)| *complete != u64::MAX) {
            return Some("the JPEG is truncated: scans are missing");
        }
        let largest = |side: fn(&(u8, u8)) -> u8| self.components.iter().map(|c| side(&c.1)).max().unwrap_or(1).into();
        let (across, down): (usize, usize) = (largest(|s| s.0), largest(|s| s.1));
        let units = usize::from(self.width) / (8 * across) * (usize::from(self.height) / (8 * down));
        let blocks: usize = self.components.iter().map(|(_, (h, v), _)| units * usize::from(h * v)).sum();
        let least = blocks * if self.progressive { 1 } else { 2 };
        (8 * bytes < least).then_some("the JPEG is truncated: it has fewer bits than blocks")
    }
}

/// The next marker at or behind `at`, and where its segment begins. Skips entropy-coded data, whose 0xFF are
/// followed by 0, and whatever else is not a marker, as decoders do.
fn next_marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += memchr(0xFF, bytes.get(at..)?)? + 1;
        match *bytes.get(at)? {
            0 => at += 1,
            0xFF => {}
            marker => return Some((marker, at + 1)),
        }
    }
}

//! Chunks of a PNG.

use super::super::Rejected;
use super::{Coding, Header, be32, slice};

/// Signature, then length, name, content and checksum of each chunk.
const SIGNATURE: usize = 8;

pub(super) fn read(bytes: &[u8]) -> Result<Header, Rejected> {
    let broken = || Rejected::unreadable("the PNG has a broken header");
    let ihdr = slice(bytes, SIGNATURE, 8 + 13).filter(|chunk| chunk[4..8] == *b"IHDR").ok_or_else(broken)?;
    let (width, height) = be32(ihdr, 8).zip(be32(ihdr, 12)).ok_or_else(broken)?;
    let coding = Coding::Png { interlaced: ihdr[20] != 0 };
    let mut header = Header { width, height, animated: false, exif: None, end: bytes.len(), coding };
    let mut at = SIGNATURE;
    while let Some((length, name)) = be32(bytes, at).zip(slice(bytes, at + 4, 4)) {
        let content = at + 8;
        let Some(end) = usize::try_from(length).ok().and_then(|length| content.checked_add(length)) else { break };
        match name {
            b"acTL" => header.animated = true,
            b"eXIf" if header.exif.is_none() && end <= bytes.len() => header.exif = Some(content..end),
            b"IEND" => {
                header.end = end.saturating_add(4).min(bytes.len());
                break;
            }
            _ => {}
        }
        at = end.saturating_add(4);
    }
    Ok(header)
}

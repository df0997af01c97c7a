//! Frames of a GIF.

use gif::{DecodeOptions, MemoryLimit};

use super::super::Rejected;
use super::{Coding, Header};

pub(super) fn read(bytes: &[u8]) -> Result<Header, Rejected> {
    let broken = |error| Rejected::unreadable(format!("the GIF is broken: {error}"));
    let mut options = DecodeOptions::new();
    options.set_memory_limit(MemoryLimit::Bytes(std::num::NonZeroU64::MIN));
    options.skip_frame_decoding(true);
    let mut decoder = options.read_info(bytes).map_err(broken)?;
    let (width, height) = (decoder.width().into(), decoder.height().into());
    if decoder.next_frame_info().map_err(broken)?.is_none() {
        return Err(Rejected::unreadable("the GIF has no frame"));
    }
    // What is broken behind the first frame does not hurt it.
    let animated = matches!(decoder.next_frame_info(), Ok(Some(_)));
    Ok(Header { width, height, animated, exif: None, end: bytes.len(), coding: Coding::Gif })
}

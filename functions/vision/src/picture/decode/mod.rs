//! From bytes to pixels, within a bound of memory that is worked out from the header before anything is decoded.

mod ended;
mod gif;
mod jpeg;
mod png;
mod reduce;
mod webp;

use super::header::Coding;
use super::pixels::Rgb;
use super::resize::fit;
use super::{Inspected, Limits, Rejected, guard};

/// What becomes of the decoded picture: its memory is bounded before anything is decoded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// Long edge of the copy that is made, in pixels.
    pub(super) edge: usize,
    /// Whether that copy is turned, for which it is there twice.
    pub(super) turned: bool,
}

impl Wanted {
    /// By how much the rows of a picture are averaged down while they arrive: as little as the memory allows.
    fn factor(self, size: (usize, usize), limits: &Limits, what: &str) -> Result<usize, Rejected> {
        let (least, most) = reduce::factors(size, self.edge);
        let fits = |factor: usize| self.check(reduce::reduced(size, factor), limits, what).map(|()| factor);
        (least..most).find_map(|factor| fits(factor).ok()).map_or_else(|| fits(most), Ok)
    }

    /// Refuses a picture of which too much would be held at once after it came out of the decoder in the given size.
    pub(super) fn check(self, (width, height): (usize, usize), limits: &Limits, what: &str) -> Result<(), Rejected> {
        let colours = |width: usize, height: usize| 3 * width as u64 * height as u64;
        let (across, down) = fit(width, height, self.edge);
        let (stored, copy) = (colours(width, height), colours(across, down));
        // Rows are made shorter first, then there are fewer of them.
        let shrinking =
            if (across, down) == (width, height) { stored } else { stored + colours(across, height) + copy };
        let turning = if self.turned { 2 * copy } else { 0 };
        // The luma of the copy is what is measured.
        let measuring = copy + copy / 3;
        limits.check_memory(shrinking.max(turning).max(measuring), what)
    }
}

/// The first frame as stored, not larger than is of use for the wanted copy: large pictures are
/// averaged down while they are decoded. Transparent pixels come out on white.
pub(super) fn decode(bytes: &[u8], inspected: &Inspected, wanted: Wanted, limits: &Limits) -> Result<Rgb, Rejected> {
    let header = &inspected.header;
    guard(|| match &header.coding {
        Coding::Jpeg(coding) => jpeg::decode(bytes, header, coding, wanted, limits),
        Coding::Png { interlaced } => png::decode(bytes, header, *interlaced, wanted, limits),
        Coding::Webp { bytes_per_pixel } => webp::decode(bytes, header, *bytes_per_pixel, wanted, limits),
        Coding::Gif => gif::decode(bytes, header, wanted, limits),
    })
}

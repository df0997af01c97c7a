//! How the camera was held: EXIF orientation 1 to 8.

use super::pixels::Rgb;

/// How the stored picture must be turned to stand upright (EXIF 2.3, tag 0x0112).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Orientation(u8);

impl Default for Orientation {
    /// Stored upright.
    fn default() -> Self {
        Self(1)
    }
}

impl Orientation {
    /// None if the value is not 1 to 8.
    #[must_use]
    pub fn from_exif(value: u32) -> Option<Self> {
        u8::try_from(value).ok().filter(|value| (1..=8).contains(value)).map(Self)
    }

    /// The value in EXIF, 1 to 8.
    #[must_use]
    pub fn to_exif(self) -> u8 {
        self.0
    }

    /// Whether width and height change places.
    #[must_use]
    pub fn swaps_sides(self) -> bool {
        self.0 >= 5
    }

    /// The picture upright. EXIF names where the stored first row and first column belong: 5 to 8 exchange rows and
    /// columns; 2, 3, 7 and 8 read the stored picture from right to left, 3, 4, 6 and 7 from bottom to top.
    pub(super) fn upright(self, stored: Rgb) -> Rgb {
        if self.0 == 1 {
            return stored;
        }
        let (w, h) = (stored.width, stored.height);
        let (from_right, from_bottom) = match self.0 {
            2 | 8 => (true, false),
            3 | 7 => (true, true),
            4 | 6 => (false, true),
            _ => (false, false),
        };
        let column = |x: usize| if from_right { w - 1 - x } else { x };
        let row = |y: usize| if from_bottom { h - 1 - y } else { y };
        let swap = self.swaps_sides();
        let (width, height) = if swap { (h, w) } else { (w, h) };
        let mut data = Vec::with_capacity(stored.data.len());
        for y in 0..height {
            for x in 0..width {
                let at = if swap { row(x) * w + column(y) } else { row(y) * w + column(x) };
                data.extend_from_slice(&stored.data[3 * at..3 * at + 3]);
            }
        }
        Rgb { width, height, data }
    }
}

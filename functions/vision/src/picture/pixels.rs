//! Pictures in memory.

/// Red, green and blue, a byte each, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rgb {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) data: Vec<u8>,
}

/// Luma, one byte a pixel, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gray {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) data: Vec<u8>,
}

/// BT.601 luma in 15 bits, rounded as OpenCV does it: .299, .587 and .114.
pub(super) fn luma(red: u8, green: u8, blue: u8) -> u8 {
    let sum = 9_798 * u32::from(red) + 19_235 * u32::from(green) + 3_735 * u32::from(blue);
    ((sum + (1 << 14)) >> 15) as u8
}

/// Pixels that are converted at one go.
const PIECE: usize = 64;

impl Rgb {
    pub(super) fn luma(&self) -> Gray {
        // Into places that are there already and in pieces of one length, which lets the compiler use vectors.
        let mut data = vec![0; self.width * self.height];
        for (lumas, pixels) in data.chunks_mut(PIECE).zip(self.data.chunks(3 * PIECE)) {
            for (luma, pixel) in lumas.iter_mut().zip(pixels.as_chunks::<3>().0) {
                *luma = self::luma(pixel[0], pixel[1], pixel[2]);
            }
        }
        Gray { width: self.width, height: self.height, data }
    }
}

impl Gray {
    /// Mean luma of each cell of a grid, row by row. A picture smaller than the grid lends its pixels to several
    /// cells. In whole numbers up to the last division, so that it is the same on every processor.
    pub(super) fn cells(&self, columns: usize, rows: usize) -> Vec<f64> {
        let edges = |cells: usize, pixels: usize| -> Vec<(usize, usize)> {
            let edge = |cell: usize| cell * pixels / cells;
            (0..cells).map(|cell| (edge(cell), edge(cell + 1).max(edge(cell) + 1))).collect()
        };
        let across = edges(columns, self.width);
        let mut means = Vec::with_capacity(columns * rows);
        for (top, bottom) in edges(rows, self.height) {
            let lines = &self.data[top * self.width..bottom * self.width];
            for (left, right) in &across {
                let sum: u32 = lines
                    .chunks_exact(self.width)
                    .map(|line| line[*left..*right].iter().map(|luma| u32::from(*luma)).sum::<u32>())
                    .sum();
                means.push(f64::from(sum) / ((bottom - top) * (right - left)) as f64);
            }
        }
        means
    }
}

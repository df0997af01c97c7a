//! Averages a picture down while its rows arrive, so that it is never whole in memory.

use super::super::pixels::Rgb;

/// Bytes that are kept for each pixel of a picture that is too small to be averaged down.
pub(super) const KEPT: u64 = 3;

/// How a row of samples becomes red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Samples {
    Luma,
    LumaAlpha,
    Rgb,
    Rgba,
}

/// The size of a picture whose rows are averaged down by a factor.
pub(super) fn reduced((width, height): (usize, usize), factor: usize) -> (usize, usize) {
    (width.div_ceil(factor), height.div_ceil(factor))
}

/// By how much a picture is averaged down for a copy with the long edge `edge`, at least and at most: twice the wanted
/// edge is better, since the filter that follows then decides about the quality; less than the wanted edge is too little.
pub(super) fn factors((width, height): (usize, usize), edge: usize) -> (usize, usize) {
    let (long, edge) = (width.max(height), edge.max(1));
    ((long / edge.saturating_mul(2)).max(1), (long / edge).max(1))
}

/// Takes rows, keeps means of `factor` times `factor` pixels.
pub(super) struct Reducer {
    samples: Samples,
    width: usize,
    factor: usize,
    /// Of the rows since the last one that was kept.
    sums: Vec<u32>,
    rows: usize,
    row: Vec<u8>,
    reduced: Rgb,
}

impl Reducer {
    /// For a picture of that size.
    pub(super) fn new(samples: Samples, (width, height): (usize, usize), factor: usize) -> Self {
        let (across, down) = reduced((width, height), factor);
        let kept = Rgb { width: across, height: 0, data: Vec::with_capacity(3 * across * down) };
        Self {
            samples,
            width,
            factor,
            sums: vec![0; 3 * across],
            rows: 0,
            row: Vec::with_capacity(3 * width),
            reduced: kept,
        }
    }

    /// The next row, from the top.
    pub(super) fn push(&mut self, samples: &[u8]) {
        self.row.clear();
        match self.samples {
            Samples::Luma => self.row.extend(samples.iter().flat_map(|luma| [*luma; 3])),
            Samples::LumaAlpha => self.row.extend(samples.chunks_exact(2).flat_map(|p| [on_white(p[0], p[1]); 3])),
            Samples::Rgb => self.row.extend_from_slice(samples),
            Samples::Rgba => {
                self.row.extend(samples.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]].map(|c| on_white(c, p[3]))));
            }
        }
        self.row.resize(3 * self.width, 255);
        if self.factor == 1 {
            self.reduced.data.extend_from_slice(&self.row);
            self.reduced.height += 1;
        } else {
            self.add();
        }
    }

    /// The means of all rows.
    pub(super) fn finish(mut self) -> Rgb {
        if self.rows > 0 {
            self.keep();
        }
        self.reduced
    }

    fn add(&mut self) {
        for (sums, pixels) in self.sums.chunks_exact_mut(3).zip(self.row.chunks(3 * self.factor)) {
            for pixel in pixels.chunks_exact(3) {
                for (sum, sample) in sums.iter_mut().zip(pixel) {
                    *sum += u32::from(*sample);
                }
            }
        }
        self.rows += 1;
        if self.rows == self.factor {
            self.keep();
        }
    }

    fn keep(&mut self) {
        let across = self.sums.len() / 3;
        for (x, sums) in self.sums.chunks_exact(3).enumerate() {
            // The last column may stand for fewer pixels.
            let columns = if x + 1 == across { self.width - x * self.factor } else { self.factor };
            let count = (columns * self.rows) as u32;
            self.reduced.data.extend(sums.iter().map(|sum| ((sum + count / 2) / count) as u8));
        }
        self.reduced.height += 1;
        self.sums.fill(0);
        self.rows = 0;
    }
}

fn on_white(sample: u8, alpha: u8) -> u8 {
    let (sample, alpha) = (u32::from(sample), u32::from(alpha));
    ((sample * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

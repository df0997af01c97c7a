//! How sharp a picture is: variance of the Laplacian (Pech-Pacheco and others, 2000) and Tenengrad (Pertuz and
//! others, 2013). Borders are mirrored without repeating the edge (OpenCV's reflect-101).

use super::super::pixels::Gray;

/// Sums of a row fit into 32 bits up to this many pixels: Sobel's squares are below 2^21.
const CHUNK: usize = 1_024;

/// Variance of the 4-neighbour Laplacian, and the mean squared gradient by Sobel's 3x3 filters.
pub(super) fn measure(luma: &Gray) -> (f64, f64) {
    let padded = Padded::new(luma);
    let mut sums = Sums::default();
    for y in 0..luma.height {
        let rows = [padded.row(y), padded.row(y + 1), padded.row(y + 2)];
        for from in (0..luma.width).step_by(CHUNK) {
            let to = luma.width.min(from + CHUNK);
            sums.add(rows.map(|row| &row[from..to + 2]));
        }
    }
    let count = (luma.width * luma.height) as f64;
    let mean = sums.laplacian as f64 / count;
    (sums.laplacian_squared as f64 / count - mean * mean, sums.gradient_squared as f64 / count)
}

#[derive(Default)]
struct Sums {
    laplacian: i64,
    laplacian_squared: u64,
    gradient_squared: u64,
}

impl Sums {
    /// Three rows with a pixel more at either side. Slices of one length let the compiler use vectors.
    fn add(&mut self, [above, here, below]: [&[i16]; 3]) {
        let count = here.len() - 2;
        let (nw, n, ne) = (&above[..count], &above[1..=count], &above[2..count + 2]);
        let (w, c, e) = (&here[..count], &here[1..=count], &here[2..count + 2]);
        let (sw, s, se) = (&below[..count], &below[1..=count], &below[2..count + 2]);
        let (mut sum, mut squared, mut gradient) = (0_i32, 0_u32, 0_u32);
        for x in 0..count {
            let laplacian = i32::from(n[x] + s[x] + w[x] + e[x] - 4 * c[x]);
            sum += laplacian;
            squared += (laplacian * laplacian) as u32;
            let across = i32::from(ne[x] - nw[x] + 2 * (e[x] - w[x]) + se[x] - sw[x]);
            let down = i32::from(sw[x] - nw[x] + 2 * (s[x] - n[x]) + se[x] - ne[x]);
            gradient += (across * across + down * down) as u32;
        }
        self.laplacian += i64::from(sum);
        self.laplacian_squared += u64::from(squared);
        self.gradient_squared += u64::from(gradient);
    }
}

/// A copy with a mirrored pixel on every side.
struct Padded {
    stride: usize,
    data: Vec<i16>,
}

impl Padded {
    fn new(luma: &Gray) -> Self {
        let (width, height) = (luma.width, luma.height);
        let stride = width + 2;
        let mut data = Vec::with_capacity(stride * (height + 2));
        for y in 0..height + 2 {
            let row = &luma.data[reflect(y, height) * width..][..width];
            data.push(row[reflect(0, width)].into());
            data.extend(row.iter().map(|luma| i16::from(*luma)));
            data.push(row[reflect(width + 1, width)].into());
        }
        Self { stride, data }
    }

    fn row(&self, y: usize) -> &[i16] {
        &self.data[y * self.stride..][..self.stride]
    }
}

/// The pixel for a place that counts from 1, with 0 before the first and `length + 1` behind the last.
fn reflect(place: usize, length: usize) -> usize {
    match place {
        _ if length == 1 => 0,
        0 => 1,
        _ if place == length + 1 => length - 2,
        _ => place - 1,
    }
}

//! What changed between two pictures of one thing: evidence that a camera gives without a model.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Prepared;
use super::pixels::Gray;

/// Side of the window in which structure is compared.
const WINDOW: usize = 7;
/// Side of the squares to which both pictures are brought; what is compared is what is seen from afar.
const SIDE: usize = 256;

/// What changed since a reference picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Differing bits of the difference hashes, 0 to 64.
    pub dhash_distance: u32,
    /// Differing bits of the frequency hashes, 0 to 64.
    pub phash_distance: u32,
    /// Structural similarity of luma, -1 to 1; 1 the same (Wang and others, 2004; uniform windows of 7x7).
    pub ssim: f64,
    /// At most 6 bits of the difference hash differ: the same picture again, or a copy of it.
    pub near_duplicate: bool,
}

/// Compares with a reference picture.
#[must_use]
pub fn compare(reference: &Prepared, now: &Prepared) -> Change {
    let (before, after) = (reference.metrics.hashes, now.metrics.hashes);
    Change {
        dhash_distance: before.dhash.distance(after.dhash),
        phash_distance: before.phash.distance(after.phash),
        ssim: ssim(&reference.square, &now.square),
        near_duplicate: before.dhash.is_near(after.dhash),
    }
}

/// Luma in the shape in which pictures are compared.
pub(super) fn square(luma: &Gray) -> Gray {
    let data = luma.cells(SIDE, SIDE).into_iter().map(|mean| mean.round() as u8).collect();
    Gray { width: SIDE, height: SIDE, data }
}

/// Mean structural similarity over all windows; both pictures have one size, of a window at least.
pub(super) fn ssim(a: &Gray, b: &Gray) -> f64 {
    let across = a.width + 1 - WINDOW;
    let mut total = 0.0;
    let mut windows = 0.0;
    for y in 0..=a.height - WINDOW {
        // Columns of the window are summed once a row, and then slide.
        let columns: Vec<Moments> = (0..a.width).map(|x| Moments::column(a, b, x, y)).collect();
        for x in 0..across {
            total += columns[x..x + WINDOW].iter().fold(Moments::default(), Moments::plus).similarity();
            windows += 1.0;
        }
    }
    total / windows
}

#[derive(Default, Clone, Copy)]
struct Moments {
    a: u32,
    b: u32,
    aa: u32,
    bb: u32,
    ab: u32,
}

impl Moments {
    fn column(a: &Gray, b: &Gray, x: usize, y: usize) -> Self {
        (y..y + WINDOW).fold(Self::default(), |sum, y| {
            let (a, b) = (u32::from(a.data[y * a.width + x]), u32::from(b.data[y * b.width + x]));
            sum.plus(&Self { a, b, aa: a * a, bb: b * b, ab: a * b })
        })
    }

    fn plus(self, other: &Self) -> Self {
        Self {
            a: self.a + other.a,
            b: self.b + other.b,
            aa: self.aa + other.aa,
            bb: self.bb + other.bb,
            ab: self.ab + other.ab,
        }
    }

    /// Of one window, with the usual constants for 255 levels and the sample covariance.
    fn similarity(self) -> f64 {
        const C1: f64 = (0.01 * 255.0) * (0.01 * 255.0);
        const C2: f64 = (0.03 * 255.0) * (0.03 * 255.0);
        let n = (WINDOW * WINDOW) as f64;
        let [a, b, aa, bb, ab] = [self.a, self.b, self.aa, self.bb, self.ab].map(|sum| f64::from(sum) / n);
        let sample = n / (n - 1.0);
        let (va, vb, cov) = (sample * (aa - a * a), sample * (bb - b * b), sample * (ab - a * b));
        (2.0 * a * b + C1) * (2.0 * cov + C2) / ((a * a + b * b + C1) * (va + vb + C2))
    }
}

//! What the camera and the encoder added: noise and block borders. Reported, never judged.

use super::super::pixels::Gray;

/// Median of a normal distribution's absolute value, for a standard deviation of 1.
const MEDIAN_OF_NORMAL: f64 = 0.674_5;

/// Standard deviation of the noise: median of the finest diagonal Haar coefficients (Donoho and Johnstone, 1994).
pub(super) fn noise(luma: &Gray) -> f64 {
    let mut counts = [0_u64; 1_021];
    for rows in luma.data.chunks_exact(2 * luma.width) {
        let (above, below) = rows.split_at(luma.width);
        for (a, b) in above.chunks_exact(2).zip(below.chunks_exact(2)) {
            let diagonal = i32::from(a[0]) - i32::from(a[1]) - i32::from(b[0]) + i32::from(b[1]);
            counts[diagonal.unsigned_abs() as usize] += 1;
        }
    }
    // A coefficient is half of that difference.
    median(&counts) / 2.0 / MEDIAN_OF_NORMAL
}

/// Median of counted values, between the two in the middle if their number is even; 0 of none.
fn median(counts: &[u64]) -> f64 {
    let total: u64 = counts.iter().sum();
    if total == 0 {
        return 0.0;
    }
    let nth = |rank: u64| {
        let mut seen = 0;
        counts.iter().position(|count| {
            seen += count;
            seen > rank
        })
    };
    let value = |rank| nth(rank).unwrap_or(0) as f64;
    f64::midpoint(value((total - 1) / 2), value(total / 2))
}

/// Mean step across borders of 8x8 blocks over the mean step elsewhere; none of a picture without borders or steps.
pub(super) fn blockiness(luma: &Gray) -> Option<f64> {
    let mut border = Steps::default();
    let mut inside = Steps::default();
    for row in luma.data.chunks_exact(luma.width) {
        for (x, pair) in row.windows(2).enumerate() {
            if x % 8 == 7 { &mut border } else { &mut inside }.add(pair[0], pair[1]);
        }
    }
    for (y, rows) in luma.data.windows(2 * luma.width).step_by(luma.width).enumerate() {
        let (above, below) = rows.split_at(luma.width);
        let steps = if y % 8 == 7 { &mut border } else { &mut inside };
        above.iter().zip(below).for_each(|(a, b)| steps.add(*a, *b));
    }
    let (border, inside) = border.mean().zip(inside.mean())?;
    (inside > 0.0).then(|| border / inside)
}

#[derive(Default)]
struct Steps {
    sum: u64,
    count: u64,
}

impl Steps {
    fn add(&mut self, a: u8, b: u8) {
        self.sum += u64::from(a.abs_diff(b));
        self.count += 1;
    }

    fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }
}

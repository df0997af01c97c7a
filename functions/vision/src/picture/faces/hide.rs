//! Makes a face unrecognisable: squares of one colour, so large that few lie across the face.

use super::super::pixels::Rgb;
use super::Face;

/// Squares across a face; with 4 neither eyes nor mouth can be told.
const SQUARES: f64 = 4.0;
/// How far beyond the box hair and chin are hidden, as a share of its sides.
const MARGIN: f64 = 0.15;

pub(super) fn pixelate(picture: &mut Rgb, face: Face) {
    let span = |from: f64, length: f64, end: usize| {
        let low = (from - MARGIN * length).floor().clamp(0.0, end as f64) as usize;
        let high = (from + (1.0 + MARGIN) * length).ceil().clamp(0.0, end as f64) as usize;
        (low, high)
    };
    let (left, right) = span(face.left, face.width, picture.width);
    let (top, bottom) = span(face.top, face.height, picture.height);
    let square = ((face.width.max(face.height) / SQUARES).ceil() as usize).max(4);
    for y in (top..bottom).step_by(square) {
        for x in (left..right).step_by(square) {
            level(picture, (x, right.min(x + square)), (y, bottom.min(y + square)));
        }
    }
}

/// Gives all pixels of a rectangle their mean.
fn level(picture: &mut Rgb, (left, right): (usize, usize), (top, bottom): (usize, usize)) {
    let stride = 3 * picture.width;
    let rows = |y: usize| y * stride + 3 * left..y * stride + 3 * right;
    let mut sums = [0_u64; 3];
    for pixel in (top..bottom).flat_map(|y| picture.data[rows(y)].chunks_exact(3)) {
        for (sum, sample) in sums.iter_mut().zip(pixel) {
            *sum += u64::from(*sample);
        }
    }
    let count = ((right - left) * (bottom - top)) as u64;
    let mean = sums.map(|sum| (sum / count.max(1)) as u8);
    for y in top..bottom {
        for pixel in picture.data[rows(y)].chunks_exact_mut(3) {
            pixel.copy_from_slice(&mean);
        }
    }
}

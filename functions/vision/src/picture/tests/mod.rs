#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod agreement;
#[path = "../../../../../tests/data_sets.rs"]
mod data_sets;
mod decoding;
mod exif;
mod figures;
mod files;
mod hostile;
mod laws;
mod people;
mod photographs;
mod sniffing;

use data_sets::data_set;

use super::pixels::Rgb;
use super::*;

/// A picture by a rule.
fn drawn(width: usize, height: usize, colour: impl Fn(usize, usize) -> [u8; 3]) -> Rgb {
    let data = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).flat_map(|(x, y)| colour(x, y)).collect();
    Rgb { width, height, data }
}

/// A sharp, well exposed picture with detail everywhere and no symmetry.
fn scene(width: usize, height: usize) -> Rgb {
    drawn(width, height, |x, y| {
        let noise = ((x * 7_919 + y * 104_729 + x * y * 31) % 61) as u8;
        let tile = (x / 9 + y / 7) % 3;
        [60 + 50 * tile as u8 + noise, (40 + 150 * x / width) as u8 + noise / 2, (50 + 120 * y / height) as u8 + noise]
    })
}

/// Inspected and prepared in one go, with nothing declared.
fn prepared(bytes: &[u8]) -> Result<Prepared, Rejected> {
    prepared_with(bytes, &Settings::default())
}

fn prepared_with(bytes: &[u8], settings: &Settings) -> Result<Prepared, Rejected> {
    prepare(bytes, &inspected(bytes)?, settings)
}

fn inspected(bytes: &[u8]) -> Result<Inspected, Rejected> {
    inspect(bytes, &Declared::default(), &Limits::default())
}

/// The pixels of a file as they come out of the decoder, turned upright.
fn pixels(bytes: &[u8]) -> Rgb {
    let inspected = inspected(bytes).unwrap();
    let wanted = decode::Wanted { edge: 1_568, turned: false };
    let stored = decode::decode(bytes, &inspected, wanted, &Limits::default()).unwrap();
    inspected.orientation.upright(stored)
}

/// Mean absolute difference of samples.
fn difference(a: &Rgb, b: &Rgb) -> f64 {
    assert_eq!((a.width, a.height), (b.width, b.height));
    let sum: u64 = a.data.iter().zip(&b.data).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.data.len() as f64
}

//! Files made by code.

use ::exif::{Field, In, Rational, Tag, Value, experimental::Writer};
use jpeg_encoder::{ColorType, Encoder};

use super::*;

pub(super) fn png(picture: &Rgb) -> Vec<u8> {
    png_as(picture.width, picture.height, png::ColorType::Rgb, png::BitDepth::Eight, &picture.data)
}

pub(super) fn png_as(
    width: usize,
    height: usize,
    colour: png::ColorType,
    depth: png::BitDepth,
    samples: &[u8],
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    encoder.write_header().unwrap().write_image_data(samples).unwrap();
    bytes
}

pub(super) fn jpeg(picture: &Rgb) -> Vec<u8> {
    jpeg_as(picture, |_| {})
}

pub(super) fn progressive(picture: &Rgb) -> Vec<u8> {
    jpeg_as(picture, |encoder| encoder.set_progressive(true))
}

/// With tables made for this picture.
pub(super) fn optimised(picture: &Rgb) -> Vec<u8> {
    jpeg_as(picture, |encoder| encoder.set_optimized_huffman_tables(true))
}

/// With a marker after every four units.
pub(super) fn with_restarts(picture: &Rgb) -> Vec<u8> {
    jpeg_as(picture, |encoder| encoder.set_restart_interval(4))
}

fn jpeg_as(picture: &Rgb, change: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 95);
    change(&mut encoder);
    encoder.encode(&picture.data, picture.width as u16, picture.height as u16, ColorType::Rgb).unwrap();
    bytes
}

/// Amounts of ink; the encoder stores them inverted, with Adobe's marker.
pub(super) fn cmyk(width: u16, height: u16, ink: [u8; 4]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let samples = ink.repeat(usize::from(width) * usize::from(height));
    Encoder::new(&mut bytes, 95).encode(&samples, width, height, ColorType::Cmyk).unwrap();
    bytes
}

/// `coffee.jpg` at 120x80; see the README of the folder.
pub(super) const LOSSY_WEBP: &[u8] = include_bytes!("pictures/lossy.webp");

pub(super) fn webp(picture: &Rgb) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = image_webp::WebPEncoder::new(&mut bytes);
    encoder.encode(&picture.data, picture.width as u32, picture.height as u32, image_webp::ColorType::Rgb8).unwrap();
    bytes
}

/// Frames of one colour each; the first is smaller than the canvas by `inset` on the left and at the top.
pub(super) fn gif(width: u16, height: u16, inset: u16, colours: &[[u8; 3]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let palette: Vec<u8> = colours.concat();
    let mut encoder = gif::Encoder::new(&mut bytes, width, height, &palette).unwrap();
    for index in 0..colours.len() {
        let (w, h) = (width - inset, height - inset);
        let pixels = vec![index as u8; usize::from(w) * usize::from(h)];
        let mut frame = gif::Frame::from_indexed_pixels(w, h, pixels, None);
        (frame.left, frame.top) = (inset, inset);
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    bytes
}

/// Of frames of one size.
pub(super) fn apng(frames: &[Rgb]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, frames[0].width as u32, frames[0].height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_animated(frames.len() as u32, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    frames.iter().for_each(|frame| writer.write_image_data(&frame.data).unwrap());
    drop(writer);
    bytes
}

/// Of frames of one size (RFC 9649, section 2.7).
pub(super) fn animated_webp(frames: &[Rgb]) -> Vec<u8> {
    let number = |value: usize| (value as u32).to_le_bytes()[..3].to_vec();
    let sides = [number(frames[0].width - 1), number(frames[0].height - 1)].concat();
    let chunk = |name: &[u8; 4], content: &[u8]| {
        let padding = &[0][..content.len() % 2];
        [&name[..], &(content.len() as u32).to_le_bytes(), content, padding].concat()
    };
    let is_animated = 2;
    let mut chunks = chunk(b"VP8X", &[&[is_animated, 0, 0, 0][..], &sides].concat());
    chunks.extend(chunk(b"ANIM", &[0; 6]));
    for frame in frames {
        // Its place, its sides, how long it is shown, how it is blended; then its picture without the container.
        let head = [&[0; 6][..], &sides, &number(100), &[0]].concat();
        chunks.extend(chunk(b"ANMF", &[&head[..], &webp(frame)[12..]].concat()));
    }
    [&b"RIFF"[..], &(4 + chunks.len() as u32).to_le_bytes(), b"WEBP", &chunks].concat()
}

/// The TIFF structure of EXIF fields.
pub(super) fn tiff(fields: &[(Tag, Value)]) -> Vec<u8> {
    let fields: Vec<Field> =
        fields.iter().map(|(tag, value)| Field { tag: *tag, ifd_num: In::PRIMARY, value: value.clone() }).collect();
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut bytes = std::io::Cursor::new(Vec::new());
    writer.write(&mut bytes, false).unwrap();
    bytes.into_inner()
}

pub(super) fn ascii(text: &str) -> Value {
    Value::Ascii(vec![text.as_bytes().to_vec()])
}

pub(super) fn rationals(parts: &[(u32, u32)]) -> Value {
    Value::Rational(parts.iter().map(|(num, denom)| Rational { num: *num, denom: *denom }).collect())
}

/// A JPEG with EXIF behind its start marker.
pub(super) fn with_exif(jpeg: &[u8], tiff: &[u8]) -> Vec<u8> {
    let length = (2 + 6 + tiff.len()) as u16;
    [&jpeg[..2], &[0xFF, 0xE1], &length.to_be_bytes(), b"Exif\0\0", tiff, &jpeg[2..]].concat()
}

pub(super) fn oriented(jpeg: &[u8], orientation: u16) -> Vec<u8> {
    with_exif(jpeg, &tiff(&[(Tag::Orientation, Value::Short(vec![orientation]))]))
}

//! The most memory that any file can make the function take. One test in a process of its own: the peak is the
//! process's, and making the files takes less than decoding them.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::io::Write as _;

use vision::picture::{Declared, FaceMode, Prepared, Rejected, Settings, inspect, prepare};

/// Of the process, with the file, the binary and the face model.
const MOST_MIB: f64 = 256.0;

#[test]
fn no_file_takes_more_than_256_mib() {
    let cases: [(&str, Vec<u8>, Option<u16>); 15] = [
        ("38.5 MP progressive JPEG, 4:2:0", progressive(7_599, 5_070, 2), None),
        ("38.5 MP progressive JPEG, 4:4:4", progressive(7_599, 5_070, 1), Some(413)),
        ("100 MP progressive JPEG", progressive(10_000, 10_000, 2), Some(413)),
        ("the largest progressive JPEG that is decoded", progressive(7_000, 7_000, 2), None),
        ("100 MP baseline JPEG", baseline(10_000, 10_000), None),
        ("100 MP PNG of a few kilobytes", png(10_000, 10_000, false), None),
        ("100 MP interlaced PNG", png(10_000, 10_000, true), Some(413)),
        // Near the 160 MiB of pixels that a decoder may hold, and beyond.
        ("41 MP GIF", gif(6_400, 6_400), None),
        ("42.3 MP GIF", gif(6_500, 6_500), Some(413)),
        ("13.7 MP lossless WebP", webp(3_700, 3_700), None),
        ("14.4 MP lossless WebP", webp(3_800, 3_800), Some(413)),
        ("20.7 MP lossy WebP", lossy_webp(4_550, 4_550), None),
        ("21.2 MP lossy WebP", lossy_webp(4_600, 4_600), Some(413)),
        ("20 MiB of nothing behind a header", [png(9, 9, false), vec![0; 19 << 20]].concat(), None),
        ("20,000 x 20,000", png(20_000, 20_000, false), Some(413)),
    ];
    let settings = Settings { faces: FaceMode::Blur, ..Settings::default() };
    most(&settings, cases);
    // As for a copy of the same size with faces made unrecognisable.
    let whole = Settings { long_edge: settings.limits.max_side, ..settings.clone() };
    let cases = [
        ("100 MP PNG in full", png(10_000, 10_000, false), Some(413)),
        ("36 MP PNG in full", png(6_000, 6_000, false), None),
        ("25 MP JPEG in full, turned", turned(&baseline(5_000, 5_000)), None),
        ("30 MP JPEG in full, turned", turned(&baseline(6_000, 5_000)), Some(413)),
    ];
    most(&whole, cases);
    let larger = Settings { long_edge: 2_048, ..settings };
    let cases = [
        ("67 MP PNG of which twice the wanted edge is too much", png(8_191, 8_191, false), None),
        ("100 MP PNG", png(10_000, 10_000, false), None),
    ];
    most(&larger, cases);
}

fn most<const N: usize>(settings: &Settings, cases: [(&str, Vec<u8>, Option<u16>); N]) {
    for (name, bytes, refused) in cases {
        let status = once(&bytes, settings).err().map(|rejected| rejected.status);
        assert_eq!(status, refused, "{name}");
        let peak = peak_mib();
        assert!(peak < MOST_MIB, "{name}: {peak} MiB");
        eprintln!("{name}: {} bytes, peak so far {peak:.0} MiB", bytes.len());
    }
}

fn once(bytes: &[u8], settings: &Settings) -> Result<Prepared, Rejected> {
    prepare(bytes, &inspect(bytes, &Declared::default(), &settings.limits)?, settings)
}

/// One scan for the means and one for each component's other coefficients, of codes that are all zeros: a mean that
/// does not change, and a run of blocks without other coefficients.
fn progressive(width: u16, height: u16, sampling: u8) -> Vec<u8> {
    let units = |factor: u16| u64::from(width.div_ceil(8 * factor)) * u64::from(height.div_ceil(8 * factor));
    let (luma, chroma) = (units(1), units(sampling.into()));
    let mcu_blocks = u64::from(sampling) * u64::from(sampling) + 2;
    let means = zeros(chroma * mcu_blocks);
    // A run of 2^14 blocks, and its 14 further bits.
    let runs = |blocks: u64| zeros(blocks.div_ceil(1 << 14) * 15);
    let mut bytes = jpeg_start(0xC2, width, height, sampling);
    bytes.extend(huffman(0x00, 0));
    bytes.extend(huffman(0x10, 0xE0));
    bytes.extend(scan(&[1, 2, 3], 0, 0, &means));
    for (component, blocks) in [(1, luma), (2, chroma), (3, chroma)] {
        bytes.extend(scan(&[component], 1, 63, &runs(blocks)));
    }
    bytes.extend([0xFF, 0xD9]);
    bytes
}

fn baseline(width: u16, height: u16) -> Vec<u8> {
    let blocks = 6 * u64::from(width.div_ceil(16)) * u64::from(height.div_ceil(16));
    let mut bytes = jpeg_start(0xC0, width, height, 2);
    bytes.extend(huffman(0x00, 0));
    bytes.extend(huffman(0x10, 0));
    bytes.extend(scan(&[1, 2, 3], 0, 63, &zeros(2 * blocks)));
    bytes.extend([0xFF, 0xD9]);
    bytes
}

/// The same with an EXIF that says it lies on its side.
fn turned(jpeg: &[u8]) -> Vec<u8> {
    let tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let length = (2 + 6 + tiff.len() as u16).to_be_bytes();
    [&jpeg[..2], &[0xFF, 0xE1], &length, b"Exif\0\0", tiff, &jpeg[2..]].concat()
}

fn jpeg_start(frame: u8, width: u16, height: u16, sampling: u8) -> Vec<u8> {
    let quantization = [&[0xFF, 0xDB, 0, 67, 0][..], &[1; 64]].concat();
    let ([h1, h0], [w1, w0]) = (height.to_be_bytes(), width.to_be_bytes());
    let luma = sampling << 4 | sampling;
    let frame = [0xFF, frame, 0, 17, 8, h1, h0, w1, w0, 3, 1, luma, 0, 2, 0x11, 0, 3, 0x11, 0];
    [&[0xFF, 0xD8][..], &quantization, &frame].concat()
}

/// A table with one code, a single zero, for one symbol.
fn huffman(class: u8, symbol: u8) -> Vec<u8> {
    [&[0xFF, 0xC4, 0, 20, class, 1][..], &[0; 15], &[symbol]].concat()
}

fn scan(components: &[u8], first: u8, last: u8, data: &[u8]) -> Vec<u8> {
    let count = components.len() as u8;
    let mut bytes = vec![0xFF, 0xDA, 0, 6 + 2 * count, count];
    bytes.extend(components.iter().flat_map(|component| [*component, 0]));
    bytes.extend([first, last, 0]);
    bytes.extend(data);
    bytes
}

fn zeros(bits: u64) -> Vec<u8> {
    vec![0; bits.div_ceil(8) as usize]
}

/// Grey rows, written one after the other; none where the header alone is refused.
fn png(width: u32, height: u32, interlaced: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().unwrap();
    let row = vec![128; 3 * width as usize];
    let rows = if interlaced || height > 12_000 { 0 } else { height };
    let mut stream = writer.stream_writer_with_size(1 << 16).unwrap();
    for _ in 0..rows {
        stream.write_all(&row).unwrap();
    }
    drop(stream);
    drop(writer);
    if interlaced {
        bytes[28] = 1;
        let checksum = crc32(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
    }
    bytes
}

/// Of one colour.
fn gif(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = gif::Encoder::new(&mut bytes, width, height, &[200, 100, 50, 0, 0, 0]).unwrap();
    let pixels = vec![0; usize::from(width) * usize::from(height)];
    encoder.write_frame(&gif::Frame::from_indexed_pixels(width, height, pixels, None)).unwrap();
    drop(encoder);
    bytes
}

/// Of one colour.
fn webp(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let pixels = vec![128; 3 * width as usize * height as usize];
    image_webp::WebPEncoder::new(&mut bytes).encode(&pixels, width, height, image_webp::ColorType::Rgb8).unwrap();
    bytes
}

/// A key frame (RFC 6386, sections 9 and 19) whose two partitions are zeros: every choice is the first one and no block has
/// coefficients.
fn lossy_webp(width: u16, height: u16) -> Vec<u8> {
    let (modes, tokens) = (vec![0; 100_000], vec![0; 400_000]);
    let is_shown = 1 << 4;
    let tag = (modes.len() as u32) << 5 | is_shown;
    let start = [0x9D, 0x01, 0x2A];
    let frame =
        [&tag.to_le_bytes()[..3], &start, &width.to_le_bytes(), &height.to_le_bytes(), &modes, &tokens].concat();
    let size = |bytes: usize| (bytes as u32).to_le_bytes();
    [&b"RIFF"[..], &size(frame.len() + 12), b"WEBPVP8 ", &size(frame.len()), &frame].concat()
}

/// Of PNG's annex D, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
    })
}

fn peak_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<f64>().unwrap() / 1024.0
}

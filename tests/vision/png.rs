//! PNG files with any header.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(kind);
    crc.update(data);
    let length = u32::try_from(data.len()).unwrap();
    [&length.to_be_bytes(), &kind[..], data, &crc.sum().to_be_bytes()].concat()
}

/// One of black pixels. `colour` is 0 for grey and 2 for RGB, `rows` how many rows really come.
pub(crate) fn black(width: u32, height: u32, colour: u8, depth: u8, rows: u32) -> Vec<u8> {
    let channels = if colour == 2 { 3 } else { 1 };
    let row = vec![0_u8; 1 + width as usize * channels * usize::from(depth) / 8];
    let mut pixels = ZlibEncoder::new(Vec::new(), Compression::best());
    for _ in 0..rows {
        pixels.write_all(&row).unwrap();
    }
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes()[..], &[depth, colour, 0, 0, 0]].concat();
    let signature = b"\x89PNG\r\n\x1a\n".to_vec();
    [signature, chunk(b"IHDR", &head), chunk(b"IDAT", &pixels.finish().unwrap()), chunk(b"IEND", &[])].concat()
}

//! Pages written by hand, so that their headers can lie.

use std::io::Write;

use parquet::file::metadata::ColumnChunkMetaData;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::SchemaDescriptor;

use super::*;

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7F {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// An `i32` field that follows the one before it.
fn i32_field(value: u64) -> Vec<u8> {
    [vec![0x15], varint(value * 2)].concat()
}

const PLAIN: u64 = 0;
const DELTA_LENGTH: u64 = 6;

/// A page of version 1: its kind (0 data, 2 dictionary), claimed size, number of values and encoding.
fn page(kind: u64, unpacked: u64, values: u64, encoding: u64, body: &[u8]) -> Vec<u8> {
    let head = [i32_field(kind), i32_field(unpacked), i32_field(body.len() as u64)].concat();
    let (place, rest) = if kind == 2 { (0x4C, vec![]) } else { (0x2C, [i32_field(3), i32_field(3)].concat()) };
    let inner = [i32_field(values), i32_field(encoding), rest].concat();
    [head, vec![place], inner, vec![0, 0], body.to_vec()].concat()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Whether the first page of a chunk that declares this unpacked size is taken.
fn taken(kind: &str, codec: Compression, declared: i64, bytes: Vec<u8>) -> std::result::Result<(), String> {
    let schema = parse_message_type(&format!("message m {{ required {kind} a; }}")).unwrap();
    let schema = SchemaDescriptor::new(Arc::new(schema));
    let builder = ColumnChunkMetaData::builder(schema.column(0)).set_compression(codec).set_data_page_offset(4);
    let sized = builder.set_total_compressed_size(bytes.len() as i64).set_total_uncompressed_size(declared);
    let mut pages = Pages::open(&sized.build().unwrap(), 4, bytes.into(), 10).unwrap();
    pages.get_next_page().map(|page| assert!(page.is_some())).map_err(|error| error.to_string())
}

fn check(kind: &str, codec: Compression, bytes: Vec<u8>, expected: &str) {
    let outcome = taken(kind, codec, 100, bytes).err().unwrap_or_default();
    assert!(outcome.contains(expected) && outcome.is_empty() == expected.is_empty(), "{outcome} for {expected:?}");
}

#[test]
fn honest_pages_are_taken() {
    check("int64", Compression::UNCOMPRESSED, page(0, 16, 2, PLAIN, &[0; 16]), "");
    check("int64", Compression::GZIP(Default::default()), page(0, 16, 2, PLAIN, &gzip(&[0; 16])), "");
    check("int64", Compression::UNCOMPRESSED, page(2, 16, 2, PLAIN, &[0; 16]), "");
}

#[test]
fn sizes_beyond_the_declared_one_are_refused() {
    let lie = 0x7FFF_0000;
    check("int64", Compression::SNAPPY, page(0, lie, 2, PLAIN, &[0; 16]), "more than the footer declares");
    let bomb = gzip(&vec![0; 1 << 20]);
    let codec = Compression::GZIP(Default::default());
    check("int64", codec, page(0, 16, 2, PLAIN, &bomb), "more than its header declares");
    let cut = page(0, 16, 2, PLAIN, &[0; 16])[..20].to_vec();
    check("int64", Compression::UNCOMPRESSED, cut, "leaves its chunk");
    check("int64", Compression::UNCOMPRESSED, vec![0xFF; 40], "cannot be read");
}

#[test]
fn values_beyond_the_room_for_them_are_refused() {
    let lie = 0x7FFF_0000;
    check("int64", Compression::UNCOMPRESSED, page(2, 16, lie, PLAIN, &[0; 16]), "more values");
    let deltas = |count: u64| [varint(128), varint(4), varint(count), varint(0), vec![0; 30]].concat();
    let text = |count| page(0, 40, 1, DELTA_LENGTH, &deltas(count));
    check("binary", Compression::UNCOMPRESSED, text(1), "");
    check("binary", Compression::UNCOMPRESSED, text(1 << 40), "more values");
}

#[test]
fn lists_of_deltas_are_passed_over() {
    let skip = |bytes: &[u8], most| {
        let mut compact = Compact { bytes, position: 0 };
        compact.skip_deltas(most).map(|()| compact.position)
    };
    // 128 values per block in 4 parts of 32; widths 1, 2, 0, 0 take 4 and 8 bytes.
    let head = [varint(128), varint(4), varint(65), varint(0)].concat();
    let block = [varint(0), vec![1, 2, 0, 0], vec![0; 12]].concat();
    let bytes = [head.clone(), block].concat();
    assert_eq!(skip(&bytes, 65), Some(bytes.len()));
    assert_eq!(skip(&bytes, 64), None);
    assert_eq!(skip(&bytes[..bytes.len() - 1], 65), None);
    assert_eq!(skip(&[varint(128), varint(0), varint(1), varint(0)].concat(), 5), None);
}

#[test]
fn headers_with_unknown_fields_are_read() {
    // After the sizes: a checksum, a binary and a nested struct in field 5.
    let known = [i32_field(0), i32_field(7), i32_field(3)].concat();
    let nested = [vec![0x1C], i32_field(1), vec![0x18], varint(2), vec![9, 9], vec![0]].concat();
    let bytes = [known, i32_field(5), nested, vec![0]].concat();
    let expected = Header { unpacked: 7, packed: 3, is_packed: true, ..Header::default() };
    assert_eq!(Header::read(&bytes), Some((expected, bytes.len())));
    assert_eq!(Header::read(&bytes[..bytes.len() - 1]), None);
    assert_eq!(Header::read(&[0x1C; 64]), None, "nested too deeply");
}

//! Parquet: batches, row groups beyond the memory limit, and damage.

use std::future::Future;

use parquet::basic::{Compression, Encoding};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

use super::broken::check;
use super::*;

const SCHEMA: &str = "message m {
    required int64 order_id; optional double amount; required binary email (UTF8);
    optional binary city (UTF8); required int32 day (DATE);
}";

fn write(group: &mut SerializedRowGroupWriter<'_, Vec<u8>>, rows: std::ops::Range<i64>) {
    let text = |of: &dyn Fn(i64) -> String| rows.clone().map(|i| ByteArray::from(of(i).as_str())).collect::<Vec<_>>();
    let amounts: Vec<f64> = rows.clone().filter(|i| i % 4 > 0).map(|i| i as f64 / 2.0).collect();
    let levels: Vec<i16> = rows.clone().map(|i| i16::from(i % 4 > 0)).collect();
    let ids: Vec<i64> = rows.clone().collect();
    let days: Vec<i32> = rows.clone().map(|i| 17_000 + i as i32).collect();
    for index in 0..5 {
        let mut column = group.next_column().unwrap().unwrap();
        let written = match index {
            0 => column.typed::<Int64Type>().write_batch(&ids, None, None),
            1 => column.typed::<DoubleType>().write_batch(&amounts, Some(&levels), None),
            2 => column.typed::<ByteArrayType>().write_batch(&text(&|i| format!("u{i}@secret.example")), None, None),
            3 => column.typed::<ByteArrayType>().write_batch(
                &text(&|i| format!("city {}", i % 7)),
                Some(&vec![1; ids.len()]),
                None,
            ),
            _ => column.typed::<Int32Type>().write_batch(&days, None, None),
        };
        written.unwrap();
        column.close().unwrap();
    }
}

/// A file with row groups of the given sizes; order ids count up from 0.
pub(super) fn file_of(groups: &[i64]) -> Vec<u8> {
    file_with(groups, WriterProperties::builder().set_compression(Compression::SNAPPY).build())
}

fn file_with(groups: &[i64], properties: WriterProperties) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    let mut first = 0;
    for rows in groups {
        let mut group = writer.next_row_group().unwrap();
        write(&mut group, first..first + rows);
        group.close().unwrap();
        first += rows;
    }
    writer.into_inner().unwrap()
}

fn with_chunks_up_to(max_chunk_bytes: u64) -> Limits {
    Limits { max_chunk_bytes, ..Limits::default() }
}

fn run_file(content: &[u8], limits: &Limits) -> Answer {
    run_with(&store(&[("orders.parquet", content)]), &Request::default(), limits)
}

#[test]
fn refused_row_groups_are_left_to_the_footer() {
    let result = run_file(&file_of(&[1000, 2000]), &with_chunks_up_to(100));
    assert_eq!((result.status, codes(&result)), (Status::Partial, vec!["row_group_too_large".to_owned()]));
    let table = &result.data["tables"][0];
    assert_eq!((&table["row_count"], &table["declared_rows"]), (&0.into(), &3000.into()));
    assert_eq!(result.data["business_entities"]["sales"]["total_records"], 3000);
    let expected = [
        ("order_id", "integer", serde_json::json!([0, 0, 2999])),
        ("amount", "decimal", serde_json::json!([750, 0.5, 1499.5])),
        ("email", "text", serde_json::json!([0, "[masked]", "[masked]"])),
        ("city", "text", serde_json::json!([0, "[masked]", "[masked]"])),
        ("day", "date", serde_json::json!([0, "2016-07-18", "2024-10-03"])),
    ];
    for (name, kind, figures) in expected {
        let column = column(&result, 0, name);
        let footer = &column["footer"];
        assert_eq!((&footer["source"], &footer["exact"]), (&"footer".into(), &false.into()));
        assert_eq!((&column["logical_type"], &footer["rows"]), (&kind.into(), &3000.into()), "{name}");
        assert_eq!(serde_json::json!([footer["null_count"], footer["min"], footer["max"]]), figures, "{name}");
        assert!(column["unique"].is_null(), "{name}");
    }
    let text = serde_json::to_string(&result).unwrap();
    assert!(!text.contains("secret.example") && !text.contains("empty: orders"), "{text}");
}

#[test]
fn a_refused_row_group_beside_a_read_one() {
    let result = run_file(&file_of(&[100, 20_000]), &with_chunks_up_to(20_000));
    let table = &result.data["tables"][0];
    assert_eq!((&table["row_count"], &table["complete"]), (&100.into(), &false.into()));
    assert_eq!(result.data["business_entities"]["sales"]["total_records"], 20_100);
    let id = column(&result, 0, "order_id");
    assert_eq!((&id["numeric"]["max"], &id["footer"]["max"]), (&99.0.into(), &20_099.into()));
    let email = column(&result, 0, "email");
    assert_eq!((&email["footer"]["max"], &email["pii"][0]["basis"]), (&"[masked]".into(), &"pattern+header".into()));
    assert!(result.insights[0].contains("20100 rows (100 of them read)"), "{}", result.insights[0]);
}

#[test]
fn what_was_read_in_full_has_no_footer() {
    let result = run_file(&file_of(&[100]), &Limits::default());
    assert_eq!((result.status, column(&result, 0, "order_id").get("footer")), (Status::Success, None));
}

#[test]
fn columns_that_do_not_fit_together_give_the_same_profile() {
    let content = file_of(&[30_000, 100]);
    let whole = run_file(&content, &Limits::default());
    let reader = SerializedFileReader::new(bytes::Bytes::from(content.clone())).unwrap();
    let chunks = reader.metadata().row_group(0).columns();
    let largest = chunks.iter().map(|c| c.uncompressed_size().max(c.compressed_size())).max().unwrap() as u64;
    let total: i64 = chunks.iter().map(|c| c.uncompressed_size() + c.compressed_size()).sum();
    assert!(total as u64 > 2 * largest, "the test needs two sets");
    let in_sets = run_file(&content, &with_chunks_up_to(largest));
    assert_eq!(in_sets.data["tables"], whole.data["tables"]);
}

#[test]
fn every_encoding_and_codec_gives_the_same_profile() {
    let expected = run_file(&file_of(&[3000]), &Limits::default()).data["tables"][0].clone();
    let codecs =
        [Compression::UNCOMPRESSED, Compression::GZIP(Default::default()), Compression::ZSTD(Default::default())];
    let texts = [Encoding::PLAIN, Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY];
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        for (codec, text) in codecs.into_iter().zip(texts).chain(texts.map(|text| (Compression::SNAPPY, text))) {
            let mut builder = WriterProperties::builder().set_writer_version(version).set_compression(codec);
            for name in ["email", "city"] {
                let path = ColumnPath::from(name);
                builder = builder.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path, text);
            }
            let properties = builder.set_data_page_size_limit(2000).set_write_batch_size(100).build();
            let result = run_file(&file_with(&[3000], properties), &Limits::default());
            assert_eq!(result.data["tables"][0], expected, "{version:?} {codec:?} {text:?}");
        }
    }
}

/// How often the survey gave way before it was done.
fn turns(objects: &Objects) -> usize {
    let (request, limits) = (Request::default(), Limits::default());
    let mut work = Box::pin(survey(objects, &request, &limits, &clock, None));
    let mut turns = 0;
    block_on(std::future::poll_fn(|context| {
        turns += 1;
        work.as_mut().poll(context).map(|result| assert_eq!(result.unwrap().status, Status::Success))
    }));
    turns
}

#[test]
fn a_large_row_group_gives_way_between_batches() {
    let small = turns(&store(&[("orders.parquet", &file_of(&[100]))]));
    let large = turns(&store(&[("orders.parquet", &file_of(&[50_000]))]));
    assert!(large >= small + 5, "{small} {large}");
}

#[test]
fn time_that_runs_out_in_a_row_group_leaves_whole_rows() {
    let ticks = std::sync::atomic::AtomicI64::new(0);
    let clock = || Timestamp::from_second(ticks.fetch_add(1, std::sync::atomic::Ordering::Relaxed)).unwrap();
    let objects = store(&[("orders.parquet", &file_of(&[50_000]))]);
    let deadline = Some(Timestamp::from_second(7).unwrap());
    let result = block_on(survey(&objects, &Request::default(), &Limits::default(), &clock, deadline)).unwrap();
    assert_eq!(result.status, Status::Partial);
    let rows = result.data["tables"][0]["row_count"].as_u64().unwrap();
    assert!(rows > 0 && rows < 50_000, "{rows}");
    let id = column(&result, 0, "order_id");
    assert_eq!((&id["null_count"], &id["numeric"]["max"]), (&0.into(), &((rows - 1) as f64).into()));
    assert_eq!(id["footer"]["max"], 49_999);
}

#[test]
fn empty_row_groups_do_not_hide_later_ones() {
    let result = run_file(&file_of(&[10, 0, 20]), &Limits::default());
    assert_eq!((result.status, &result.data["tables"][0]["row_count"]), (Status::Success, &30.into()));
}

#[test]
fn damaged_footers_and_tails() {
    let whole = file_of(&[1000, 1000]);
    let length = whole.len();
    let partial = |name: &str, content: &[u8]| {
        let result = check(name, content, "damaged_parquet", None);
        assert_eq!(result.status, Status::Partial, "{name}");
    };
    partial("cut.parquet", &whole[..length - 10]);
    partial("half.parquet", &whole[..length / 2]);
    let mut footer = whole.clone();
    footer[length - 60..length - 8].fill(0xA5);
    partial("footer.parquet", &footer);
    let mut hostile = whole.clone();
    hostile[length - 8..length - 4].copy_from_slice(&u32::MAX.to_le_bytes());
    partial("hostile.parquet", &hostile);
    partial("short.parquet", b"PAR1PAR1");
}

/// Where the second row group's first column lies.
fn chunk_place(content: &[u8]) -> std::ops::Range<usize> {
    let reader = SerializedFileReader::new(bytes::Bytes::from(content.to_vec())).unwrap();
    let (start, length) = reader.metadata().row_group(1).column(0).byte_range();
    start as usize..(start + length) as usize
}

#[test]
fn damaged_column_chunks() {
    let whole = file_of(&[1000, 1000]);
    let chunk = chunk_place(&whole);
    let middle = chunk.start + chunk.len() / 2;
    let mut zeroed = whole.clone();
    zeroed[middle..chunk.end].fill(0);
    let result = check("zeroed.parquet", &zeroed, "damaged_column_chunk", Some(2000));
    assert_eq!(result.status, Status::Partial);
    let id = column(&result, 0, "order_id");
    assert_eq!((&id["null_tokens"]["absent"], &column(&result, 0, "day")["null_count"]), (&1000.into(), &0.into()));
    // The footer is whole, but what it points to has moved.
    let cut = [&whole[..middle], &whole[chunk.end..]].concat();
    let result = run(&[("cut.parquet", &cut), ("zz_sound.csv", b"a,b\n1,2\n")]);
    assert_eq!(result.status, Status::Partial);
    assert!(codes(&result).iter().any(|code| code.starts_with("damaged_")), "{:?}", codes(&result));
    let sound = result.data["tables"].as_array().unwrap().iter().find(|t| t["object"] == "zz_sound.csv").unwrap();
    assert_eq!((&sound["complete"], &sound["row_count"]), (&true.into(), &1.into()));
}

#[test]
fn any_byte_changed_never_panics() {
    let whole = file_of(&[60, 60]);
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let tail = whole.len().saturating_sub(150);
    for position in (0..tail).step_by(37).chain(tail..whole.len()) {
        let mut changed = whole.clone();
        changed[position] ^= 0x55;
        let result = run_file(&changed, &Limits::default());
        let tables = result.data["tables"].as_array().unwrap();
        let lost = tables.is_empty() || tables[0]["row_count"] != 120 || tables[0]["complete"] == false;
        assert!(!lost || !codes(&result).is_empty(), "byte {position}");
    }
    std::panic::set_hook(quiet);
}

//! Parquet: identifiers, half floats, lists and maps, and texts that are not UTF-8.

use half::f16;
use parquet::basic::{Compression, Encoding, LogicalType as Logical, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int32Type};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{Type, TypePtr};

use super::*;

const ROWS: usize = 3000;

fn fixed(name: &str, length: i32, logical: Option<Logical>) -> TypePtr {
    let builder = Type::primitive_type_builder(name, Physical::FIXED_LEN_BYTE_ARRAY).with_length(length);
    let built = builder.with_logical_type(logical).with_repetition(Repetition::REQUIRED).build();
    Arc::new(built.unwrap())
}

fn fixed_columns(columns: &[(TypePtr, Vec<Vec<u8>>)]) -> Vec<u8> {
    let fields = columns.iter().map(|c| c.0.clone()).collect();
    let schema = Arc::new(Type::group_type_builder("m").with_fields(fields).build().unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for (_, values) in columns {
        let values: Vec<FixedLenByteArray> = values.iter().map(|v| ByteArray::from(v.clone()).into()).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<FixedLenByteArrayType>().write_batch(&values, None, None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.into_inner().unwrap()
}

/// Looks random and is the same every time.
fn uuid(row: u64) -> u128 {
    let half = |n: u64| u128::from(crate::dataset::cell::mix(n + 1));
    half(row) << 64 | half(row + 1_000_000)
}

fn text(uuid: u128) -> String {
    let hex = format!("{uuid:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[test]
fn identifiers_and_half_floats_are_profiled_like_their_text() {
    let ids: Vec<u128> = (0..300).map(uuid).collect();
    let halves: Vec<f16> = (0..300_u16).map(|i| f16::from_f64(f64::from(i % 100) / 10.0)).collect();
    let file = fixed_columns(&[
        (fixed("id", 16, Some(Logical::Uuid)), ids.iter().map(|id| id.to_be_bytes().to_vec()).collect()),
        (fixed("size", 2, Some(Logical::Float16)), halves.iter().map(|h| h.to_le_bytes().to_vec()).collect()),
    ]);
    let rows: String =
        ids.iter().enumerate().map(|(i, id)| format!("{},{}\n", text(*id), (i % 100) as f64 / 10.0)).collect();
    let result = run(&[("a.parquet", &file), ("b.csv", format!("id,size\n{rows}").as_bytes())]);
    assert_eq!((result.status, codes(&result).len()), (Status::Success, 0));
    for (table, physical) in [(0, "fixed_len_byte_array (uuid)"), (1, "")] {
        let id = column(&result, table, "id");
        assert_eq!(
            (&id["logical_type"], &id["semantics"], &id["unique"]),
            (&"uuid".into(), &"identifier".into(), &true.into())
        );
        assert_eq!(id["physical_type"].as_str().unwrap_or(""), physical);
    }
    for (name, part) in
        [("id", "top"), ("id", "distinct"), ("size", "top"), ("size", "numeric"), ("size", "logical_type")]
    {
        assert_eq!(column(&result, 0, name)[part], column(&result, 1, name)[part], "{name} {part}");
    }
    let link = &result.data["data_relationships"]["links"][0];
    assert_eq!(
        (&link["from_column"], &link["row_share"]),
        (&"id".into(), &1.0.into()),
        "identifiers link across formats"
    );
}

#[test]
fn identifiers_and_half_floats_that_were_not_read() {
    let file = fixed_columns(&[
        (fixed("id", 16, Some(Logical::Uuid)), (0..300).map(|i| uuid(i).to_be_bytes().to_vec()).collect()),
        (
            fixed("size", 2, Some(Logical::Float16)),
            (0..300_u16).map(|i| f16::from_f64(f64::from(i)).to_le_bytes().to_vec()).collect(),
        ),
    ]);
    let limits = Limits { max_chunk_bytes: 10, ..Limits::default() };
    let result = run_with(&store(&[("a.parquet", &file)]), &Request::default(), &limits);
    let (id, size) = (column(&result, 0, "id"), column(&result, 0, "size"));
    assert_eq!((&id["logical_type"], &id["footer"]["min"]), (&"uuid".into(), &Value::Null));
    assert_eq!(
        (&size["logical_type"], &size["footer"]["min"], &size["footer"]["max"]),
        (&"decimal".into(), &0.into(), &299.into())
    );
}

#[test]
fn bytes_of_a_fixed_length_without_a_meaning_are_flagged() {
    let file = fixed_columns(&[
        (fixed("raw", 7, None), vec![vec![1; 7]; 3]),
        (fixed("id", 16, Some(Logical::Uuid)), vec![vec![1; 16]; 3]),
    ]);
    let result = run(&[("a.parquet", &file)]);
    assert_eq!((result.status, codes(&result)), (Status::Partial, vec!["unsupported_column".to_owned()]));
    assert_eq!(result.data["tables"][0]["column_count"], 1);
}

const LISTS: &str = "message m {
    required int32 id;
    optional group tags (LIST) { repeated group list { optional binary element (UTF8); } }
    optional group prices (MAP) { repeated group key_value { required binary key (UTF8); optional int32 value; } }
    optional group point { optional group path (LIST) { repeated group list { required int32 element; } } }
    repeated int32 plain;
}";

/// What a row has in each list: `None` for no list, else its length.
fn lengths(row: usize) -> [Option<usize>; 4] {
    let list = |row: usize| if row.is_multiple_of(7) { None } else { Some(row % 5) };
    [list(row), list(row + 3), list(row + 5), Some(row % 3)]
}

/// Levels and number of values of a list, whose definition levels are those of its being there and of a value.
fn levels(rows: &[Option<usize>], there: i16, full: i16) -> (Vec<i16>, Vec<i16>, usize) {
    let (mut definitions, mut repetitions) = (Vec::new(), Vec::new());
    for length in rows {
        let own: Vec<i16> = match length {
            None => vec![0],
            Some(0) => vec![there],
            Some(n) => vec![full; *n],
        };
        repetitions.extend((0..own.len()).map(|i| i16::from(i > 0)));
        definitions.extend(own);
    }
    let values = definitions.iter().filter(|level| **level == full).count();
    (definitions, repetitions, values)
}

fn lists_file(version: WriterVersion, compression: Compression) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(LISTS).unwrap());
    // Pages of a few rows, so that rows cross their borders.
    let properties = WriterProperties::builder().set_writer_version(version).set_compression(compression);
    let properties = properties.set_data_page_size_limit(200).set_write_batch_size(37).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    for rows in [0..ROWS / 2, ROWS / 2..ROWS] {
        let mut group = writer.next_row_group().unwrap();
        let ids: Vec<i32> = rows.clone().map(|row| row as i32).collect();
        let of = |list: usize| rows.clone().map(|row| lengths(row)[list]).collect::<Vec<_>>();
        let numbers = |count: usize| (0..count as i32).collect::<Vec<i32>>();
        let words = |count: usize| (0..count).map(|i| ByteArray::from(format!("w{i}").as_str())).collect::<Vec<_>>();
        let mut index = 0;
        while let Some(mut column) = group.next_column().unwrap() {
            let (definitions, repetitions, values) = match index {
                1 => levels(&of(0), 1, 3),
                2 => levels(&of(1), 1, 2),
                3 => levels(&of(1), 1, 3),
                4 => levels(&of(2), 2, 3),
                _ => levels(&of(3), 0, 1),
            };
            let (definitions, repetitions) = (Some(&definitions[..]), Some(&repetitions[..]));
            let written = match index {
                0 => column.typed::<Int32Type>().write_batch(&ids, None, None),
                1 | 2 => column.typed::<ByteArrayType>().write_batch(&words(values), definitions, repetitions),
                _ => column.typed::<Int32Type>().write_batch(&numbers(values), definitions, repetitions),
            };
            written.unwrap();
            column.close().unwrap();
            index += 1;
        }
        group.close().unwrap();
    }
    writer.into_inner().unwrap()
}

/// What must be known of a list over the first rows.
fn expected(list: usize, rows: usize) -> Value {
    let all: Vec<Option<usize>> = (0..rows).map(|row| lengths(row)[list]).collect();
    let there: Vec<usize> = all.iter().flatten().copied().collect();
    serde_json::json!({
        "count": rows,
        "null_count": all.iter().filter(|length| length.is_none()).count(),
        "empty_count": there.iter().filter(|length| **length == 0).count(),
        "min_length": there.iter().min(),
        "max_length": there.iter().max(),
        "mean_length": there.iter().sum::<usize>() as f64 / there.len() as f64,
        "unread_rows": 0,
    })
}

fn found(result: &Answer, name: &str) -> Value {
    let column = column(result, 0, name);
    let mut found = column["nested"].clone();
    found["count"] = column["count"].clone();
    found["null_count"] = column["null_count"].clone();
    found
}

const NAMES: [(&str, &str); 4] = [
    ("tags", "list<byte_array (utf8)>"),
    ("prices", "map<byte_array (utf8), int32>"),
    ("point.path", "list<int32>"),
    ("plain", "repeated<int32>"),
];

#[test]
fn lists_and_maps_have_nulls_and_lengths() {
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::GZIP(Default::default())] {
            let result = run(&[("t.parquet", &lists_file(version, compression))]);
            assert_eq!((result.status, codes(&result)), (Status::Success, Vec::<String>::new()));
            assert_eq!(result.data["tables"][0]["column_count"], 5, "one column for a list, whatever is in it");
            for (list, (name, kind)) in NAMES.iter().enumerate() {
                assert_eq!(found(&result, name), expected(list, ROWS), "{name} {version:?} {compression:?}");
                let column = column(&result, 0, name);
                assert_eq!((&column["physical_type"], &column["logical_type"]), (&(*kind).into(), &"nested".into()));
            }
            let reasons = result.data["coverage"]["not_computed"].as_array().unwrap();
            assert!(reasons.iter().any(|r| r["figure"] == "entries.t.prices"), "{reasons:?}");
            assert_eq!(
                result.data["tables"][0]["quality"]["parts"][1]["value"], 1.0,
                "what is not judged does not count"
            );
        }
    }
}

#[test]
fn lists_of_the_first_rows_alone() {
    let objects = store(&[("t.parquet", &lists_file(WriterVersion::PARQUET_2_0, Compression::SNAPPY))]);
    for sample_rows in [1, 100, 1700] {
        let result = run_with(&objects, &Request::default(), &Limits { sample_rows, ..Limits::default() });
        for (list, (name, _)) in NAMES.iter().enumerate() {
            assert_eq!(found(&result, name), expected(list, sample_rows as usize), "{name}");
        }
    }
}

#[test]
fn lists_that_are_too_large_cost_only_themselves() {
    let objects = store(&[("t.parquet", &lists_file(WriterVersion::PARQUET_1_0, Compression::UNCOMPRESSED))]);
    let limits = Limits { max_chunk_bytes: 9000, ..Limits::default() };
    let result = run_with(&objects, &Request::default(), &limits);
    assert_eq!((result.status, codes(&result)), (Status::Partial, vec!["lists_not_read".to_owned()]));
    assert_eq!(
        (&result.data["tables"][0]["row_count"], &column(&result, 0, "id")["null_count"]),
        (&ROWS.into(), &0.into())
    );
    let tags = column(&result, 0, "tags");
    assert_eq!(
        (&tags["count"], &tags["null_share"], &tags["nested"]["unread_rows"]),
        (&0.into(), &Value::Null, &ROWS.into())
    );
    assert_eq!(found(&result, "plain"), expected(3, ROWS));
}

#[test]
fn rows_are_not_compared_by_what_is_in_their_lists() {
    let schema = Arc::new(parse_message_type("message m { required int32 n; repeated int32 list; }").unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int32Type>().write_batch(&[5, 5, 6], None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int32Type>().write_batch(&[1, 2, 3], Some(&[1, 1, 1]), Some(&[0, 0, 0])).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    let result = run(&[("t.parquet", &writer.into_inner().unwrap())]);
    let table = &result.data["tables"][0];
    assert_eq!((&table["duplicates"]["row_count"], &table["duplicates"]["exact"]), (&1.into(), &false.into()));
    let uniqueness = &table["quality"]["parts"][2];
    assert!(uniqueness["value"].is_null() && uniqueness["reason"].as_str().unwrap().contains("nested"), "{uniqueness}");
}

#[test]
fn any_byte_of_a_file_with_lists_changed_never_panics() {
    let whole = lists_file(WriterVersion::PARQUET_1_0, Compression::UNCOMPRESSED);
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    for position in (4..whole.len()).step_by(whole.len() / 70) {
        let mut changed = whole.clone();
        changed[position] ^= 0x55;
        let result = run(&[("t.parquet", &changed)]);
        for table in result.data["tables"].as_array().unwrap() {
            for column in table["columns"].as_array().unwrap().iter().filter(|c| c["logical_type"] == "nested") {
                let known = column["count"].as_u64().unwrap() + column["nested"]["unread_rows"].as_u64().unwrap();
                assert_eq!(known, table["row_count"].as_u64().unwrap(), "byte {position}");
            }
        }
    }
    std::panic::set_hook(quiet);
}

#[test]
fn broken_utf8_is_counted_in_parquet_as_in_csv() {
    let values = [&b"fine"[..], b"br\xFFken", b"\xEF\xBF\xBD is a letter", b"\xFF"];
    let schema = Arc::new(parse_message_type("message m { required int32 id; optional binary a (UTF8); }").unwrap());
    let mut expected = None;
    for dictionary in [true, false] {
        let properties = WriterProperties::builder().set_dictionary_enabled(dictionary).set_encoding(Encoding::PLAIN);
        let mut writer = SerializedFileWriter::new(Vec::new(), schema.clone(), Arc::new(properties.build())).unwrap();
        for _ in 0..2 {
            let mut group = writer.next_row_group().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<Int32Type>().write_batch(&[1, 2, 3, 4, 5], None, None).unwrap();
            column.close().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            let texts: Vec<ByteArray> = values.iter().map(|v| ByteArray::from(v.to_vec())).collect();
            column.typed::<ByteArrayType>().write_batch(&texts, Some(&[1, 0, 1, 1, 1]), None).unwrap();
            column.close().unwrap();
            group.close().unwrap();
        }
        let file = writer.into_inner().unwrap();
        let parquet = run(&[("t.parquet", &file)]);
        let issue = &parquet.data["issues"][0];
        assert_eq!((&issue["code"], &issue["count"]), (&"broken_utf8".into(), &4.into()));
        assert_eq!(issue["first_lines"], serde_json::json!([3, 5, 8, 10]));
        assert_eq!(parquet.status, Status::Success, "nothing is left unread");
        let a = column(&parquet, 0, "a").clone();
        assert!(a["notes"][0].as_str().unwrap().starts_with("cells that are not valid UTF-8: 4;"), "{a}");
        let row = |value: &[u8]| [b"1,", value, b"\n"].concat();
        let rows: Vec<u8> = values.iter().chain(&[&b""[..]]).flat_map(|v| row(v)).collect::<Vec<u8>>().repeat(2);
        let csv = run(&[("t.csv", &[b"id,a\n", &rows[..]].concat())]);
        for part in ["notes", "distinct", "top", "null_count"] {
            assert_eq!(column(&csv, 0, "a")[part], a[part], "{part}");
        }
        assert_eq!(csv.data["issues"][0]["count"], 4);
        assert_eq!(*expected.get_or_insert(a.clone()), a);
    }
}

#[test]
fn columns_of_the_same_name_stay_apart() {
    let schema = Arc::new(
        parse_message_type("message m { required int32 a; required group a { required int32 b; } required int32 a; }")
            .unwrap(),
    );
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    while let Some(mut column) = group.next_column().unwrap() {
        column.typed::<Int32Type>().write_batch(&[1, 2, 3], None, None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    let result = run(&[("t.parquet", &writer.into_inner().unwrap())]);
    assert_eq!(codes(&result), ["repeated_column_name"]);
    for name in ["a", "a.b", "a_2"] {
        assert_eq!(column(&result, 0, name)["count"], 3, "{name}");
    }
}

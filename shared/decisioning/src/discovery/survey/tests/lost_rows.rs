//! The law that no row of a CSV disappears without a word: rows read plus rows flagged are the rows fed.

use proptest::prelude::*;

use super::*;
use crate::dataset::ReadReport;
use crate::dataset::read::TextReader;
use crate::discovery::table::Table;

const COLUMNS: usize = 4;

fn read(name: &str, content: &[u8], limits: &Limits) -> (ReadReport, Table) {
    let (mut table, mut report) = (Table::new(limits), ReadReport::default());
    let mut text = TextReader::new(name, limits.reading(), name.ends_with(".gz"));
    for piece in content.chunks(1000) {
        if text.push(piece, &mut report, &mut table) == crate::dataset::Flow::Stop {
            break;
        }
    }
    text.finish(&mut report, &mut table);
    table.close();
    (report, table)
}

/// A table as text, with what is known of it.
#[derive(Debug, Clone)]
struct Fed {
    text: String,
    /// Where each row ends, the header left out.
    ends: Vec<usize>,
    ragged: u64,
}

fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{1,6}",
        4 => "[0-9]{1,5}",
        1 => "[a-z]{0,3}[,;\t]{1,2}[a-z]{0,3}",
        1 => "[a-z]{0,3}\"[a-z]{0,3}",
        1 => "[a-z]{0,3}\r?\n[a-z]{0,3}",
        1 => "[à-ü]{1,4}",
    ]
}

fn quoted(field: &str) -> String {
    let plain = !field.contains(['"', ',', ';', '\t', '\n', '\r']);
    if plain { field.to_owned() } else { format!("\"{}\"", field.replace('"', "\"\"")) }
}

fn fed() -> impl Strategy<Value = Fed> {
    let ragged = proptest::collection::vec(field(), 1..COLUMNS + 3);
    let regular = proptest::collection::vec(field(), COLUMNS);
    let rows = proptest::collection::vec(prop_oneof![3 => regular, 1 => ragged], 0..60);
    (rows, prop_oneof![Just(','), Just(';'), Just('\t')], prop_oneof![Just("\n"), Just("\r\n")], any::<bool>())
        .prop_map(|(rows, delimiter, line_end, ends_open)| render(&rows, delimiter, line_end, ends_open))
}

/// Ten plain rows come first, so that the dialect is beyond doubt.
fn render(rows: &[Vec<String>], delimiter: char, line_end: &str, ends_open: bool) -> Fed {
    let delimiter = delimiter.to_string();
    let plain = (0..10).map(|i| vec![i.to_string(), "word".to_owned(), "7".to_owned(), "x".to_owned()]);
    let all: Vec<Vec<String>> = plain.chain(rows.iter().cloned()).collect();
    let mut fed = Fed { text: ["id", "name", "size", "note"].join(&delimiter) + line_end, ends: Vec::new(), ragged: 0 };
    for row in &all {
        let fields: Vec<String> = row.iter().map(|f| quoted(f)).collect();
        fed.text += &(fields.join(&delimiter) + line_end);
        fed.ends.push(fed.text.len());
        fed.ragged += u64::from(row.len() != COLUMNS);
    }
    if ends_open {
        fed.text.truncate(fed.text.len() - line_end.len());
    }
    fed
}

/// What comes out of the beginning of a gzip stream.
fn unpacked(cut: &[u8]) -> usize {
    let mut out = Vec::new();
    let _ = std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(cut), &mut out);
    out.len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_row_is_read_and_every_ragged_one_counted(fed in fed(), packed in any::<bool>()) {
        let (name, content) = match packed {
            true => ("t.csv.gz", gzip(fed.text.as_bytes())),
            false => ("t.csv", fed.text.clone().into_bytes()),
        };
        let (report, table) = read(name, &content, &Limits::default());
        prop_assert_eq!(report.has_header, Some(true));
        prop_assert_eq!((report.rows, table.rows), (fed.ends.len() as u64, fed.ends.len() as u64));
        prop_assert_eq!(report.malformed_rows, fed.ragged);
        prop_assert!(table.columns.iter().all(|c| c.seen == table.rows));
    }

    #[test]
    fn rows_beyond_a_limit_are_flagged(fed in fed(), sample_rows in 1_u64..40, bytes in 30_u64..2000) {
        let rows = fed.ends.len() as u64;
        let (report, _) = read("t.csv", fed.text.as_bytes(), &Limits { sample_rows, ..Limits::default() });
        prop_assert_eq!(report.rows, rows.min(sample_rows));
        prop_assert_eq!(report.is_complete() || fed.ragged > 0, rows <= sample_rows || fed.ragged > 0);
        prop_assert_eq!(report.issues.iter().any(|i| i.code == "row_limit"), rows > sample_rows);
        let limits = Limits { max_bytes_per_object: bytes, ..Limits::default() };
        let (report, _) = read("t.csv", fed.text.as_bytes(), &limits);
        let whole = fed.text.len() as u64 <= bytes;
        prop_assert_eq!(report.issues.iter().any(|i| i.code == "byte_limit"), !whole);
        prop_assert!(whole || report.rows <= rows);
    }

    #[test]
    fn rows_before_a_gzip_cut_are_kept(fed in fed(), share in 0.0..1.0_f64) {
        let whole = gzip(fed.text.as_bytes());
        let cut = &whole[..((whole.len() as f64 * share) as usize).max(2)];
        let length = unpacked(cut);
        let (report, _) = read("t.csv.gz", cut, &Limits::default());
        prop_assert!(!report.is_complete() && !report.issues.is_empty());
        let kept = fed.ends.iter().filter(|end| **end <= length).count() as u64;
        // A row is whole with the first character of its line end.
        prop_assert!((kept..=kept + 1).contains(&report.rows), "{} instead of {kept}", report.rows);
        let objects = store(&[("t.csv.gz", cut)]);
        prop_assert!(run_with(&objects, &Request::default(), &Limits::default()).status != Status::Success);
    }
}

#[test]
fn the_row_in_which_a_gzip_stream_was_cut_is_left_out() {
    let text: String =
        "id,amount\n".to_owned() + &(0..20_000).map(|i| format!("{i},{}\n", 100_000 + i)).collect::<String>();
    let whole = gzip(text.as_bytes());
    for share in [3, 4, 5, 7] {
        let cut = &whole[..whole.len() * share / 10];
        let (report, table) = read("t.csv.gz", cut, &Limits::default());
        let amount = &table.columns[1].moments;
        assert!(report.rows > 1000 && amount.min >= 100_000.0, "{share}: {} rows from {}", report.rows, amount.min);
        assert_eq!(table.columns[1].null_count(), 0, "{share}");
    }
}

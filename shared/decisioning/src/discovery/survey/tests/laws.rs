//! What must hold for any input: sizes of pieces, order of objects and repetition do not matter.

use proptest::prelude::*;

use super::*;
use crate::dataset::ReadReport;
use crate::dataset::read::TextReader;
use crate::discovery::table::Table;

/// Profiles text that arrives in pieces of the given sizes, over and over.
fn profile(name: &str, content: &[u8], sizes: &[usize]) -> String {
    let limits = Limits { max_distinct_exact: 20, max_sample_cells: 100, ..Limits::default() };
    let (mut table, mut report) = (Table::new(&limits), ReadReport::default());
    let mut text = TextReader::new(name, limits.reading(), name.ends_with(".gz"));
    let (mut rest, mut sizes) = (content, sizes.iter().cycle());
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
        if text.push(piece, &mut report, &mut table) == crate::dataset::Flow::Stop {
            break;
        }
        rest = after;
    }
    text.finish(&mut report, &mut table);
    table.close();
    let columns: Vec<ColumnProfile> = table.columns.iter().map(|c| summarise::column(c, &limits)).collect();
    let duplicates = keys::duplicates(&table, &columns);
    format!("{}{:?}{:?}", serde_json::to_string(&columns).unwrap(), duplicates, report.issues)
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]{0,3}",
        "-?[0-9]{1,4}(\\.[0-9]{1,3})?",
        "\"[a-z,\n]{0,6}\"",
        "[0-9]{1,2}/[0-9]{1,2}/20[0-9]{2}",
        "\\PC{0,6}",
        Just("\"".to_owned())
    ]
}

fn csv() -> impl Strategy<Value = String> {
    let row = proptest::collection::vec(cell(), 1..5).prop_map(|cells| cells.join(","));
    proptest::collection::vec(row, 0..40).prop_map(|rows| format!("a,b,c\n{}\n", rows.join("\n")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn sizes_of_pieces_never_matter(content in csv(), sizes in proptest::collection::vec(1_usize..40, 1..6)) {
        let whole = profile("t.csv", content.as_bytes(), &[usize::MAX]);
        prop_assert_eq!(&profile("t.csv", content.as_bytes(), &sizes), &whole);
        prop_assert_eq!(profile("t.csv.gz", &gzip(content.as_bytes()), &sizes), whole);
    }

    #[test]
    fn any_bytes_are_survived(content in proptest::collection::vec(any::<u8>(), 0..400), head in 0_usize..4) {
        let head: &[u8] = [b"a,b\n".as_slice(), b"[{\"a\":", b"\x1f\x8b\x08", b"PAR1"][head];
        let result = run(&[("t.csv", &[head, &content].concat())]);
        prop_assert!(result.status == Status::Success || !codes(&result).is_empty());
    }

    #[test]
    fn quality_and_confidence_stay_between_0_and_1(content in csv()) {
        let result = run(&[("t.csv", content.as_bytes())]);
        let score = result.data["data_ecosystem"]["data_quality_score"].as_f64();
        prop_assert!(score.is_none_or(|s| (0.0..=1.0).contains(&s)));
        prop_assert!((0.0..=1.0).contains(&result.confidence_score));
    }
}

#[test]
fn pieces_do_not_matter_beyond_the_sample_for_sniffing() {
    let content: String = "id;note;when\n".to_owned()
        + &(0..9000).map(|i| format!("{i};\"n {}\";2020-01-{:02}\n", i % 7, i % 28 + 1)).collect::<String>();
    let whole = profile("t.csv", content.as_bytes(), &[usize::MAX]);
    for size in [997, 65_536, 65_533, 10_000] {
        assert_eq!(profile("t.csv", content.as_bytes(), &[size]), whole, "{size}");
    }
}

#[test]
fn order_of_objects_and_repetition_do_not_matter() {
    let a: (&str, &[u8]) = ("a.csv", b"id,x\n1,u\n2,v\n3,w\n");
    let b: (&str, &[u8]) = ("b.csv", b"a_id,y\n1,5\n2,6\n2,7\n9,8\n");
    let text = |result: &Answer| serde_json::to_string(&result.data).unwrap();
    assert_eq!(text(&run(&[a, b])), text(&run(&[b, a])));
    assert_eq!(text(&run(&[a, b])), text(&run(&[a, b])));
}

/// A score of the whole, and the confidence in it.
fn scores(content: &str) -> (f64, f64) {
    let result = run(&[("t.csv", content.as_bytes())]);
    let score = result.data["data_ecosystem"]["data_quality_score"].as_f64();
    (score.unwrap_or_else(|| panic!("no score: {}", result.data)), result.confidence_score)
}

/// Where two results differ by more than sums over rows in another order do.
fn differences(place: &str, one: &Value, other: &Value) -> Vec<String> {
    const ENOUGH: f64 = 1e-9;
    match (one, other) {
        (Value::Number(a), Value::Number(b)) if a.is_f64() && b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            let is_close = (a - b).abs() <= ENOUGH * a.abs().max(b.abs()).max(1.0);
            if is_close { Vec::new() } else { vec![format!("{place}: {a} {b}")] }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let pairs = a.iter().zip(b).enumerate();
            pairs.flat_map(|(at, (a, b))| differences(&format!("{place}/{at}"), a, b)).collect()
        }
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            let pairs = a.iter().zip(b.values());
            pairs.flat_map(|((name, a), b)| differences(&format!("{place}/{name}"), a, b)).collect()
        }
        (a, b) if a == b => Vec::new(),
        (a, b) => vec![format!("{place}: {a} {b}")],
    }
}

/// Orders, of which each row has a key, a day and an amount.
fn orders(count: usize) -> Vec<[String; 3]> {
    (0..count).map(|n| [format!("O{n}"), format!("2024-01-{:02}", n % 28 + 1), format!("{}.25", n * 7 % 50)]).collect()
}

fn table(rows: &[[String; 3]]) -> String {
    let lines: Vec<_> = rows.iter().map(|row| row.join(",")).collect();
    format!("order,day,amount\n{}\n", lines.join("\n"))
}

#[test]
fn garbage_lowers_quality_in_every_column_and_more_garbage_lowers_it_more() {
    let (clean, confidence) = scores(&table(&orders(200)));
    for (column, garbage) in [(0, ""), (1, ""), (1, "rubbish"), (2, ""), (2, "rubbish")] {
        let mut last = clean;
        for share in [50, 20, 10] {
            let mut rows = orders(200);
            rows.iter_mut().step_by(share).for_each(|row| row[column] = garbage.to_owned());
            let (spoiled, confident) = scores(&table(&rows));
            assert!(spoiled < last, "{garbage:?} in column {column}, each {share}th: {spoiled} after {last}");
            assert!(confident <= confidence, "{confident} {confidence}");
            last = spoiled;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_order_of_rows_does_not_matter(count in 5_usize..120, seed in any::<u64>(), gaps in 1_usize..9) {
        let mut rows = orders(count);
        rows.iter_mut().step_by(gaps + 1).for_each(|row| row[2].clear());
        let there = run(&[("t.csv", table(&rows).as_bytes())]);
        rows.sort_by_key(|row| crate::dataset::cell::mix(seed ^ row[0][1..].parse::<u64>().unwrap()));
        let back = run(&[("t.csv", table(&rows).as_bytes())]);
        for part in ["data_ecosystem", "tables"] {
            prop_assert_eq!(differences(part, &there.data[part], &back.data[part]), Vec::<String>::new());
        }
        prop_assert_eq!((there.insights, there.recommendations), (back.insights, back.recommendations));
        prop_assert_eq!(there.confidence_score, back.confidence_score);
    }
}

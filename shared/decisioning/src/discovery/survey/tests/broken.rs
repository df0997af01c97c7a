//! Bad input: each kind is flagged, nothing panics, and what can be read is read.

use super::*;

/// One object beside a sound one: the code it gives, its rows, and that the sound one is still there.
pub(super) fn check(name: &str, content: &[u8], code: &str, rows: Option<u64>) -> Answer {
    let result = run(&[(name, content), ("zz_sound.csv", b"a,b\n1,2\n")]);
    assert!(codes(&result).contains(&code.to_owned()), "{name}: {:?}", codes(&result));
    let tables = result.data["tables"].as_array().unwrap();
    let found = tables.iter().find(|t| t["object"] == name).map(|t| t["row_count"].as_u64().unwrap());
    assert_eq!(found, rows, "{name}");
    let sound = tables.iter().find(|t| t["object"] == "zz_sound.csv").unwrap();
    assert_eq!((&sound["complete"], &sound["row_count"]), (&true.into(), &1.into()), "{name}");
    result
}

#[test]
fn ragged_rows_are_counted_with_their_lines() {
    let result = check("r.csv", b"a,b,c\n1,2,3\n4,5\n6,7,8,9\n\"x\ny\",2,3\n1\n", "ragged_rows", Some(5));
    let issue = result.data["issues"].as_array().unwrap().iter().find(|i| i["code"] == "ragged_rows").unwrap().clone();
    assert_eq!((&issue["count"], &issue["first_lines"]), (&3.into(), &serde_json::json!([3, 4, 7])));
    assert_eq!(result.data["tables"][0]["malformed_rows"], 3);
    let validity = result.data["tables"][0]["quality"]["parts"][1]["value"].as_f64().unwrap();
    assert!(validity < 0.5, "{validity}");
}

#[test]
fn broken_utf8_is_replaced_and_counted() {
    let result = check("u.csv", b"a,b\nfine,1\nbr\xFFken,2\n", "broken_utf8", Some(2));
    assert_eq!(column(&result, 0, "a")["distinct"]["value"], 2);
}

#[test]
fn cut_and_damaged_compression() {
    let text: String =
        "a,b\n".to_owned() + &(0..50_000).map(|i| format!("{i},{}\n", i * 7919 % 1000)).collect::<String>();
    let whole = gzip(text.as_bytes());
    let result = run(&[("cut.csv.gz", &whole[..whole.len() / 2])]);
    assert_eq!((result.status, codes(&result)[0].as_str()), (Status::Partial, "truncated_gzip"));
    assert!(result.data["tables"][0]["row_count"].as_u64().unwrap() > 10_000);
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 50].fill(0xFF);
    let result = run(&[("bad.csv.gz", &damaged)]);
    assert_eq!(result.status, Status::Partial);
}

#[test]
fn a_bomb_stops_at_the_byte_limit() {
    let bomb = gzip(&b"a,b\n1,2\n".repeat(2_000_000));
    let limits = Limits { max_bytes_per_object: 1_000_000, ..Limits::default() };
    let result = run_with(&store(&[("bomb.csv.gz", &bomb)]), &Request::default(), &limits);
    assert_eq!((result.status, codes(&result)), (Status::Partial, vec!["byte_limit".to_owned()]));
    let rows = result.data["tables"][0]["row_count"].as_u64().unwrap();
    assert!((249_000..=251_000).contains(&rows), "{rows}");
}

#[test]
fn empty_things() {
    check("empty.csv", b"", "empty_object", None);
    check("blank.csv", b"\n \n", "empty_object", None);
    let result = run(&[("header.csv", b"a,b,c\n")]);
    assert_eq!(
        (&result.data["tables"][0]["row_count"], column(&result, 0, "a")["logical_type"].as_str()),
        (&0.into(), Some("empty"))
    );
    let nothing = run(&[]);
    assert_eq!((nothing.status, &nothing.data["data_ecosystem"]["total_entities"]), (Status::Error, &0.into()));
    assert_eq!(codes(&nothing), ["nothing_found"]);
}

#[test]
fn quotes_that_never_close() {
    check("q.csv", b"a,b\n1,2\n\"3,4\n5,6\n7,8\n", "unterminated_quote", Some(2));
    let long = [b"a,b\n1,2\n\"".to_vec(), b"x,y\n".repeat(500_000)].concat();
    check("long.csv", &long, "record_too_long", Some(1));
}

#[test]
fn content_that_is_no_table() {
    check("b.csv", b"a,b\n\0\0\0\0", "binary_content", None);
    check("z.csv", b"PK\x03\x04rest", "unsupported_format", None);
    check("w.csv", b"\xFF\xFEa\0,\0b\0", "unsupported_encoding", None);
    let beside = check("LICENSE", b"Permission is hereby granted, free\nof charge\n", "no_table", None);
    assert_eq!(beside.status, Status::Success, "a text beside the tables is no loss");
}

#[test]
fn broken_json() {
    check("t.json", b"[{\"a\":1},{\"a\":2},{\"a\"", "truncated_json", Some(2));
    check("l.jsonl", b"{\"a\":1}\n{\"a\":\n{\"a\":3}\n", "bad_json_record", Some(2));
    check("d.json", b"[{\"a\":1,\"a\":2}]", "duplicate_json_key", Some(1));
    check("s.json", b"[1,2,3]", "not_records", None);
}

#[test]
fn mixed_line_ends_and_a_mark_at_the_start_do_not_matter() {
    let result = run(&[("m.csv", b"\xEF\xBB\xBFa,b\r\n1,2\n3,4\r\n5,6")]);
    assert_eq!((&result.data["tables"][0]["row_count"], codes(&result).len()), (&3.into(), 0));
    assert_eq!(column(&result, 0, "a")["numeric"]["sum"], 9.0);
}

#[test]
fn very_many_columns_are_capped() {
    let names: Vec<String> = (0..3000).map(|i| format!("c{i}")).collect();
    let row = vec!["1"; 3000].join(",");
    let result = check("wide.csv", format!("{}\n{row}\n", names.join(",")).as_bytes(), "too_many_columns", Some(1));
    let wide = result.data["tables"].as_array().unwrap().iter().find(|t| t["object"] == "wide.csv").unwrap().clone();
    assert_eq!(wide["column_count"], 1000);
}

#[test]
fn blank_lines_are_no_rows_and_are_counted() {
    let check = |content: &str, blank: u64, rows: u64, lines: Option<&[u64]>| {
        for end in ["\n", "\r\n"] {
            let result = run(&[("t.csv", content.replace('\n', end).as_bytes())]);
            let table = &result.data["tables"][0];
            assert_eq!(
                (&table["blank_lines"], &table["row_count"]),
                (&blank.into(), &rows.into()),
                "{content:?} {end:?}"
            );
            let issue = result.data["issues"].as_array().unwrap().iter().find(|i| i["code"] == "blank_lines").cloned();
            let found = issue.map(|i| (i["count"].as_u64().unwrap(), i["first_lines"].clone()));
            assert_eq!(found, lines.map(|lines| (blank, serde_json::json!(lines))), "{content:?} {end:?}");
            assert_eq!(result.status, Status::Success);
        }
    };
    // One column: a blank line could be an empty value.
    check("a\n1\n\n2\n\n\n3\n", 3, 3, Some(&[3, 5, 6]));
    check("\n\na\n1\n", 2, 1, Some(&[1, 2]));
    check("a\n1\n\n", 1, 1, Some(&[3]));
    check("a\n1\n2", 0, 2, None);
    check("a\n\"\"\n\"x\n\ny\"\n", 0, 2, None);
    check(&format!("a\n{}1\n", "\n".repeat(1000)), 1000, 1, Some(&[2, 3, 4, 5, 6]));
    // Several columns: nobody can mean a row.
    check("a,b\n1,2\n\n3,4\n\n", 2, 2, None);
    check("a,b\n1,2\n3,4\n", 0, 2, None);
}

#[test]
fn lines_are_numbered_from_the_start_of_the_file() {
    for end in ["\n", "\r\n"] {
        let result = run(&[("r.csv", "a,b\n\n1,2\n\n3\n4,5\n6\n".replace('\n', end).as_bytes())]);
        assert_eq!(result.data["issues"][0]["first_lines"], serde_json::json!([5, 7]), "{end:?}");
    }
}

#[test]
fn blank_lines_of_json_lines_are_counted() {
    let result = run(&[("l.jsonl", b"{\"a\":1}\n\n  \n{\"a\":2}\n")]);
    let table = &result.data["tables"][0];
    assert_eq!((&table["blank_lines"], &table["row_count"]), (&2.into(), &2.into()));
    let none = run(&[("l.json", b"[{\"a\":1}]")]);
    assert!(none.data["tables"][0]["blank_lines"].is_null());
}

#[test]
fn a_key_that_is_flattened_onto_another_gives_one_cell() {
    let result = check("f.json", br#"[{"a":{"b":1},"a.b":2},{"a":{"b":3}},{}]"#, "duplicate_json_key", Some(3));
    let b = column(&result, 0, "a.b");
    assert_eq!((&b["count"], &b["null_count"], &b["numeric"]["max"]), (&3.into(), &1.into(), &3.0.into()));
}

#[test]
fn long_keys_are_cut_and_stay_apart() {
    let (one, two) = ("k".repeat(5000), format!("{}x", "k".repeat(4999)));
    let result = run(&[("k.json", format!(r#"[{{"{one}":1,"{two}":2}}]"#).as_bytes())]);
    let columns = result.data["tables"][0]["columns"].as_array().unwrap();
    let names: Vec<&str> = columns.iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert!(names.len() == 2 && names[0] != names[1] && names.iter().all(|n| n.len() == 128), "{names:?}");
}

//! Spellings of values and shapes of files that users bring.

use super::*;

/// The logical type of the only data column of a CSV.
fn check(values: &[&str], expected: &str) -> Answer {
    let rows: String = values.iter().map(|v| format!("x,\"{v}\"\n")).collect();
    let result = run(&[("t.csv", format!("word,value\n{rows}").as_bytes())]);
    assert_eq!(column(&result, 0, "value")["logical_type"], expected, "{values:?}");
    result
}

#[test]
fn logical_types() {
    check(&["1", "2", "NA"], "integer");
    check(&["1", "2.5"], "decimal");
    check(&["yes", "no", "yes"], "boolean");
    check(&["0", "1", "0"], "integer");
    check(&["00501", "10001"], "text");
    check(&["2016-11-08T10:00:00+02:00"], "datetime");
    check(&["", "NA"], "empty");
    check(&["1", "a", "b"], "text");
}

#[test]
fn the_order_of_day_and_month_is_settled_by_the_column() {
    let date = |values: &[&str]| column(&check(values, "date"), 0, "value")["dates"].clone();
    let month_first = date(&["3/4/2016", "11/28/2016"]);
    assert_eq!((&month_first["first"], &month_first["day_month_order"]), (&"2016-03-04".into(), &"month_first".into()));
    let day_first = date(&["3/4/2016", "28/11/2016"]);
    assert_eq!((&day_first["first"], &day_first["day_month_order"]), (&"2016-04-03".into(), &"day_first".into()));
    assert_eq!(date(&["3/4/2016", "5/6/2016"])["day_month_order"], "ambiguous");
}

#[test]
fn formatted_numbers_are_numbers_with_a_note() {
    let result = check(&["$1,234.50", "($200)", "7"], "decimal");
    let value = column(&result, 0, "value");
    assert_eq!(value["numeric"]["sum"], 1041.5);
    assert!(value["notes"][0].as_str().unwrap().contains("separators"));
}

#[test]
fn cadence_of_dates() {
    let days: Vec<String> = (1..=9).map(|m| format!("2020-{m:02}-01")).collect();
    let days: Vec<&str> = days.iter().map(String::as_str).collect();
    assert_eq!(column(&check(&days, "date"), 0, "value")["dates"]["cadence"], "monthly");
}

#[test]
fn the_same_rows_in_other_formats_give_the_same_profile() {
    let csv = b"id,city,amount,day\n1,Oslo,2.5,2020-01-01\n2,Rome,,2020-01-02\n3,Oslo,4,2020-01-03\n";
    let json = br#"[{"id":1,"city":"Oslo","amount":2.5,"day":"2020-01-01"},
        {"id":2,"city":"Rome","amount":null,"day":"2020-01-02"},{"id":3,"city":"Oslo","amount":4.0,"day":"2020-01-03"}]"#;
    let lines: Vec<u8> = json[1..json.len() - 1]
        .split(|b| *b == b'{')
        .skip(1)
        .flat_map(|r| {
            let end = r.iter().position(|b| *b == b'}').unwrap();
            [b"{", &r[..=end], b"\n"].concat()
        })
        .collect();
    let columns = |name: &str, content: &[u8]| run(&[(name, content)]).data["tables"][0]["columns"].clone();
    let expected = columns("t.csv", csv);
    assert_eq!(columns("t.csv.gz", &gzip(csv)), expected);
    assert_eq!(columns("t.json", json), expected);
    assert_eq!(columns("t.jsonl", &lines), expected);
    let tabs: Vec<u8> = csv.iter().map(|b| if *b == b',' { b'\t' } else { *b }).collect();
    assert_eq!(columns("t.tsv", &tabs), expected);
}

#[test]
fn nested_json_is_flattened_once() {
    let result = run(&[("n.json", br#"[{"a":{"b":1,"c":{"d":2}},"e":[1,2]},{"a":{"b":3}}]"#)]);
    assert_eq!(column(&result, 0, "a.b")["logical_type"], "integer");
    assert_eq!(column(&result, 0, "a.c")["top"]["values"][0]["value"], "{\"d\":2}");
    assert_eq!(column(&result, 0, "e")["null_tokens"]["absent"], 1);
}

#[test]
fn sketches_say_so_and_are_near() {
    let rows: String = (0..60_000_u64)
        .map(|i| {
            format!(
                "{},{}\n",
                crate::dataset::cell::mix(i) % 1_000_000,
                if i % 3 == 0 { "often".to_owned() } else { format!("v{i}") }
            )
        })
        .collect();
    let objects = store(&[("big.csv", format!("n,t\n{rows}").as_bytes())]);
    let limits =
        Limits { max_distinct_exact: 2000, max_sample_cells: 10_000, max_row_hashes: 1000, ..Limits::default() };
    let result = run_with(&objects, &Request::default(), &limits);
    let (n, t) = (column(&result, 0, "n"), column(&result, 0, "t"));
    assert_eq!(
        (&n["distinct"]["exact"], &n["numeric"]["quantiles_exact"], &t["top"]["exact"]),
        (&false.into(), &false.into(), &false.into())
    );
    let estimate = t["distinct"]["value"].as_f64().unwrap();
    assert!((estimate / 40_001.0 - 1.0).abs() < 0.03, "{estimate}");
    let median = n["numeric"]["quantiles"]["p50"].as_f64().unwrap();
    assert!((median / 500_000.0 - 1.0).abs() < 0.03, "{median}");
    let top = &t["top"]["values"][0];
    let (count, error) = (top["count"].as_u64().unwrap(), t["top"]["count_error"].as_u64().unwrap());
    assert!(top["value"] == "often" && count <= 20_000 && count + error >= 20_000, "{top} {error}");
    assert_eq!(result.data["tables"][0]["duplicates"]["exact"], false);
}

#[test]
fn links_beyond_the_cap_are_estimated() {
    let keys: String = (0..20_000).map(|i| format!("C-{i},x\n")).collect();
    let rows: String = (0..40_000).map(|i| format!("{i},C-{}\n", i % 21_000)).collect();
    let customers = format!("customer_id,name_of_it\n{keys}");
    let orders = format!("order_id,customer_id\n{rows}");
    let objects = store(&[("customers.csv", customers.as_bytes()), ("orders.csv", orders.as_bytes())]);
    let result = run_with(&objects, &Request::default(), &Limits { max_distinct_exact: 4000, ..Limits::default() });
    let link = &result.data["data_relationships"]["links"][0];
    assert_eq!((&link["from_column"], &link["to_table"]), (&"customer_id".into(), &"customers".into()));
    assert_eq!((&link["estimated"], &link["accepted"]), (&true.into(), &true.into()));
    let share = link["distinct_share"].as_f64().unwrap();
    assert!((share - 20.0 / 21.0).abs() < 0.02, "{share}");
    let orphans = link["orphan_values"].as_f64().unwrap();
    assert!((orphans / 1000.0 - 1.0).abs() < 0.25, "{orphans}");
}

/// 5,000 rows with a row number, 30 of which repeat another apart from it.
fn entered_twice(number: impl Fn(u64) -> u64) -> String {
    let row = |i: u64| format!("{},c{},{}\n", number(i), i % 4970, i % 4970 * 3);
    "row_id,customer,amount\n".to_owned() + &(0..5000).map(row).collect::<String>()
}

#[test]
fn rows_entered_twice_are_found_beyond_the_row_sample() {
    let duplicates = |content: &str, limits: Limits| {
        let limits = Limits { max_sample_cells: 3000, max_distinct_exact: 500, ..limits };
        let result = run_with(&store(&[("t.csv", content.as_bytes())]), &Request::default(), &limits);
        let reasons = result.data["coverage"]["not_computed"].as_array().unwrap().clone();
        let reason = reasons.iter().find(|r| r["figure"] == "duplicates.t.ignoring_row_ids").cloned();
        (result.data["tables"][0]["duplicates"].clone(), reason.map(|r| r["reason"].as_str().unwrap().to_owned()))
    };
    let counting = entered_twice(|i| i + 1);
    let (found, reason) = duplicates(&counting, Limits::default());
    assert_eq!((&found["row_count"], &found["ignoring_row_ids"], reason), (&0.into(), &30.into(), None));
    assert_eq!(found["row_id_columns"], serde_json::json!(["row_id"]));
    let (found, reason) = duplicates(&counting, Limits { max_row_hashes: 1000, ..Limits::default() });
    assert!(found["ignoring_row_ids"].is_null() && reason.unwrap().contains("max_row_hashes"));
    // Looks like a row number for 1,000 rows and then repeats.
    let (found, reason) = duplicates(&entered_twice(|i| i % 4000), Limits::default());
    assert_eq!(
        (&found["ignoring_row_ids"], &found["row_id_columns"], reason),
        (&Value::Null, &serde_json::json!([]), None)
    );
}

#[test]
fn a_rising_number_is_unique_however_many_there_are() {
    let objects = store(&[("t.csv", entered_twice(|i| i * 2).as_bytes())]);
    let result = run_with(&objects, &Request::default(), &Limits { max_distinct_exact: 500, ..Limits::default() });
    let id = column(&result, 0, "row_id");
    assert_eq!(
        (&id["unique"], &id["distinct"]["value"], &id["distinct"]["exact"]),
        (&true.into(), &5000.into(), &true.into())
    );
    assert_eq!(
        result.data["tables"][0]["candidate_keys"][0],
        serde_json::json!({"columns": ["row_id"], "exact": true})
    );
}

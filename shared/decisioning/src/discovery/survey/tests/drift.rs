//! What has changed since an earlier result, as an object or in the request.

use proptest::prelude::*;

use super::*;
use crate::discovery::drift::baseline::{CompareWith, EarlierResult};

fn inline(result: &Answer) -> Request {
    let earlier: EarlierResult = serde_json::from_value(serde_json::to_value(result).unwrap()).unwrap();
    Request { compare_with: Some(CompareWith::Result(Box::new(earlier))), ..Request::default() }
}

/// Surveys `now` in comparison with what a survey of `before` says.
fn compared(before: &[(&str, &[u8])], now: &[(&str, &[u8])]) -> Answer {
    run_with(&store(now), &inline(&run(before)), &Limits::default())
}

fn drift(result: &Answer) -> &Value {
    &result.data["drift"]
}

fn of<'a>(result: &'a Answer, column: &str) -> &'a Value {
    let columns = drift(result)["tables"][0]["columns"].as_array().unwrap();
    columns.iter().find(|c| c["column"] == column).unwrap_or_else(|| panic!("{column}: {}", drift(result)))
}

/// Rows of a number, a category, a flag and a rank of few values, drawn without chance.
fn orders(rows: u64, shift: f64, turn: u64) -> String {
    let row = |i: u64| {
        let random = crate::dataset::cell::mix(i + 1);
        let amount = (random % 10_000) as f64 / 100.0 + shift;
        let kind = ["a", "b", "c", "d"][((random >> 20) % (4 - turn)) as usize];
        let flag = (random >> 40) % 10 < 5 + 4 * turn;
        format!("{amount:.2},{kind},{flag},{},{i}\n", (random >> 50) % (4 - turn))
    };
    "amount,kind,flag,level,order_id\n".to_owned() + &(0..rows).map(row).collect::<String>()
}

#[test]
fn without_a_request_there_is_no_drift() {
    assert!(drift(&run(&[("a.csv", b"a,b\n1,2\n")])).is_null());
}

#[test]
fn the_same_data_has_not_drifted() {
    for rows in [3, 50, 900, 5000] {
        let data = orders(rows, 0.0, 0);
        let result = compared(&[("t.csv", data.as_bytes())], &[("t.csv", data.as_bytes())]);
        let table = &drift(&result)["tables"][0];
        for column in table["columns"].as_array().unwrap() {
            assert_eq!((&column["drifted"], &column["statistic"]), (&false.into(), &0.0.into()), "{rows} {column}");
            assert!(column["p_value"].is_null() || column["p_value"] == 1.0, "{column}");
        }
        assert_eq!((&table["drifted"], &table["drifted_columns"]), (&false.into(), &0.into()), "{rows}");
        assert_eq!(
            (&table["rows_before"], &table["complete"], result.status),
            (&rows.into(), &true.into(), Status::Success)
        );
    }
}

#[test]
fn the_number_of_earlier_rows_chooses_the_measure() {
    let check = |rows: u64, expected: [(&str, &str); 4]| {
        let (before, now) = (orders(rows, 0.0, 0), orders(rows, 40.0, 1));
        let result = compared(&[("t.csv", before.as_bytes())], &[("t.csv", now.as_bytes())]);
        for (column, measure) in expected {
            let found = of(&result, column);
            assert_eq!((&found["measure"], &found["drifted"]), (&measure.into(), &true.into()), "{rows} {found}");
            assert_eq!(found["p_value"].is_null(), rows > 1000);
        }
        assert_eq!(drift(&result)["tables"][0]["drifted"], true);
        assert_eq!(drift(&result)["tables"][0]["not_compared"][0]["figure"], "order_id");
        assert!(result.insights.last().unwrap().contains("4 of 4 compared columns of t drifted since 2023-11-14"));
        assert!(
            result.data["anomaly_flags"]
                .as_array()
                .unwrap()
                .iter()
                .any(|f| f.as_str().unwrap().starts_with("drift: t.kind"))
        );
    };
    let tests = [("amount", "kolmogorov_smirnov"), ("kind", "chi_square"), ("flag", "z"), ("level", "chi_square")];
    check(900, tests);
    check(1000, tests);
    let distances = [
        ("amount", "wasserstein"),
        ("kind", "jensen_shannon"),
        ("flag", "jensen_shannon"),
        ("level", "jensen_shannon"),
    ];
    check(1001, distances);
    check(4000, distances);
}

/// Uniform numbers from 0 to 100, moved by 40: the distance is 40 over the deviation, 100 / root of 12.
#[test]
fn a_shift_has_a_known_distance() {
    let (before, now) = (orders(20_000, 0.0, 0), orders(20_000, 40.0, 0));
    let result = compared(&[("t.csv", before.as_bytes())], &[("t.csv", now.as_bytes())]);
    let distance = of(&result, "amount")["statistic"].as_f64().unwrap();
    let expected = 40.0 / (100.0 / 12.0_f64.sqrt()) * 0.98;
    assert!((distance / expected - 1.0).abs() < 0.01, "{distance} {expected}");
    let (before, now) = (orders(1000, 0.0, 0), orders(1000, 40.0, 0));
    let result = compared(&[("t.csv", before.as_bytes())], &[("t.csv", now.as_bytes())]);
    let distance = of(&result, "amount")["statistic"].as_f64().unwrap();
    let amounts = |text: &str| -> Vec<f64> {
        text.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect()
    };
    let (before, now) = (amounts(&before), amounts(&now));
    let share =
        |values: &[f64], up_to: f64| values.iter().filter(|v| **v <= up_to).count() as f64 / values.len() as f64;
    let real = before.iter().chain(&now).map(|v| share(&before, *v) - share(&now, *v)).fold(0.0, f64::max);
    assert!(distance <= real && distance > real - 0.05, "{distance} should be just below {real}");
}

#[test]
fn columns_and_tables_come_and_go() {
    let before = orders(100, 0.0, 0);
    let now = before.replace("level,", "rank,").replace(",kind,", ",sort,");
    let other: (&str, &[u8]) = ("old.csv", b"a,b\n1,2\n3,4\n");
    let result =
        compared(&[("t.csv", before.as_bytes()), other], &[("t.csv", now.as_bytes()), ("new.csv", b"a,b\n1,2\n")]);
    let table = &drift(&result)["tables"][0];
    assert_eq!(table["columns_added"], serde_json::json!(["sort", "rank"]));
    assert_eq!(table["columns_removed"], serde_json::json!(["kind", "level"]));
    assert_eq!(drift(&result)["tables_added"], serde_json::json!(["new.csv"]));
    assert_eq!(drift(&result)["tables_removed"], serde_json::json!(["old.csv"]));
    let other_type = compared(&[("t.csv", b"a,b\n1,2\n3,4\n")], &[("t.csv", b"a,b\nx,2\ny,4\n")]);
    let change = &drift(&other_type)["tables"][0]["types_changed"][0];
    assert_eq!(*change, serde_json::json!({"column": "a", "before": "integer", "now": "text"}));
}

#[test]
fn what_was_not_surveyed_is_not_gone() {
    let a: (&str, &[u8]) = ("x/a.csv", b"a,b\n1,2\n");
    let b: (&str, &[u8]) = ("y/b.csv", b"a,b\n1,2\n");
    let earlier = run(&[a, b]);
    let objects = store(&[a]);
    let removed = |request: Request, limits: &Limits| {
        drift(&run_with(&objects, &request, limits))["tables_removed"].as_array().unwrap().len()
    };
    assert_eq!(removed(inline(&earlier), &Limits::default()), 1);
    let part = Request { data_sources: vec!["x".to_owned()], ..inline(&earlier) };
    assert_eq!(removed(part, &Limits::default()), 0);
    assert_eq!(removed(inline(&earlier), &Limits { max_objects: 0, ..Limits::default() }), 0);
}

#[test]
fn one_table_then_and_one_now_are_the_same_whatever_their_names() {
    let (before, now) = (orders(100, 0.0, 0), orders(200, 0.0, 0));
    let result = compared(&[("2023.csv", before.as_bytes())], &[("2024.csv", now.as_bytes())]);
    assert_eq!(drift(&result)["tables"][0]["object_before"], "2023.csv");
    let two =
        compared(&[("2023.csv", before.as_bytes())], &[("2024.csv", now.as_bytes()), ("2025.csv", now.as_bytes())]);
    assert_eq!(
        (drift(&two)["tables"].as_array().unwrap().len(), drift(&two)["tables_added"].as_array().unwrap().len()),
        (0, 2)
    );
}

#[test]
fn an_earlier_result_in_the_bucket_is_read_and_is_no_table() {
    let data = orders(100, 0.0, 0);
    let earlier = serde_json::to_vec(&run(&[("t.csv", data.as_bytes())])).unwrap();
    let request =
        |place: &str| Request { compare_with: Some(CompareWith::Object(place.to_owned())), ..Request::default() };
    let objects = store(&[("t.csv", data.as_bytes()), ("r/earlier.json", &earlier), ("r/other.txt", b"no result")]);
    let result = run_with(&objects, &request("r/earlier.json"), &Limits::default());
    assert_eq!((result.status, &result.data["coverage"]["objects_listed"]), (Status::Success, &2.into()));
    assert_eq!(drift(&result)["tables"][0]["drifted_columns"], 0);
    assert_eq!(drift(&result)["baseline_timestamp"], "2023-11-14T22:13:20Z");
    for place in ["r/missing.json", "r/other.txt", "t.csv"] {
        let result = run_with(&objects, &request(place), &Limits::default());
        assert_eq!((result.status, drift(&result)), (Status::Partial, &Value::Null), "{place}");
        assert!(codes(&result).contains(&"baseline_unreadable".to_owned()), "{place}");
    }
}

#[test]
fn personal_values_stay_masked() {
    let rows = |n: usize| (0..n).map(|i| format!("user{}@secret.example,{}\n", i % 3, i % 2)).collect::<String>();
    let (before, now) = (format!("email,n\n{}", rows(50)), format!("email,n\n{}", rows(60)));
    let result = compared(&[("t.csv", before.as_bytes())], &[("t.csv", now.as_bytes())]);
    let reasons = drift(&result)["tables"][0]["not_compared"].as_array().unwrap();
    assert!(
        reasons.iter().any(|r| r["figure"] == "email" && r["reason"].as_str().unwrap().contains("masked")),
        "{reasons:?}"
    );
    assert!(!serde_json::to_string(&result).unwrap().contains("secret.example"));
}

#[test]
fn a_shortened_result_does_not_say_which_columns_are_new() {
    let data = orders(100, 0.0, 0);
    let mut earlier = serde_json::to_value(run(&[("t.csv", data.as_bytes())])).unwrap();
    earlier["data"]["tables"][0]["columns"].as_array_mut().unwrap().truncate(2);
    let request = Request {
        compare_with: Some(CompareWith::Result(serde_json::from_value(earlier).unwrap())),
        ..Request::default()
    };
    let result = run_with(&store(&[("t.csv", data.as_bytes())]), &request, &Limits::default());
    let table = &drift(&result)["tables"][0];
    assert_eq!((&table["columns_added"], table["columns"].as_array().unwrap().len()), (&Value::Null, 2));
}

/// JSON of any shape and size in place of the figures.
fn junk() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<f64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,300}".prop_map(Value::from),
        Just(serde_json::json!([])),
        Just(serde_json::json!({"p01": 1e308, "p05": -1e308})),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_result_that_was_tampered_with_does_no_harm(
        place in 0_usize..60, by in junk(), rows in prop_oneof![Just(60_u64), Just(1500)],
    ) {
        let data = orders(60, 0.0, 0);
        let mut earlier = serde_json::to_value(run(&[("t.csv", data.as_bytes())])).unwrap();
        earlier["data"]["tables"][0]["row_count"] = rows.into();
        let mut places = Vec::new();
        leaves(&earlier["data"]["tables"][0], "/data/tables/0", &mut places);
        let place = &places[place * places.len() / 60];
        *earlier.pointer_mut(place).unwrap() = by;
        let Ok(earlier) = serde_json::from_value::<EarlierResult>(earlier) else { return Ok(()) };
        let request = Request { compare_with: Some(CompareWith::Result(Box::new(earlier))), ..Request::default() };
        let result = run_with(&store(&[("t.csv", data.as_bytes())]), &request, &Limits::default());
        for table in drift(&result)["tables"].as_array().unwrap() {
            for column in table["columns"].as_array().unwrap() {
                let p = column["p_value"].as_f64();
                prop_assert!(column["statistic"].is_f64() && p.is_none_or(|p| (0.0..=1.0).contains(&p)), "{}", column);
            }
        }
    }
}

/// JSON pointers to everything that is neither a list nor an object.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, value)| leaves(value, &format!("{at}/{}", key.replace('/', "~1")), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| leaves(value, &format!("{at}/{index}"), found));
        }
        _ => found.push(at.to_owned()),
    }
}

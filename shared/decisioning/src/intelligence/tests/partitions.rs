//! Tables that lie in several objects, copies, and exports that overlap.

use serde_json::Value;

use super::*;

const HEADER: &str = "order_id,customer_id,order_date,amount,category\n";

/// Lines of the orders with these numbers, two each.
fn lines(orders: std::ops::Range<u32>) -> String {
    let line = |i: u32, n: u32| {
        let (year, month, day) = (2020 + i / 120, 1 + i / 10 % 12, 1 + i % 28);
        format!("O{i},C{},{year}-{month:02}-{day:02},{}.25,cat{}\n", i % 31, i % 90 + n, (i + n) % 4)
    };
    orders.flat_map(|i| [line(i, 0), line(i, 1)]).collect()
}

fn file(orders: std::ops::Range<u32>) -> String {
    format!("{HEADER}{}", lines(orders))
}

fn analysed(objects: &[(&str, &str)]) -> Answer {
    let objects: Vec<(&str, &[u8])> = objects.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    run_with(&store(&objects), &Request::default(), &Limits::default())
}

/// All that does not name tables and objects.
fn figures(answer: &Answer) -> [Value; 4] {
    ["financial_intelligence", "operational_intelligence", "customer_intelligence", "series"]
        .map(|part| answer.data[part].clone())
}

fn not_used(answer: &Answer) -> Vec<(String, String)> {
    data(answer).coverage.not_used.into_iter().map(|left| (left.object, left.reason)).collect()
}

fn parts(answer: &Answer) -> Vec<(String, u64)> {
    data(answer).sources[0].parts.iter().map(|part| (part.object.clone(), part.rows)).collect()
}

#[test]
fn parts_are_one_table() {
    let whole = analysed(&[("orders.csv", &file(0..300))]);
    let (one, two, three) = (file(0..100), file(100..220), file(220..300));
    let layouts = [
        ["orders_2020.csv", "orders_2021.csv", "orders_2022.csv"],
        ["orders/2020/a.csv", "orders/2021/a.csv", "orders/2022/a.csv"],
        ["north/orders.csv", "south/orders.csv", "west/orders.csv"],
    ];
    for names in layouts {
        let split = analysed(&[(names[0], &one), (names[1], &two), (names[2], &three)]);
        assert_eq!(figures(&split), figures(&whole), "{names:?}");
        let expected = [(names[0].to_owned(), 200), (names[1].to_owned(), 240), (names[2].to_owned(), 160)];
        assert_eq!((parts(&split), data(&split).sources[0].rows), (expected.to_vec(), 600));
        assert!(not_used(&split).is_empty() && data(&split).sources[0].complete);
    }
}

#[test]
fn the_order_of_parts_does_not_matter() {
    let (one, two, three) = (file(0..100), file(100..220), file(220..300));
    let there = analysed(&[("orders_1.csv", &one), ("orders_2.csv", &two), ("orders_3.csv", &three)]);
    let back = analysed(&[("orders_3.csv", &three), ("orders_2.csv", &two), ("orders_1.csv", &one)]);
    assert_eq!(serde_json::to_string(&there).unwrap(), serde_json::to_string(&back).unwrap());
    let exchanged = analysed(&[("orders_1.csv", &three), ("orders_2.csv", &one), ("orders_3.csv", &two)]);
    assert_eq!(figures(&exchanged), figures(&there));
}

#[test]
fn a_catalogue_in_any_order_gives_the_same_bytes() {
    let objects = store(&[("orders_1.csv", file(0..90).as_bytes()), ("orders_2.csv", file(90..300).as_bytes())]);
    let (asked, limits) = (crate::discovery::Request::default(), crate::discovery::Limits::default());
    let survey = block_on(crate::discovery::survey(&objects, &asked, &limits, &clock, None)).unwrap();
    let run = |turned: bool| {
        let mut survey = serde_json::to_value(&survey).unwrap();
        if turned {
            survey["data"]["tables"].as_array_mut().unwrap().reverse();
        }
        let request = serde_json::from_value(serde_json::json!({ "catalogue": { "result": survey } })).unwrap();
        run_with(&objects, &request, &Limits::default())
    };
    assert_eq!(serde_json::to_string(&run(false)).unwrap(), serde_json::to_string(&run(true)).unwrap());
}

#[test]
fn copies_count_once_and_are_told_of() {
    let (whole, part) = (file(0..300), file(40..120));
    let turned = format!("{HEADER}{}", lines(150..300) + &lines(0..150));
    let alone = analysed(&[("orders.csv", &whole)]);
    let check = |copy: (&str, &str), share: &str| {
        let both = analysed(&[("orders.csv", &whole), copy]);
        assert_eq!(figures(&both), figures(&alone), "{}", copy.0);
        let reason = format!("repeats orders.csv: {share} of its rows or orders are there too; it was not counted");
        assert_eq!(not_used(&both), [(copy.0.to_owned(), reason)]);
        assert_eq!(parts(&both), [("orders.csv".to_owned(), 600)]);
        assert_eq!(both.status, alone.status);
    };
    check(("orders_copy.csv", &whole), "100 %");
    check(("orders_sorted.csv", &turned), "100 %");
    check(("orders_spring.csv", &part), "100 %");
    check(("orders_most.csv", &file(120..301).replace("O300,", "O299,")), "100 %");
}

#[test]
fn copies_without_order_ids_are_known_by_their_rows() {
    let text = "order_date,amount\n2024-01-03,5\n2024-02-03,7\n2024-02-03,7\n";
    let both = analysed(&[
        ("sales_a.csv", text),
        ("sales_b.csv", "amount,order_date\n7,2024-02-03\n7,2024-02-03\n5,2024-01-03\n"),
    ]);
    assert_eq!(data(&both).financial_intelligence.revenue_analysis.total_revenue, Some(19.0));
    assert_eq!(not_used(&both)[0].0, "sales_b.csv");
}

#[test]
fn orders_of_overlapping_exports_count_once() {
    let whole = analysed(&[("orders.csv", &file(0..300))]);
    let split = analysed(&[("orders_1.csv", &file(0..180)), ("orders_2.csv", &file(150..300))]);
    assert_eq!(figures(&split), figures(&whole));
    let found = data(&split);
    let issue = found.issues.iter().find(|issue| issue.code == "repeated_orders").unwrap();
    assert_eq!((issue.object.as_str(), issue.count), ("orders_2.csv", 30));
    assert_eq!(found.sources[0].repeated_rows, 60);
}

#[test]
fn orders_that_go_on_in_another_part_keep_their_rows() {
    let whole = file(0..300);
    let cut = whole.len() - lines(200..300).len() - lines(199..200).len() / 2;
    assert_eq!(&whole[cut - 1..cut], "\n");
    let rest = format!("{HEADER}{}", &whole[cut..]);
    let split = analysed(&[("orders_1.csv", &whole[..cut]), ("orders_2.csv", &rest)]);
    assert_eq!(figures(&split), figures(&analysed(&[("orders.csv", &whole)])));
    let issue = data(&split).issues.into_iter().find(|issue| issue.code == "orders_in_several_parts").unwrap();
    assert_eq!((issue.object.as_str(), issue.count), ("orders_2.csv", 1));
}

#[test]
fn tables_of_another_family_are_left_alone() {
    let both = analysed(&[("expenses.csv", &file(500..520)), ("sales.csv", &file(0..300))]);
    assert_eq!(parts(&both), [("sales.csv".to_owned(), 600)]);
    assert!(not_used(&both)[0].1.starts_with("has the same columns as sales.csv"));
}

#[test]
fn roles_may_be_given_by_any_part() {
    let objects = store(&[("orders_1.csv", file(0..90).as_bytes()), ("orders_2.csv", file(90..300).as_bytes())]);
    let request = serde_json::from_str(r#"{"roles":{"orders_2":{"category":null}}}"#).unwrap();
    let answer = run_with(&objects, &request, &Limits::default());
    assert_eq!(data(&answer).sources[0].columns.iter().filter(|c| c.role == "category").count(), 0);
    assert_eq!(data(&answer).sources[0].rows, 600);
}

//! What must hold for any input: parts add up, the order of rows and the sizes of things do not matter.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
struct Row {
    order: u32,
    customer: u32,
    day: i64,
    cents: i64,
    quantity: i64,
    category: u8,
    profit: Option<i64>,
}

fn row() -> impl Strategy<Value = Row> {
    let profit = proptest::option::weighted(0.8, -5000_i64..5000);
    (0_u32..60, 0_u32..20, 0_i64..900, -2000_i64..100_000, -2_i64..20, 0_u8..4, profit).prop_map(
        |(order, customer, day, cents, quantity, category, profit)| Row {
            order,
            customer,
            day,
            cents,
            quantity,
            category,
            profit,
        },
    )
}

fn csv(rows: &[Row]) -> String {
    let line = |r: &Row| {
        let day = crate::dataset::date::Moment::from_days(17_000 + r.day).to_iso();
        let profit = r.profit.map_or_else(String::new, |p| format!("{}.{:02}", p / 100, (p % 100).abs()));
        let (amount, sign) = (r.cents.abs(), if r.cents < 0 { "-" } else { "" });
        let amount = format!("{sign}{}.{:02}", amount / 100, amount % 100);
        format!("O{},C{},{day},{amount},{},cat{},{profit}", r.order, r.customer, r.quantity, r.category)
    };
    let rows: Vec<String> = rows.iter().map(line).collect();
    format!("order_id,customer_id,order_date,amount,quantity,category,profit\n{}\n", rows.join("\n"))
}

const ROLES: &str = r#"{"roles":{"orders":{"order_id":"order_id","customer":"customer_id","order_date":"order_date",
    "amount":"amount","quantity":"quantity","category":"category","profit":"profit"}}}"#;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_order_of_rows_does_not_matter(rows in proptest::collection::vec(row(), 1..120), seed in any::<u64>()) {
        let mut turned = rows.clone();
        turned.sort_by_key(|r| crate::dataset::cell::mix(seed ^ (r.day as u64) << 32 ^ r.cents as u64));
        let (there, back) = (run(&csv(&rows), ROLES), run(&csv(&turned), ROLES));
        prop_assert_eq!(serde_json::to_string(&there.data).unwrap(), serde_json::to_string(&back.data).unwrap());
        prop_assert_eq!((there.insights, there.recommendations), (back.insights, back.recommendations));
    }

    #[test]
    fn parts_add_up_to_the_whole(rows in proptest::collection::vec(row(), 1..120)) {
        let found = data(&run(&csv(&rows), ROLES));
        let cents: i64 = rows.iter().map(|r| r.cents).sum();
        let total = found.financial_intelligence.revenue_analysis.total_revenue.unwrap();
        prop_assert_eq!(total, cents as f64 / 100.0);
        for part in &found.financial_intelligence.contribution {
            prop_assert_eq!(part.sum_of_parts, total);
            let listed: f64 = part.members.iter().chain(&part.other).map(|m| m.revenue).sum();
            prop_assert!((listed - total).abs() < 1e-6);
        }
        let months = found.series.iter().find(|s| s.period == "day").unwrap();
        let by_day: f64 = months.points.iter().filter_map(|p| p.revenue).sum();
        prop_assert!((by_day - total).abs() < 1e-6);
        let customers: std::collections::BTreeSet<u32> = rows.iter().map(|r| r.customer).collect();
        prop_assert_eq!(found.customer_intelligence.customers, Some(customers.len() as u64));
    }

    #[test]
    fn garbage_in_a_column_is_less_data_and_no_more_figures(
        rows in proptest::collection::vec(row(), 5..60),
        column in 2_usize..7,
        garbage in proptest::collection::vec("[!#-+a-zäé€]{1,8}", 60),
    ) {
        // Every text is a category.
        prop_assume!(column != 5 && (column != 6 || rows.iter().any(|row| row.profit.is_some())));
        let content = csv(&rows);
        let (clean, spoiled) = (run(&content, ROLES), run(&spoiled(&content, column, &garbage), ROLES));
        prop_assert!((0.0..=1.0).contains(&clean.confidence_score) && (0.0..=1.0).contains(&spoiled.confidence_score));
        let (clean, spoiled) = (data(&clean), data(&spoiled));
        prop_assert!(spoiled.confidence.completeness < clean.confidence.completeness);
        prop_assert!(spoiled.coverage.computed <= clean.coverage.computed);
        let total = spoiled.financial_intelligence.revenue_analysis.total_revenue;
        prop_assert_eq!(total.is_some(), column != 3);
    }
}

/// The table with garbage in one column, line by line.
fn spoiled(content: &str, column: usize, garbage: &[String]) -> String {
    let mut lines = content.lines();
    let header = lines.next().unwrap().to_owned();
    let spoiled = lines.zip(garbage).map(|(line, garbage)| {
        let mut cells: Vec<&str> = line.split(',').collect();
        cells[column] = garbage;
        cells.join(",")
    });
    format!("{header}\n{}\n", spoiled.collect::<Vec<_>>().join("\n"))
}

#[test]
fn garbage_in_a_tenth_of_the_cells_lowers_confidence() {
    let line = |n: u32| {
        let (year, month) = (2022 + n / 150, n / 12 % 12 + 1);
        format!("O{n},C{},{year}-{month:02}-{:02},{}.50,2,cat{},1.25", n % 40, n % 28 + 1, n + 5, n % 4)
    };
    let lines: Vec<String> = (0..300).map(line).collect();
    let table = |lines: &[String]| {
        run(&format!("order_id,customer_id,order_date,amount,quantity,category,profit\n{}\n", lines.join("\n")), ROLES)
    };
    let clean = table(&lines).confidence_score;
    for column in [2, 3, 4, 6] {
        let spoil = |(place, line): (usize, &String)| {
            let mut cells: Vec<&str> = line.split(',').collect();
            if place % 10 == 0 {
                cells[column] = "rubbish";
            }
            cells.join(",")
        };
        let spoiled = table(&lines.iter().enumerate().map(spoil).collect::<Vec<_>>()).confidence_score;
        assert!(spoiled < clean, "column {column}: {spoiled} and {clean}");
    }
}

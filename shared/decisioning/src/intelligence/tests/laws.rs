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
    fn garbage_in_a_column_lowers_confidence_and_never_crashes(
        rows in proptest::collection::vec(row(), 5..60),
        column in 0_usize..7,
        garbage in proptest::collection::vec("[ !#-+\\-.-~äé€]{0,8}", 60),
    ) {
        let content = csv(&rows);
        let mut lines = content.lines();
        let header = lines.next().unwrap().to_owned();
        let spoiled = lines.zip(&garbage).map(|(line, garbage)| {
            let mut cells: Vec<&str> = line.split(',').collect();
            cells[column] = garbage;
            cells.join(",")
        });
        let spoiled = format!("{header}\n{}\n", spoiled.collect::<Vec<_>>().join("\n"));
        let answer = run(&spoiled, ROLES);
        prop_assert!((0.0..=1.0).contains(&answer.confidence_score));
        let total = answer.data["financial_intelligence"]["revenue_analysis"]["total_revenue"].as_f64();
        prop_assert!(column == 3 || total.is_some());
    }
}

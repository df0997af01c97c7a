//! Customers: those of a sample stand for all of them where they can, and repeated purchases count by customer.

use super::data::MetricStatus;
use super::*;

const HEADER: &str = "order_id,customer_id,order_date,amount,quantity,profit\n";

/// 4,000 customers of 10 each, of whom every fourth bought twice for 5.
fn many(max_purchases: usize) -> Answer {
    let row = |i: usize| match i % 4 {
        0 => format!("O{i},C{i},2024-01-{:02},5,1,1\nP{i},C{i},2024-03-{:02},5,1,1\n", 1 + i % 28, 1 + i % 28),
        _ => format!("O{i},C{i},2024-01-{:02},10,1,1\n", 1 + i % 28),
    };
    let rows = (0..4000).map(row).collect::<String>();
    let objects = store(&[("orders.csv", format!("{HEADER}{rows}").as_bytes())]);
    run_with(&objects, &Request::default(), &Limits { max_purchases, max_orders: 500, ..Limits::default() })
}

#[test]
fn too_many_customers_are_sampled_and_it_is_said() {
    let answer = many(500);
    let data = data(&answer);
    let people = &data.customer_intelligence;
    let estimate = people.customers.unwrap();
    assert!(people.sampled_share.unwrap() < 0.2 && (3200..4800).contains(&estimate), "{estimate}");
    assert_eq!(data.financial_intelligence.revenue_analysis.total_revenue, Some(40_000.0));
    assert_eq!(data.operational_intelligence.billing_intelligence.orders_exact, Some(false));
    let note = data.issues.iter().find(|issue| issue.code == "customers_sampled").unwrap();
    assert_eq!((note.loses_data, answer.status), (true, Status::Partial));
    assert!(answer.insights.iter().any(|text| text.contains("of about")), "{:?}", answer.insights);
}

#[test]
fn what_is_of_a_sample_stands_for_all_customers() {
    let data = data(&many(500));
    let people = &data.customer_intelligence;
    let rfm = people.rfm.as_ref().unwrap();
    assert_eq!(rfm.segments.iter().map(|segment| segment.customers).sum::<u64>(), rfm.customers);
    assert!(rfm.customers.abs_diff(people.customers.unwrap()) <= rfm.segments.len() as u64);
    let revenue: f64 = rfm.segments.iter().filter_map(|segment| segment.revenue).sum();
    near(Some(revenue), 10.0 * rfm.customers as f64, 10.0 * rfm.segments.len() as f64);
    near(Some(rfm.segments.iter().map(|segment| segment.share).sum()), 1.0, 1e-9);
    let cohorts = people.cohorts.as_ref().unwrap();
    assert!(cohorts.rows[0].size.abs_diff(people.customers.unwrap()) <= 1);
    assert!(record(&data, "rfm").n < 500, "n is what was looked at");
}

#[test]
fn a_sample_says_nothing_of_the_largest_customers() {
    let data = data(&many(500));
    let people = &data.customer_intelligence;
    assert_eq!((&people.concentration, people.diversification_score), (&None, None));
    for metric in ["concentration", "diversification"] {
        assert_eq!(record(&data, metric).status, MetricStatus::Absent);
        assert!(reason(&data, metric).contains("are a sample of"), "{}", reason(&data, metric));
    }
    let whole = self::data(&many(1 << 20));
    near(whole.customer_intelligence.concentration.map(|found| found.hhi), 2.5, 1e-9);
    assert!(whole.issues.iter().all(|issue| issue.code != "customers_sampled"));
}

#[test]
fn revenue_is_repeated_by_customer_and_not_by_segment() {
    let data = data(&many(1 << 20));
    near(data.customer_intelligence.repeat_revenue_share, 0.25, 1e-12);
    let analysis = &data.financial_intelligence.revenue_analysis;
    let part = |name: &str| analysis.revenue_quality_parts.iter().find(|part| part.name == name);
    assert_eq!(part("from_repeat_customers").map(|part| part.value), Some(0.25));
    let mean = (0.25 + 1.0 - 2.5 / 10_000.0) / 2.0;
    near(analysis.revenue_quality_score, mean, 1e-12);
}

/// Half of the customers of a segment bought once: they are no repeat customers for being beside those who did.
#[test]
fn one_time_buyers_bring_no_repeated_revenue() {
    let row = |i: usize| match i % 2 {
        0 => format!("O{i},C{i},2024-01-05,100,1,-1,B\n"),
        _ => format!("O{i},C{i},2024-01-05,60,1,1,A\nP{i},C{i},2024-01-05,20,1,1,A\nQ{i},C{i},2024-02-05,20,1,1,A\n"),
    };
    let content = "order_id,customer_id,order_date,amount,quantity,profit,category\n".to_owned();
    let answer =
        run(&(content + &(0..400).map(row).collect::<String>()), r#"{"roles":{"orders":{"category":"category"}}}"#);
    let data = data(&answer);
    near(data.customer_intelligence.repeat_revenue_share, 0.5, 1e-12);
    let parts = &data.financial_intelligence.revenue_analysis.revenue_quality_parts;
    let part = |name: &str| parts.iter().find(|part| part.name == name).unwrap();
    assert_eq!(part("from_repeat_customers").value, 0.5);
    let sound = part("outside_loss_making_members");
    assert_eq!((sound.value, sound.dimension.as_deref()), (0.5, Some("category")));
}

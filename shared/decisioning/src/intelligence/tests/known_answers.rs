//! Figures that are known beforehand: the Superstore orders, and the customers of CDNOW where installed.

use causeway_cloud::local::Store;

use super::*;
use crate::statistics::trend;
use crate::tests::installed;

const SUPERSTORE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../local-cloud/data/superstore");

fn superstore(file: &str) -> Answer {
    let objects: Objects = Arc::new(Store::open(SUPERSTORE).unwrap());
    let request = Request { data_sources: vec![file.to_owned()], ..Request::default() };
    run_with(&objects, &request, &Limits::default())
}

#[test]
fn superstore_money() {
    let data = data(&superstore("superstore.csv"));
    let money = &data.financial_intelligence;
    assert_eq!(money.revenue_analysis.total_revenue, Some(2_297_200.860_3));
    assert_eq!(money.revenue_analysis.gross_profit, Some(286_397.021_7));
    near(money.revenue_analysis.gross_margin, 12.4672, 5e-5);
    assert_eq!(money.revenue_analysis.profitability_tier.as_deref(), Some("low"));
    let years: Vec<(&str, String, Option<String>)> = money
        .growth
        .years
        .iter()
        .map(|y| (y.period.as_str(), format!("{:.2}", y.revenue), y.change.map(|c| format!("{:.2}", c * 100.0))))
        .collect();
    let expected = [
        ("2014", "484247.50", None),
        ("2015", "470532.51", Some("-2.83")),
        ("2016", "609205.60", Some("29.47")),
        ("2017", "733215.26", Some("20.36")),
    ];
    let expected = expected.map(|(year, revenue, change)| (year, revenue.to_owned(), change.map(str::to_owned)));
    assert_eq!(years, expected);
    assert!(money.growth.partial_periods.is_empty());
    near(money.growth.compound_annual_rate, (733_215.26_f64 / 484_247.50).powf(1.0 / 3.0) - 1.0, 1e-6);
    for part in &money.contribution {
        assert_eq!((part.sum_of_parts, part.reconciliation_error), (2_297_200.860_3, 0.0), "{}", part.dimension);
    }
    let mix = money.price_volume_mix.as_ref().unwrap();
    let effects = mix.volume_effect + mix.mix_effect + mix.price_effect + mix.new_products + mix.discontinued_products;
    near(Some(effects + mix.without_price), mix.change, 1e-6);
    near(Some(mix.change), 733_215.255_2 - 609_205.598_0, 0.01);
}

#[test]
fn superstore_orders_and_customers() {
    let data = data(&superstore("superstore.csv"));
    let billing = &data.operational_intelligence.billing_intelligence;
    assert_eq!((billing.orders, billing.orders_exact), (Some(5009), Some(true)));
    near(billing.order_value.as_ref().map(|v| v.mean), 2_297_200.860_3 / 5009.0, 1e-6);
    let people = &data.customer_intelligence;
    assert_eq!((people.customers, people.sampled_share), (Some(793), Some(1.0)));
    let products = data.financial_intelligence.contribution.iter().find(|part| part.role == "product").unwrap();
    assert_eq!(products.member_count, 1862);
    let rfm = people.rfm.as_ref().unwrap();
    assert_eq!((rfm.customers, rfm.segments.iter().map(|s| s.customers).sum::<u64>()), (793, 793));
    near(rfm.segments.iter().map(|s| s.revenue).sum(), 2_297_200.860_3, 1e-6);
    assert_eq!(people.concentration.as_ref().unwrap().largest[0].customer.as_deref(), Some("SM-20320"));
    let cohorts = people.cohorts.as_ref().unwrap();
    assert_eq!(cohorts.rows.iter().map(|row| row.size).sum::<u64>(), 793);
}

/// 693 of the 793 customers bought in the last of the four years too, and the days with purchases grow from 968 to
/// 1,681 a year: nothing tells of customers who left.
#[test]
fn superstore_customers_do_not_leave() {
    let data = data(&superstore("superstore.csv"));
    let value = data.customer_intelligence.lifetime_value.as_ref().unwrap();
    assert!(value.model.is_none() && value.historical_mean.is_some());
    let reason = reason(&data, "lifetime_model");
    assert!(reason.starts_with("the purchases bear no sign of customers who left"), "{reason}");
    assert_eq!(value.model_reason.as_ref(), Some(&reason));
}

/// pymannkendall 1.4.3 over the 48 months.
#[test]
fn superstore_months_rise() {
    let data = data(&superstore("superstore.csv"));
    let months = data.series.iter().find(|series| series.period == "month").unwrap();
    let revenue: Vec<f64> = months.points.iter().filter_map(|point| point.revenue).collect();
    assert_eq!(revenue.len(), 48);
    let found = trend::mann_kendall(&revenue).unwrap();
    assert_eq!(found.s, 426.0);
    near(Some(found.tau), 0.377_66, 5e-6);
    near(Some(found.z), 3.777_42, 5e-6);
    near(Some(found.p_value), 1.58e-4, 5e-7);
    near(trend::theil_sen(&revenue, 0.05).map(|slope| slope.per_step), 860.17, 5e-3);
    let by_season = trend::seasonal(&revenue, 12).unwrap();
    near(Some(by_season.tau), 0.638_89, 5e-6);
    near(Some(by_season.z), 4.412_61, 5e-6);
}

#[test]
fn superstore_is_the_same_in_csv_and_parquet() {
    let strip = |file: &str| {
        let mut data = data(&superstore(file));
        data.sources.clear();
        data
    };
    assert_eq!(strip("superstore.csv"), strip("superstore.parquet"));
}

/// The purchases of CDNOW as a CSV; the published file has columns of fixed width and days without separators.
fn cdnow() -> Option<String> {
    let text = std::fs::read_to_string(installed::file("LIFETIMES_DIR", "CDNOW_master.txt")?).unwrap();
    let rows = text.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>().join(","));
    Some(format!("customer_id,order_date,quantity,amount\n{}\n", rows.collect::<Vec<_>>().join("\n")))
}

#[test]
fn cdnow_cohorts() {
    let Some(content) = cdnow() else { return };
    let roles = r#"{"roles":{"orders":{"order_date":"order_date","amount":"amount","customer":"customer_id"}}}"#;
    let answer = run(&content, roles);
    let data = data(&answer);
    assert_eq!(data.sources[0].rows, 69_659);
    assert_eq!(data.financial_intelligence.revenue_analysis.total_revenue, Some(2_500_315.63));
    let people = &data.customer_intelligence;
    assert_eq!(people.customers, Some(23_570));
    let cohorts = people.cohorts.as_ref().unwrap();
    let found: Vec<(&str, u64, u64)> =
        cohorts.rows.iter().take(3).map(|row| (row.month.as_str(), row.size, row.active[1])).collect();
    assert_eq!(found, [("1997-01", 7846, 1157), ("1997-02", 8476, 1312), ("1997-03", 7248, 1032)]);
    assert_eq!(data.financial_intelligence.growth.partial_periods, ["1998"]);
    let model = people.lifetime_value.as_ref().unwrap().model.as_ref().unwrap();
    let holdout = model.holdout.as_ref().unwrap();
    assert!(holdout.error.unwrap().abs() < 0.15, "{holdout:?}");
    assert!(holdout.mean_absolute_error < holdout.naive_mean_absolute_error, "{holdout:?}");
}

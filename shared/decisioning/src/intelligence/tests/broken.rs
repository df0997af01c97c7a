//! Data that lack what figures need: nothing is made up, and nothing breaks.

use super::data::MetricStatus;
use super::*;

const HEADER: &str = "order_id,customer_id,order_date,amount,quantity,profit\n";

#[test]
fn one_row_is_one_row() {
    let answer = run(&format!("{HEADER}O1,C1,2024-02-03,10.50,2,1.50\n"), "{}");
    let data = data(&answer);
    assert_eq!(data.financial_intelligence.revenue_analysis.total_revenue, Some(10.5));
    assert_eq!(data.customer_intelligence.repeat_rate, Some(0.0));
    assert_eq!(data.customer_intelligence.concentration.as_ref().map(|c| c.hhi), Some(10_000.0));
    assert!(data.financial_intelligence.growth.years.is_empty());
    assert_eq!(reason(&data, "growth_by_year"), "there is no whole calendar year");
    assert_eq!(answer.status, Status::Partial);
    assert!(answer.confidence_score < 0.1, "{}", answer.confidence_score);
}

#[test]
fn a_table_without_rows_or_columns_gives_no_figure() {
    for content in [HEADER, "a,b\n1,2\n3,4\n"] {
        let answer = run(content, "{}");
        assert_eq!((answer.status, answer.confidence_score), (Status::Error, 0.0), "{content:?}");
        assert!(answer.insights.is_empty());
    }
    let none = run_with(&store(&[]), &Request::default(), &Limits::default());
    assert_eq!(none.status, Status::Error);
}

#[test]
fn empty_and_senseless_cells_are_absent() {
    let rows = "O1,C1,,,,\n,,2024-01-05,NA,n/a,\nO3,C3,9999-01-01,1e300,x,y\nO4,C4,2024-01-06,5,1,1\n";
    let request =
        r#"{"roles":{"orders":{"amount":"amount","order_date":"order_date","quantity":"quantity","profit":"profit"}}}"#;
    let data = data(&run(&format!("{HEADER}{rows}"), request));
    assert_eq!(data.financial_intelligence.revenue_analysis.total_revenue, Some(5.0));
    let column = |role: &str| data.sources[0].columns.iter().find(|c| c.role == role).unwrap().clone();
    assert_eq!((column("amount").filled, column("amount").invalid, column("amount").absent), (1, 1, 2));
    assert_eq!((column("order_date").filled, column("order_date").invalid), (2, 1));
}

#[test]
fn all_absent_amounts_are_no_zero() {
    let rows = (1..40).map(|i| format!("O{i},C{i},2024-01-05,,{i},\n")).collect::<String>();
    let request = r#"{"roles":{"orders":{"amount":"amount","profit":"profit"}}}"#;
    let data = data(&run(&format!("{HEADER}{rows}"), request));
    assert_eq!(data.financial_intelligence.revenue_analysis.total_revenue, None);
    assert_eq!(reason(&data, "total_revenue"), "no row has an amount");
    assert_eq!(data.customer_intelligence.customers, Some(39));
}

#[test]
fn negative_and_zero_amounts_are_added_and_no_growth_is_made_of_them() {
    let year = |year: i32, amount: &str| {
        (1..=12).map(|month| format!("O{year}{month},C1,{year}-{month:02}-01,{amount},1,\n")).collect::<String>()
    };
    let content = format!("{HEADER}{}{}{}", year(2020, "0"), year(2021, "-5"), year(2022, "7"));
    let data = data(&run(&content, "{}"));
    let growth = &data.financial_intelligence.growth;
    assert_eq!(growth.years.iter().map(|y| y.revenue).collect::<Vec<_>>(), [0.0, -60.0, 84.0]);
    assert!(growth.years.iter().all(|y| y.change.is_none()));
    assert_eq!(growth.compound_annual_rate, None);
    assert_eq!(data.financial_intelligence.revenue_analysis.negative_amount, Some(-60.0));
    let returns = data.operational_intelligence.return_rate.unwrap();
    assert_eq!((returns.basis.as_str(), returns.rows, returns.amount_share), ("negative", 12, Some(60.0 / 84.0)));
}

#[test]
fn one_customer_of_ten_years_with_a_gap() {
    let rows = "O1,C1,2010-01-04,5,1,1\nO2,C1,2010-12-30,5,1,1\nO3,C1,2020-01-02,5,1,1\nO4,C1,2020-12-31,5,1,1\n";
    let data = data(&run(&format!("{HEADER}{rows}"), "{}"));
    assert_eq!(data.customer_intelligence.inter_purchase_days.as_ref().map(|p| p.count), Some(3));
    assert!(data.series.iter().all(|series| series.points.len() <= 1830));
    assert!(data.series.iter().any(|series| series.period == "day" && series.is_cut));
    assert_eq!(reason(&data, "lifetime_model"), "1 customers bought again; the models take 100");
}

#[test]
fn currencies_are_not_added_up() {
    let header = "order_id,customer_id,order_date,amount,currency\n";
    let rows = (0..60)
        .map(|i| format!("O{i},C{},2024-01-{:02},10,{}\n", i % 9, 1 + i % 28, if i % 3 == 0 { "EUR" } else { "USD" }))
        .collect::<String>();
    let content = format!("{header}{rows}");
    let mixed = data(&run(&content, "{}"));
    assert_eq!(mixed.financial_intelligence.revenue_analysis.total_revenue, None);
    assert!(reason(&mixed, "total_revenue").contains("several currencies"));
    let totals: Vec<(Option<&str>, f64)> =
        mixed.financial_intelligence.by_currency.iter().map(|c| (c.currency.as_deref(), c.revenue)).collect();
    assert_eq!(totals, [(Some("USD"), 400.0), (Some("EUR"), 200.0)]);
    assert_eq!((mixed.customer_intelligence.customers, mixed.customer_intelligence.rfm.is_none()), (Some(9), true));
    assert!(mixed.series.iter().all(|series| series.points.iter().all(|point| point.revenue.is_none())));
    let euro = data(&run(&content, r#"{"currency":"EUR"}"#));
    assert_eq!(euro.financial_intelligence.revenue_analysis.total_revenue, Some(200.0));
    assert_eq!(euro.sources[0].rows_of_other_currencies, 40);
    let signs = content.replace(",10,USD", ",$10,").replace(",10,EUR", ",\u{20ac}10,");
    assert!(reason(&data(&run(&signs, "{}")), "total_revenue").contains("currency signs"));
}

#[test]
fn days_before_months_are_found_out() {
    let rows = (1..=28).map(|day| format!("O{day},C1,{day:02}/03/2024,1,1,1\n")).collect::<String>();
    let few = format!("{HEADER}{rows}");
    // The look at the first rows sees nothing but days that could be months.
    let data = data(&run(&few, r#"{"config":{"peek_rows":10},"roles":{"orders":{"amount":"amount"}}}"#));
    assert_eq!(data.financial_intelligence.growth.first_day.as_deref(), Some("2024-03-01"));
    assert_eq!(data.financial_intelligence.growth.last_day.as_deref(), Some("2024-03-28"));
}

#[test]
fn absent_columns_are_named() {
    let answer = run("order_date,amount\n2024-01-01,5.5\n2024-01-02,6.5\n", "{}");
    let data = data(&answer);
    for (metric, role) in
        [("gross_margin", "profit"), ("rfm", "customer"), ("lead_time", "ship_date"), ("order_size", "order_id")]
    {
        let record = record(&data, metric);
        assert_eq!(record.status, MetricStatus::Absent, "{metric}");
        assert!(record.reason.unwrap().contains(role), "{metric}");
    }
    assert_eq!(record(&data, "outstanding_ar").status, MetricStatus::NotApplicable);
}

#[test]
fn what_is_always_null_is_accounted_for_and_costs_no_confidence() {
    let content = format!("{HEADER}O1,C1,2024-02-03,10.50,2,1.50\n");
    let data = data(&run(&content, "{}"));
    assert_eq!(data.financial_intelligence.working_capital.industry_benchmark, None);
    assert!(data.competitive_positioning.is_empty());
    for metric in ["industry_benchmark", "performance_gap", "competitive_positioning"] {
        assert_eq!(record(&data, metric).status, MetricStatus::NotApplicable, "{metric}");
        assert!(!reason(&data, metric).is_empty(), "{metric}");
        let answer = serde_json::to_value(&data).unwrap();
        assert!(answer.pointer(&record(&data, metric).pointer).is_some(), "{metric} points nowhere");
    }
    let known = data.coverage.metrics.iter().filter(|r| r.status != MetricStatus::NotApplicable).count();
    assert_eq!(data.coverage.requested, known as u64);
}

//! Whole results, from made-up and from real findings.

use std::sync::Arc;

use causeway_cloud::Objects;
use causeway_cloud::local::Store;
use futures_executor::block_on;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::data::Data;
use super::plan::plan;
use super::*;
use crate::intelligence::Limits;

const SUPERSTORE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../local-cloud/data/superstore");

fn request(text: &str) -> Request {
    serde_json::from_str(text).unwrap()
}

fn planned(text: &str) -> Answer {
    let objects: Objects = Arc::new(Store::open(SUPERSTORE).unwrap());
    let clock = || Timestamp::UNIX_EPOCH;
    block_on(plan(&objects, &request(text), &Limits::default(), &clock, None)).unwrap()
}

fn reply(data: Value) -> Reply {
    Reply { status: Some(Status::Success), data, confidence_score: Some(1.0) }
}

fn typed(findings: &Findings) -> Data {
    serde_json::from_value(findings.data.clone()).unwrap()
}

/// Every pointer of the data leads somewhere.
fn pointers_lead_somewhere(data: &Value) {
    for list in ["evidence", "recommendation_evidence"] {
        for entry in data[list].as_array().unwrap() {
            for pointer in entry["pointers"].as_array().unwrap() {
                let pointer = pointer.as_str().unwrap();
                assert!(data.pointer(pointer).is_some_and(|value| !value.is_null()), "{pointer}");
            }
        }
    }
    for metric in data["coverage"]["metrics"].as_array().unwrap().iter().filter(|m| m["status"] == "computed") {
        let pointer = metric["pointer"].as_str().unwrap();
        assert!(data.pointer(pointer).is_some_and(|value| !value.is_null()), "{pointer}");
    }
}

fn near(value: &Value, expected: f64, tolerance: f64) {
    let value = value.as_f64().unwrap_or(f64::NAN);
    assert!((value - expected).abs() <= tolerance, "{value} instead of {expected}");
}

/// The tables are analysed on the spot; pymannkendall 1.4.3 gives the figures of the trend.
#[test]
fn superstore() {
    let answer = planned(r#"{"data_sources":["superstore.csv"]}"#);
    let data = &answer.data;
    pointers_lead_somewhere(data);
    let revenue = &data["trend_analysis"]["series"][0];
    assert_eq!(
        (&revenue["measure"], &revenue["period"], &revenue["n"]),
        (&json!("revenue"), &json!("month"), &json!(48))
    );
    assert_eq!(
        (&revenue["test"]["method"], &revenue["direction"]),
        (&json!("seasonal_mann_kendall"), &json!("rising"))
    );
    near(&revenue["test"]["tau"], 0.638_89, 5e-6);
    near(&revenue["test"]["z"], 4.412_61, 5e-6);
    near(&revenue["slope"]["per_period"], 860.172_81, 5e-6);
    near(&revenue["other_forms"][0]["z"], 3.777_42, 5e-6);
    let growth = &data["strategic_patterns"]["growth_patterns"];
    near(&growth["last_year_change"], 0.2036, 5e-5);
    assert_eq!(data["strategic_patterns"]["business_model_analysis"]["model"], "repeat");
    let forecast = &revenue["forecast"];
    assert!(forecast["mase"].as_f64().unwrap() <= forecast["baseline_mase"].as_f64().unwrap());
    assert_eq!((answer.status, answer.insights.len()), (Status::Partial, data["evidence"].as_array().unwrap().len()));
    assert!(answer.confidence_score > 0.0 && answer.confidence_score < 1.0);
    assert!(
        data["coverage"]["metrics"]
            .as_array()
            .unwrap()
            .iter()
            .all(|m| m["status"] == "computed" || m["reason"].is_string())
    );
}

#[test]
fn tables_are_read_by_the_given_roles_and_currency() {
    let row =
        |i: i32| format!("O{i},C{},2024-01-{:02},10,7,{}\n", i % 9, 1 + i % 28, ["EUR", "USD", "USD"][i as usize % 3]);
    let content =
        format!("order_id,customer_id,order_date,amount,net,currency\n{}", (0..60).map(row).collect::<String>());
    let objects = crate::tests::store(&[("orders.csv", content.as_bytes())]);
    let revenue = |text: &str| {
        let answer = block_on(plan(&objects, &request(text), &Limits::default(), &crate::tests::clock, None));
        answer.map(|answer| answer.data["strategic_patterns"]["business_model_analysis"]["total_revenue"].as_f64())
    };
    assert_eq!(revenue("{}").unwrap(), None);
    assert_eq!(revenue(r#"{"currency":"EUR"}"#).unwrap(), Some(200.0));
    assert_eq!(revenue(r#"{"currency":"USD","roles":{"orders":{"amount":"net"}}}"#).unwrap(), Some(280.0));
    let wrong = revenue(r#"{"roles":{"invoices":{"amount":"net"}}}"#).unwrap_err();
    assert!(wrong.to_string().contains("roles.invoices"), "{wrong}");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let text = r#"{"data_sources":["superstore.csv"]}"#;
    let bytes = |answer: &Answer| serde_json::to_string(answer).unwrap();
    assert_eq!(bytes(&planned(text)), bytes(&planned(text)));
}

#[test]
fn models_that_are_not_asked_for_are_left_out() {
    let answer = planned(r#"{"data_sources":["superstore.csv"],"ml_models":["anomaly_detection"]}"#);
    assert!(answer.data["trend_analysis"].is_null() && answer.data["risk_assessment"].is_null());
    let found = answer.data["anomaly_detection"]["series"].as_array().unwrap();
    assert!(found.iter().any(|series| series["method"] == "seasonal_hybrid_esd"));
    assert!(found.iter().any(|series| series["method"] == "robust_z"));
}

#[test]
fn nothing_to_go_by_is_an_error_with_reasons() {
    let findings = strategise(&Request::default(), None, None);
    assert_eq!((findings.status, findings.confidence_score), (Status::Error, 0.0));
    assert!(findings.insights.is_empty() && findings.recommendations.is_empty());
    let data = typed(&findings);
    assert!(data.coverage.metrics.iter().all(|metric| metric.reason.is_some()));
    assert_eq!(data.risk_assessment.unwrap().risks, []);
}

#[test]
fn garbage_is_absent_and_never_a_panic() {
    for garbage in [
        json!({}),
        json!({"series": 5, "coverage": "x", "financial_intelligence": []}),
        json!({"series": [{"period": "month", "season": 0, "points": [{"period": "a", "revenue": 1e308, "rows": 1}]}]}),
        json!({"series": [{"period": "month", "season": 18446744073709551615_u64, "points": [1, "x", null]}]}),
        json!({"customer_intelligence": {"concentration": {"hhi": "high", "top_1_share": true}}}),
    ] {
        let findings = strategise(&Request::default(), Some(&reply(garbage.clone())), Some(&reply(garbage.clone())));
        assert_ne!(findings.status, Status::Success, "{garbage}");
        assert!(findings.confidence_score.is_finite());
    }
}

/// Findings with a known answer for each risk.
fn troubled() -> Value {
    let points: Vec<Value> = (0..36)
        .map(|month| {
            let name = format!("{:04}-{:02}", 2020 + month / 12, month % 12 + 1);
            let noise = f64::from((month * 37) % 11);
            json!({"period": name, "revenue": 1000.0 - 20.0 * f64::from(month) + noise, "profit": 10.0 + noise,
                   "quantity": null, "rows": 10 + month % 4})
        })
        .collect();
    json!({
        "series": [{"period": "month", "season": 12, "points": points}],
        "confidence": {"completeness": 0.5},
        "financial_intelligence": {
            "revenue_analysis": {"total_revenue": 20_000.0, "gross_margin": 5.0},
            "cash_flow_intelligence": {
                "outstanding_ar": 4_000.0, "overdue_amount": 2_000.0, "overdue_share": 0.8,
                "ageing": [{"age": "not_due", "amount": 2_000.0}, {"age": "over_90", "amount": 500.0}]},
            "working_capital": {"ar_to_revenue_ratio": 0.4},
            "contribution": [{"dimension": "Region", "role": "region", "member_count": 4, "loss_making_count": 1,
                "loss_making_sum": -1_000.0, "loss_making": [{"name": "West", "profit": -1_000.0}]}],
            "discount_effect": {"loss_from": 0.3, "bands": [
                {"above": 0.0, "up_to": 0.3, "profit": -1.0}, {"above": 0.3, "up_to": 0.5, "profit": -200.0},
                {"above": 0.5, "up_to": 1.0, "profit": -300.0}]}},
        "customer_intelligence": {
            "concentration": {"hhi": 2_500.0, "top_1_share": 0.4, "top_10_share": 0.9, "customers": 50},
            "rfm": {"segments": [{"name": "at_risk", "customers": 3, "revenue": 700.0},
                                 {"name": "cannot_lose", "customers": 1, "revenue": 800.0},
                                 {"name": "champions", "customers": 9, "revenue": 9_000.0}]}},
        "operational_intelligence": {"on_time_share": 0.8},
    })
}

#[test]
fn risks_are_likelihood_times_impact() {
    let quality = reply(json!({"data_ecosystem": {"data_quality_score": 0.75}}));
    let findings = strategise(&Request::default(), Some(&quality), Some(&reply(troubled())));
    pointers_lead_somewhere(&findings.data);
    let data = typed(&findings);
    let risks = data.risk_assessment.unwrap().risks;
    let check = |id: &str, likelihood: f64, share: f64| {
        let risk = risks.iter().find(|risk| risk.id == id).unwrap();
        assert!((risk.likelihood - likelihood).abs() < 1e-9, "{id} {}", risk.likelihood);
        assert!((risk.impact_share - share).abs() < 1e-9, "{id} {}", risk.impact_share);
        assert!((risk.score - likelihood * share).abs() < 1e-9);
    };
    check("customer_concentration", 0.5, 0.4);
    check("loss_making_business", 1.0, 0.05);
    check("overdue_receivables", 0.25, 0.1);
    check("liquidity", 0.4, 0.4);
    check("data_quality", 0.25, 1.0);
    let decline = risks.iter().find(|risk| risk.id == "revenue_decline").unwrap();
    assert!(decline.likelihood > 0.99 && decline.evidence.p_adjusted.unwrap() < 0.01);
    assert!(risks.windows(2).all(|pair| pair[0].score >= pair[1].score));
}

#[test]
fn opportunities_have_the_money_at_stake() {
    let data = typed(&strategise(&Request::default(), None, Some(&reply(troubled()))));
    let amounts = |list: &[data::Opportunity]| -> Vec<(String, Option<f64>)> {
        list.iter().map(|one| (one.id.clone(), one.amount)).collect()
    };
    let quick = amounts(&data.transformation_opportunities.quick_wins);
    let expected =
        [("collect_overdue", 2_000.0), ("win_back_customers", 1_500.0), ("stop_loss_making_discounts", 500.0)];
    assert_eq!(quick, expected.map(|(id, amount)| (id.to_owned(), Some(amount))));
    let strategic = amounts(&data.transformation_opportunities.strategic_initiatives);
    assert_eq!(strategic[0], ("spread_customers".to_owned(), Some(18_000.0)));
    assert!(strategic.contains(&("turn_loss_making_members".to_owned(), Some(1_000.0))));
    assert!(strategic.contains(&("deliver_on_time".to_owned(), None)));
}

#[test]
fn adjusted_p_values_span_all_tests_of_the_run() {
    let data = typed(&strategise(&Request::default(), None, Some(&reply(troubled()))));
    assert_eq!(data.tests.len(), 6);
    for test in &data.tests {
        assert!(test.p_adjusted >= test.p_value && test.p_adjusted <= 1.0);
        assert_eq!(test.is_significant, test.p_adjusted <= 0.05);
    }
    let quantity = data.coverage.metrics.iter().find(|metric| metric.metric == "trend.quantity").unwrap();
    assert_eq!(quantity.reason.as_deref(), Some("quantity is not known for any period"));
}

/// The pointers of this agent must be those of the intelligence agent's shape.
#[test]
fn findings_have_the_shape_of_the_intelligence_agent() {
    let given = planned(r#"{"data_sources":["superstore.csv"]}"#);
    let reasons = given.data["coverage"]["metrics"].as_array().unwrap();
    for metric in reasons.iter().filter(|metric| metric["status"] == "absent") {
        let reason = metric["reason"].as_str().unwrap();
        assert!(!reason.starts_with("intelligence has nothing at"), "{metric}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn any_series_gives_finite_figures(values in proptest::collection::vec(-1e9_f64..1e9, 0..60), season in 0_u64..14) {
        let points: Vec<Value> = values.iter().enumerate()
            .map(|(place, value)| json!({"period": format!("{place:04}-01"), "revenue": value, "rows": 1}))
            .collect();
        let series = json!({"series": [{"period": "month", "season": season, "points": points}]});
        let findings = strategise(&Request::default(), None, Some(&reply(series)));
        let data = typed(&findings);
        for risk in data.risk_assessment.unwrap().risks {
            prop_assert!((0.0..=1.0).contains(&risk.score));
        }
        prop_assert!((0.0..=1.0).contains(&findings.confidence_score));
    }

    #[test]
    fn the_order_of_segments_and_contributions_does_not_matter(seed in 0_usize..6) {
        let mut turned = troubled();
        for list in ["/customer_intelligence/rfm/segments", "/financial_intelligence/cash_flow_intelligence/ageing",
                     "/financial_intelligence/discount_effect/bands"] {
            let list = turned.pointer_mut(list).unwrap().as_array_mut().unwrap();
            let length = list.len();
            list.rotate_left(seed % length);
        }
        let amounts = |data: Value| {
            let data = typed(&strategise(&Request::default(), None, Some(&reply(data))));
            serde_json::to_string(&(data.risk_assessment, data.transformation_opportunities)).unwrap()
        };
        prop_assert_eq!(amounts(turned), amounts(troubled()));
    }
}

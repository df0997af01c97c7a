//! Whole results, from made-up and from real findings.

use std::sync::Arc;

use causeway_cloud::Objects;
use causeway_cloud::local::Store;
use futures_executor::block_on;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::synthesise::synthesise;
use super::*;
use crate::intelligence::{self, Limits};
use crate::strategy::previous::Reply;
use crate::strategy::{self, strategise};

const SUPERSTORE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../local-cloud/data/superstore");

fn reply(data: Value) -> Reply {
    Reply { status: Some(Status::Success), data, confidence_score: Some(0.8) }
}

fn request(text: &str) -> Request {
    serde_json::from_str(text).unwrap()
}

fn decided(text: &str, intelligence: &Reply, strategy: &Reply) -> Findings {
    let replies = Replies { discovery: None, intelligence: Some(intelligence), strategy: Some(strategy) };
    decide(&request(text), &replies).unwrap()
}

fn typed(findings: &Findings) -> Data {
    serde_json::from_value(findings.data.clone()).unwrap()
}

fn all(data: &Data) -> Vec<Decision> {
    let framework = &data.strategic_decision_framework;
    let mut all = framework.immediate_decisions.clone();
    all.extend(framework.strategic_decisions.clone());
    all.sort_by_key(|decision| decision.rank);
    all
}

fn figures() -> Value {
    json!({
        "confidence": {"completeness": 0.9, "sample_adequacy": 1.0},
        "financial_intelligence": {
            "revenue_analysis": {"total_revenue": 20_000.0, "gross_profit": 1_000.0, "gross_margin": 5.0},
            "cash_flow_intelligence": {"outstanding_ar": 4_000.0, "overdue_share": 0.5, "collection_efficiency": 50.0},
            "working_capital": {"ar_to_revenue_ratio": 0.4},
            "growth": {"trailing_12": {"change": -0.1}},
            "discount_effect": {"loss_from": 0.3}},
        "operational_intelligence": {"on_time_share": 0.8},
        "customer_intelligence": {"concentration": {"hhi": 2_500.0}, "repeat_rate": 0.5},
    })
}

fn patterns() -> Value {
    json!({
        "confidence": {"completeness": 0.9, "sample_adequacy": 0.5},
        "strategic_patterns": {"growth_patterns": {"direction": "falling"}},
        "transformation_opportunities": {"quick_wins": [
            {"id": "stop_loss_making_discounts", "amount": 500.0}, {"id": "collect_overdue", "amount": 2_000.0}]},
        "risk_assessment": {"risks": [
            {"id": "customer_concentration", "level": "high", "text": "One is large.", "impact_amount": 8_000.0, "likelihood": 0.5},
            {"id": "loss_making_business", "level": "medium", "text": "West loses.", "impact_amount": 900.0, "likelihood": 1.0}]},
        "coverage": {"metrics": [
            {"metric": "risk.revenue_decline", "status": "not_applicable", "reason": "no such risk"},
            {"metric": "risk.liquidity", "status": "absent", "reason": "no column"}]},
    })
}

#[test]
fn scores_are_impact_times_probability_by_effort() {
    let data = typed(&decided("{}", &reply(figures()), &reply(patterns())));
    let decisions = all(&data);
    let check = |id: &str, impact: f64, probability: f64, effort: f64, quadrant: &str| {
        let found = decisions.iter().find(|decision| decision.id == id).unwrap();
        assert_eq!((found.impact, found.probability, found.effort), (Some(impact), Some(probability), effort), "{id}");
        assert!((found.score.unwrap() - impact * probability / effort).abs() < 1e-9, "{id}");
        assert_eq!(found.quadrant.as_deref(), Some(quadrant), "{id}");
    };
    check("collect_overdue", 2_000.0, 0.8, 1.0, "do_now");
    check("end_loss_making_discounts", 500.0, 0.8, 1.0, "do_now");
    check("turn_loss_making_members", 900.0, 0.8, 4.0, "do_now");
    check("spread_customers", 8_000.0, 0.5, 16.0, "do_now");
    let order: Vec<&str> = decisions.iter().map(|decision| decision.id.as_str()).collect();
    let expected = [
        "collect_overdue",
        "end_loss_making_discounts",
        "spread_customers",
        "turn_loss_making_members",
        "deliver_on_time",
    ];
    assert_eq!(order, expected);
    assert!(decisions[4].score.is_none() && decisions[4].score_reason.is_some());
    assert_eq!(decisions[0].is_on_pareto_front, Some(true));
    assert_eq!(decisions[1].is_on_pareto_front, Some(false));
    let priorities: Vec<&String> = data.decision_priorities.values().collect();
    assert_eq!((priorities.len(), priorities[0]), (5, &decisions[0].decision));
    assert!((data.resource_allocation.values().sum::<f64>() - 1.0).abs() < 1e-12);
}

#[test]
fn health_is_the_mean_of_the_axes_that_have_data() {
    let data = typed(&decided("{}", &reply(figures()), &reply(patterns())));
    let score = |name: &str| data.business_health.axes.iter().find(|axis| axis.axis == name).unwrap().score.unwrap();
    let near = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-9, "{value} {expected}");
    near(score("profitability"), 25.0 + 35.0 / 6.0);
    near(score("cash_flow"), (60.0 + 37.5 + 30.0) / 3.0);
    near(score("operations"), 50.0);
    near(score("customer_risk"), 62.5);
    near(score("growth"), 25.0);
    let mean = (25.0 + 35.0 / 6.0 + 42.5 + 50.0 + 62.5 + 25.0) / 5.0;
    near(data.business_health.business_health_numeric.unwrap(), mean);
    assert_eq!(
        (data.business_health.label.as_str(), data.executive.financial_projections.current_state.as_str()),
        ("poor", "critical")
    );

    let mut less = figures();
    less["operational_intelligence"] = Value::Null;
    let data = typed(&decided("{}", &reply(less), &reply(patterns())));
    let operations = &data.business_health.axes[2];
    assert_eq!((operations.score, operations.weight, data.business_health.axes[0].weight), (None, 0.0, 0.25));
    assert!(operations.parts.iter().all(|part| part.reason.is_some()));
}

#[test]
fn the_scenario_is_arithmetic_under_a_stated_assumption() {
    let data = typed(&decided("{}", &reply(figures()), &reply(patterns())));
    let scenario = data.executive.financial_projections.projected_improvement.unwrap();
    assert_eq!(
        (scenario.decision.as_str(), scenario.gain, scenario.gross_profit_then),
        ("turn_loss_making_members", 900.0, 1_900.0)
    );
    assert!(scenario.assumption.contains("break even"));
    let nothing = typed(&decided("{}", &reply(figures()), &reply(json!({}))));
    let projections = nothing.executive.financial_projections;
    assert!(projections.projected_improvement.is_none() && projections.projected_improvement_reason.is_some());
}

#[test]
fn rules_without_figures_have_a_reason() {
    let findings = decided("{}", &reply(figures()), &reply(patterns()));
    assert_eq!(findings.status, Status::Partial);
    let data = typed(&findings);
    let reason = |rule: &str| data.coverage.metrics.iter().find(|metric| metric.metric == rule).unwrap().reason.clone();
    assert_eq!(reason("rule.stop_the_decline").as_deref(), Some("strategy: no such risk"));
    assert_eq!(reason("rule.secure_liquidity").as_deref(), Some("strategy: no column"));
    assert_eq!(reason("rule.raise_data_quality").as_deref(), Some("there is no result of discovery"));
    assert_eq!(reason("rule.fund_growth"), None);
    let confidence = data.confidence;
    assert_eq!((confidence.completeness, confidence.sample_adequacy), (0.9, 0.5));
}

#[test]
fn queries_of_old_find_scalars_of_their_type() {
    let data = decided("{}", &reply(figures()), &reply(patterns())).data;
    let situation = &data["executive"]["situation_assessment"];
    assert!(situation["business_health"].is_string() && situation["business_health_numeric"].is_number());
    assert!(data["executive"]["financial_projections"]["current_state"].is_string());
    let number = decided(r#"{"config":{"business_health_as":"number"}}"#, &reply(figures()), &reply(patterns())).data;
    let situation = &number["executive"]["situation_assessment"];
    assert_eq!(situation["business_health"], situation["business_health_numeric"]);
}

#[test]
fn own_rules_take_part() {
    let own = r#"{"config":{"rules":[{"id":"own","action":"Look at {share}.","rationale":"It is so.","lever":"cash",
        "owner":"me","cost":"high","time":"weeks",
        "when":[{"agent":"intelligence","pointer":"/financial_intelligence/working_capital/ar_to_revenue_ratio","at_least":0.4}],
        "values":{"share":{"agent":"intelligence","pointer":"/financial_intelligence/working_capital/ar_to_revenue_ratio","format":"percent"}},
        "probability":{"confidence":"intelligence"}}]}}"#;
    let data = typed(&decided(own, &reply(figures()), &reply(patterns())));
    assert!(all(&data).iter().any(|decision| decision.decision == "Look at 40.00 %."));
}

#[test]
fn garbage_is_absent_and_never_a_panic() {
    for garbage in [
        json!({}),
        json!({"risk_assessment": {"risks": [1, "x", {"id": "liquidity"}]}, "coverage": {"metrics": 5}}),
        json!({"financial_intelligence": {"revenue_analysis": {"total_revenue": "many"}}}),
    ] {
        let findings = decided("{}", &reply(garbage.clone()), &reply(garbage));
        assert_ne!(findings.status, Status::Success);
        assert!(findings.recommendations.is_empty());
        let data = typed(&findings);
        assert_eq!(
            (data.business_health.business_health_numeric, data.business_health.label.as_str()),
            (None, "unknown")
        );
        assert_eq!(data.executive.financial_projections.current_state, "unknown");
    }
}

/// Orders through intelligence and strategy; the same input gives the same bytes.
#[test]
fn superstore() {
    let objects: Objects = Arc::new(Store::open(SUPERSTORE).unwrap());
    let clock = || Timestamp::UNIX_EPOCH;
    let sources = r#"{"data_sources":["superstore.csv"]}"#;
    let asked: intelligence::Request = serde_json::from_str(sources).unwrap();
    let made = block_on(intelligence::analyse(&objects, &asked, &Limits::default(), &clock, None)).unwrap();
    let figures: Reply = serde_json::from_value(serde_json::to_value(&made).unwrap()).unwrap();
    let found = strategise(&strategy::Request::default(), None, Some(&figures));
    let request = json!({
        "intelligence": serde_json::to_value(&made).unwrap(),
        "strategy": {"data": found.data, "status": "partial", "confidence_score": found.confidence_score},
    });
    let run = || block_on(synthesise(&objects, &serde_json::from_value(request.clone()).unwrap(), &clock)).unwrap();
    let answer = run();
    assert_eq!(serde_json::to_string(&answer).unwrap(), serde_json::to_string(&run()).unwrap());
    let data: Data = serde_json::from_value(answer.data.clone()).unwrap();
    let health = data.business_health.business_health_numeric.unwrap();
    assert!((0.0..=100.0).contains(&health));
    assert!(all(&data).iter().any(|decision| decision.id == "end_loss_making_discounts"));
    let profit = data.executive.financial_projections.projected_improvement.as_ref().unwrap().gross_profit;
    assert!((profit - 286_397.021_7).abs() < 1e-3);
    for entry in data.evidence.iter().chain(&data.recommendation_evidence) {
        for pointer in &entry.pointers {
            assert!(answer.data.pointer(pointer).is_some_and(|value| !value.is_null()), "{pointer}");
        }
        for source in &entry.sources {
            let (agent, pointer) = source.split_once('#').unwrap();
            let from = if agent == "strategy" { &found.data } else { &figures.data };
            assert!(from.pointer(pointer).is_some(), "{source}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn the_order_of_risks_and_rules_does_not_matter(turn in 0_usize..2) {
        let mut turned = patterns();
        turned["risk_assessment"]["risks"].as_array_mut().unwrap().rotate_left(turn);
        let ids = |patterns: Value| {
            let data = typed(&decided("{}", &reply(figures()), &reply(patterns)));
            all(&data).into_iter().map(|d| (d.id, d.score, d.sensitivity)).collect::<Vec<_>>()
        };
        prop_assert_eq!(ids(turned), ids(patterns()));
    }

    #[test]
    fn a_better_margin_never_lowers_health(margin in -50.0_f64..100.0, more in 0.0_f64..50.0) {
        let of = |margin: f64| {
            let mut figures = figures();
            figures["financial_intelligence"]["revenue_analysis"]["gross_margin"] = json!(margin);
            typed(&decided("{}", &reply(figures), &reply(patterns()))).business_health.business_health_numeric.unwrap()
        };
        prop_assert!(of(margin) <= of(margin + more) + 1e-9);
    }
}

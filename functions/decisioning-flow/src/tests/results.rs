//! The paths that dashboards read with SQL, and what becomes of absent figures.

use serde_json::{Value, json};

use super::fakes::{Behaviour, changed, world};
use super::run;

/// The paths that queries of dashboards read, in `agent_results` and in `executive_summary`.
const AGENT_PATHS: [&str; 3] = [
    "/discovery/data/data_ecosystem/total_entities",
    "/intelligence/data/financial_intelligence/revenue_analysis/total_revenue",
    "/intelligence/data/financial_intelligence/revenue_analysis/gross_margin",
];

#[tokio::test(start_paused = true)]
async fn the_seven_paths_are_scalar_and_typed() {
    let result = run(&world(&[]), json!({"run_id": "r1"})).await;
    let numbers = AGENT_PATHS.map(|path| result["agent_results"].pointer(path).and_then(Value::as_f64));
    assert_eq!(numbers, [Some(1.0), Some(2_297_200.860_3), Some(12.47)]);
    let summary = &result["executive_summary"];
    let situation = &summary["situation_assessment"];
    // Read twice: as the view's `business_health` and as the data set's `business_health_score`.
    assert_eq!(situation["business_health"], "fair");
    assert_eq!(situation["business_health_numeric"], 71.5);
    assert_eq!(summary["financial_projections"]["current_state"], "at_risk");
    assert_eq!(summary["financial_projections"]["current_state_detail"]["total_revenue"], 2_297_200.860_3);
}

#[tokio::test(start_paused = true)]
async fn health_is_a_number_where_queries_compare_it() {
    let result = run(&world(&[("FLOW_BUSINESS_HEALTH_AS", "number")]), json!({"run_id": "r1"})).await;
    assert_eq!(result["executive_summary"]["situation_assessment"]["business_health"], 71.5);
}

#[tokio::test(start_paused = true)]
async fn the_summary_says_what_the_agents_found() {
    let result = run(&world(&[]), json!({"run_id": "r1"})).await;
    let summary = &result["executive_summary"];
    let situation = &summary["situation_assessment"];
    assert_eq!(
        (&situation["urgency_level"], &situation["strategic_position"], &situation["immediate_risk"]),
        (&json!("high"), &json!("growing"), &json!("Margin is lost to discounts"))
    );
    let decisions = &summary["key_decisions_required"];
    assert_eq!((&decisions[0]["owner"], &decisions[1]["success_metric"]), (&json!("sales director"), &Value::Null));
    assert_eq!(
        summary["strategic_recommendations"],
        json!([
            "Cap discounts at 20 %",
            "review discounts above 20 % ",
            "Plan stock for the fourth quarter",
            "Declare Row ID as the key of superstore.csv",
            "Open dashboard.html"
        ]),
        "by priority, equal statements once"
    );
    assert_eq!(summary["financial_projections"]["projected_improvement"]["gain"], 33_412.5);
    assert_eq!(summary["coverage"], json!({}));
    let executive = &result["agent_results"]["executive"];
    assert_eq!((&executive["agent_name"], &executive["status"]), (&json!("executive"), &json!("success")));
    assert_eq!(executive["confidence_score"], 0.8, "the lowest of the agents'");
}

#[tokio::test(start_paused = true)]
async fn absent_figures_are_null_with_a_reason() {
    let world = world(&[]);
    world.agents.set("strategy", Behaviour::Missing);
    let missing = changed(
        "intelligence",
        "/data/financial_intelligence/cash_flow_intelligence",
        json!({"outstanding_ar": null, "collection_efficiency": "much"}),
    );
    world.agents.set("intelligence", Behaviour::Answers(missing));
    let result = run(&world, json!({"run_id": "r1"})).await;
    assert_eq!(result["workflow_run"]["status"], "error");
    let summary = &result["executive_summary"];
    let coverage = &summary["coverage"];
    let check = |path: &str, reason: &str| {
        let value = path.split('.').fold(summary, |value, step| &value[step]);
        assert!(value.is_null() || value == "unknown" || value == &json!([]), "{path}: {value}");
        assert!(coverage[path].as_str().unwrap_or_default().contains(reason), "{path}: {}", coverage[path]);
    };
    check("situation_assessment.business_health_numeric", "decision was not run");
    check("situation_assessment.business_health", "decision was not run");
    check("situation_assessment.strategic_position", "strategy failed: service_not_found");
    check("situation_assessment.immediate_risk", "strategy failed");
    check("situation_assessment.urgency_level", "strategy failed");
    check("key_decisions_required", "decision was not run");
    check("financial_projections.projected_improvement", "decision was not run");
    let detail = "financial_projections.current_state_detail";
    check(&format!("{detail}.outstanding_ar"), "intelligence has no value");
    check(&format!("{detail}.collection_efficiency"), "no number");
    check(&format!("{detail}.liquidity_risk"), "has no data.financial_intelligence");
    assert_eq!(summary["financial_projections"]["current_state"], "unknown", "a margin alone is no health");
    check("financial_projections.current_state", "no health score");
}

#[tokio::test(start_paused = true)]
async fn what_was_looked_for_and_not_found_is_no_gap() {
    let world = world(&[]);
    world.agents.set("strategy", Behaviour::Answers(changed("strategy", "/data/risk_assessment/risks", json!([]))));
    let nothing = json!({"projected_improvement": null, "projected_improvement_reason": "no rule gives a figure"});
    let decision = changed("decision", "/data/executive/financial_projections", nothing);
    world.agents.set("decision", Behaviour::Answers(decision));
    let result = run(&world, json!({"run_id": "r1"})).await;
    let coverage = &result["executive_summary"]["coverage"];
    assert_eq!(coverage["situation_assessment.immediate_risk"], "the register of risks is empty");
    assert_eq!(coverage["financial_projections.projected_improvement"], "no rule gives a figure");
    assert_eq!(result["executive_summary"]["financial_projections"]["current_state"], "at_risk", "by figures");
    assert_eq!(result["workflow_run"]["status"], "success");
}

#[tokio::test(start_paused = true)]
async fn a_score_out_of_range_is_no_score() {
    let world = world(&[]);
    let wrong = changed("decision", "/data/business_health/business_health_numeric", json!(8.7e9));
    world.agents.set("decision", Behaviour::Answers(wrong));
    let result = run(&world, json!({"run_id": "r1"})).await;
    let situation = &result["executive_summary"]["situation_assessment"];
    assert_eq!(
        (&situation["business_health_numeric"], &result["workflow_run"]["status"]),
        (&Value::Null, &json!("partial"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_in_which_nobody_answers_makes_nothing_up() {
    let world = world(&[]);
    world.agents.set("discovery", Behaviour::Missing);
    let result = run(&world, json!({"run_id": "r1"})).await;
    assert_eq!(result["workflow_run"]["status"], "error");
    assert_eq!(result["executive_summary"]["financial_projections"]["current_state"], "unknown");
    let executive = &result["agent_results"]["executive"];
    assert_eq!((&executive["status"], &executive["confidence_score"]), (&json!("error"), &json!(0.0)));
    assert_eq!(result["agent_results"].as_object().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_document_too_large_for_a_reply_names_its_object() {
    let world = world(&[("FLOW_MAX_REPLY_BYTES", "65536"), ("FLOW_RUNS_PREFIX", "runs")]);
    let large = changed("discovery", "/data/tables", json!([{"object": "x".repeat(70_000)}]));
    world.agents.set("discovery", Behaviour::Answers(large.clone()));
    let result = run(&world, json!({"run_id": "r1", "data_sources": ["sales"]})).await;
    assert_eq!(result["agent_results"], json!({}));
    assert_eq!(result["metadata"]["agent_results_object"], "runs/r1/result.json");
    assert_eq!(super::object(&world, "runs/r1/result.json").await["agent_results"]["discovery"], large);
}

#[tokio::test(start_paused = true)]
async fn a_figure_that_does_not_apply_is_no_gap_and_has_the_agents_reason() {
    let nothing = json!({"outstanding_ar": null, "collection_efficiency": null, "liquidity_risk": null});
    let mut none = changed("intelligence", "/data/financial_intelligence/cash_flow_intelligence", nothing);
    for (status, expected) in [("not_applicable", "success"), ("absent", "partial")] {
        let record = |group: &str, member: &str| {
            let pointer = format!("/financial_intelligence/{group}/{member}");
            json!({"metric": member, "pointer": pointer, "status": status, "reason": "no table holds invoices"})
        };
        let metrics = [
            record("cash_flow_intelligence", "outstanding_ar"),
            record("cash_flow_intelligence", "collection_efficiency"),
            record("working_capital", "ar_to_revenue_ratio"),
        ];
        none["data"]["coverage"] = json!({ "metrics": metrics });
        let world = world(&[]);
        world.agents.set("intelligence", Behaviour::Answers(none.clone()));
        let result = run(&world, json!({"run_id": "r1"})).await;
        for member in ["outstanding_ar", "collection_efficiency", "liquidity_risk"] {
            let path = format!("financial_projections.current_state_detail.{member}");
            let reason = &result["executive_summary"]["coverage"][path];
            assert_eq!(reason, "intelligence: no table holds invoices", "{member}");
        }
        assert_eq!(result["agent_results"]["executive"]["status"], expected);
    }
}

#[tokio::test(start_paused = true)]
async fn an_agent_whose_clock_is_wrong_does_not_say_when_the_run_ended() {
    for (stamp, ended) in
        [("2026-03-01T12:29:59Z", "2026-03-01T12:30:00Z"), ("2036-03-01T12:00:00Z", "2026-03-01T12:00:04.2Z")]
    {
        let world = world(&[]);
        let mut wrong = changed("discovery", "/timestamp", json!(stamp));
        wrong["execution_time"] = json!(1);
        world.agents.set("discovery", Behaviour::Answers(wrong));
        let result = run(&world, json!({"run_id": "r1"})).await;
        assert_eq!(result["workflow_run"]["end_time"], ended, "{stamp}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_in_anothers_place_is_told_and_the_document_is_named() {
    let world = world(&[]);
    use causeway_cloud::object_store::{ObjectStoreExt, path::Path};
    world.objects.put(&Path::from("results/r1.json"), "{}".into()).await.unwrap();
    for _ in 0..2 {
        let error = super::text(&world, json!({"run_id": "r1"}), &super::context()).await.unwrap_err();
        assert_eq!(error.path(), Some("causeway-state/decisioning-flow-runs/r1/result.json"));
        let told = error.log_text();
        assert!(
            told.contains("results/r1.json holds another result") && told.contains("run r1 of 2026-03-01"),
            "{told}"
        );
    }
    let kept = super::object(&world, "causeway-state/decisioning-flow-runs/r1/result.json").await;
    assert_eq!((&kept["workflow_run"]["status"], world.agents.called().len()), (&json!("success"), 5));
    world.objects.delete(&Path::from("results/r1.json")).await.unwrap();
    assert_eq!(run(&world, json!({"run_id": "r1"})).await, kept);
}

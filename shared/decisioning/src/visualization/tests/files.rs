//! The files of a real run: figures, schema, sameness.

use std::collections::BTreeSet;

use super::*;
use crate::visualization::data::Data;
use crate::visualization::render::export_schema;

#[test]
fn every_figure_of_the_page_stands_in_the_export() {
    let made = dashboard(superstore());
    let export: Value = serde_json::from_str(file(&made, "export.json")).unwrap();
    let figures = figures(file(&made, "dashboard.html"));
    assert!(figures.len() > 500, "{}", figures.len());
    for [pointer, value, unit, text] in &figures {
        let found = export.pointer(pointer).and_then(Value::as_f64).unwrap_or_else(|| panic!("no {pointer}"));
        assert_eq!(value.parse::<f64>().unwrap(), found, "{pointer}");
        assert!(!unit.is_empty() && !text.is_empty(), "{pointer}");
    }
    let shown = |pointer: &str| figures.iter().find(|f| f[0] == pointer).map(|f| f[3].as_str());
    let money = "/agent_results/intelligence/data/financial_intelligence";
    assert_eq!(shown(&format!("{money}/revenue_analysis/total_revenue")), Some("2,297,201"));
    assert_eq!(shown(&format!("{money}/revenue_analysis/gross_margin")), Some("12.5\u{a0}%"));
    assert_eq!(shown(&format!("{money}/growth/trailing_12/change")), Some("+20.4\u{a0}%"));
}

#[test]
fn ids_are_unique_and_links_lead_somewhere() {
    let made = dashboard(superstore());
    let page = file(&made, "dashboard.html");
    let all = |mark: &str| -> Vec<String> {
        page.split(mark).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let ids = all(" id=\"");
    let unique: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(ids.len(), unique.len());
    for target in all("href=\"#") {
        assert!(unique.contains(&target), "#{target} leads nowhere");
    }
    for outside in ["http://", "https://", "<script", "<iframe", "@import", " src="] {
        assert!(!page.contains(outside), "{outside} is on the page");
    }
}

#[test]
fn the_export_keeps_to_its_schema() {
    let made = dashboard(superstore());
    let schema: Value = serde_json::from_str(file(&made, "export.schema.json")).unwrap();
    assert_eq!(schema, export_schema());
    let validator = jsonschema::validator_for(&schema).unwrap();
    let export: Value = serde_json::from_str(file(&made, "export.json")).unwrap();
    let problems: Vec<String> =
        validator.iter_errors(&export).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(problems.is_empty(), "{}", problems[..problems.len().min(5)].join("\n"));
    let mut broken = export;
    broken["run"]["run_id"] = json!(5);
    assert!(!validator.is_valid(&broken));
}

#[test]
fn the_same_results_give_the_same_bytes() {
    let (first, second) = (dashboard(superstore()), dashboard(superstore()));
    assert_eq!(first.files, second.files);
    let mut unnamed = superstore().clone();
    unnamed.as_object_mut().unwrap().remove("run_id");
    let (first, second) = (dashboard(&unnamed), dashboard(&unnamed));
    assert!(first.run_id.starts_with("visualization_") && first.run_id == second.run_id);
    unnamed["inputs"]["decision"] = Value::Null;
    assert_ne!(dashboard(&unnamed).run_id, first.run_id);
}

#[test]
fn absent_results_say_so() {
    let only = json!({ "inputs": { "intelligence": superstore()["inputs"]["intelligence"] } });
    let made = dashboard(&only);
    let page = file(&made, "dashboard.html");
    for (agent, status) in &made.agents {
        assert_eq!(status.is_some(), agent == "intelligence");
    }
    assert!(page.contains("there is no result of the decision agent"));
    assert!(page.contains("there is no result of the strategy agent"));
    assert!(!made.components["business_health"].is_available && made.components["revenue_trend"].is_available);
    let health = made.alerts.rules.iter().find(|rule| rule.name == "business_health").unwrap();
    assert_eq!((health.state, health.value), (alerts::State::Unknown, None));
}

#[test]
fn the_reply_describes_what_was_written() {
    let root = tempfile::tempdir().unwrap();
    let objects: Objects = Arc::new(Store::open(root.path()).unwrap());
    let options = Options { base_url: Some("https://example.org/b".to_owned()), ..Options::default() };
    let answer = block_on(visualize(&objects, &request(superstore()), &options, &clock)).unwrap();
    let data: Data = serde_json::from_value(answer.data.clone()).unwrap();
    for artifact in &data.generated_artifacts {
        let content = std::fs::read(root.path().join(&artifact.object)).unwrap();
        assert_eq!((content.len() as u64, artifacts::sha256(&content)), (artifact.bytes, artifact.sha256.clone()));
    }
    assert_eq!(data.dashboard_url.as_deref(), Some("https://example.org/b/dashboards/superstore/dashboard.html"));
    assert_eq!(
        (data.evidence.len(), data.recommendation_evidence.len()),
        (answer.insights.len(), answer.recommendations.len())
    );
    for pointer in data.evidence.iter().chain(&data.recommendation_evidence).flatten() {
        assert!(answer.data.pointer(pointer).is_some(), "{pointer}");
    }
    for component in data.dashboard_components.values() {
        assert!(component.is_available, "{component:?}");
    }
}

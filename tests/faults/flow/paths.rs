//! The paths that queries of dashboards read, in the document of a run of the real agents.

use serde_json::Value;

use super::run::{Run, platform};

/// The view of the results' table.
const VIEW: &str = include_str!("../../../functions/decisioning-flow/sql/latest_analysis.sql");

/// Column, path and whether it is a number, of each `JSON_VALUE` of the view.
fn paths() -> Vec<(String, String, bool)> {
    let one = |rest: &str| {
        let (column, rest) = rest.split_once(',').unwrap();
        let mut quoted = rest.split('\'');
        let (path, after) = (quoted.nth(1).unwrap(), quoted.next().unwrap());
        (column.trim().to_owned(), path.to_owned(), after.trim_start().starts_with("RETURNING NUMBER"))
    };
    VIEW.split("JSON_VALUE(").skip(1).map(one).collect()
}

/// As SQL sees it: `JSON_VALUE` gives NULL for what is no scalar.
fn value<'a>(document: &'a Value, column: &str, path: &str) -> &'a Value {
    let steps = path.strip_prefix("$.").unwrap().split('.');
    steps.fold(&document[column], |value, step| &value[step])
}

#[test]
fn they_are_scalar_and_of_their_type() {
    let run = Run::new(&platform(), "paths");
    let document: Value = serde_json::from_slice(&run.call().document()).unwrap();
    let mut paths = paths();
    assert_eq!(paths.len(), 5, "{paths:?}");
    // Of data sets of dashboards, beside those of the view.
    let summary = "executive_summary".to_owned();
    paths.push((summary.clone(), "$.situation_assessment.business_health_numeric".to_owned(), true));
    paths.push((summary, "$.financial_projections.current_state_detail.total_revenue".to_owned(), true));
    for (column, path, is_number) in &paths {
        let value = value(&document, column, path);
        let is_right = if *is_number { value.is_number() } else { value.as_str().is_some_and(|text| !text.is_empty()) };
        assert!(is_right, "{column} {path}: {value}");
    }
    let revenue =
        value(&document, "agent_results", "$.intelligence.data.financial_intelligence.revenue_analysis.total_revenue");
    assert_eq!(revenue, value(&document, &paths[6].0, &paths[6].1), "one figure in both");
    let health = value(&document, &paths[5].0, &paths[5].1).as_f64().unwrap();
    assert!((0.0..=100.0).contains(&health), "{health}");
}

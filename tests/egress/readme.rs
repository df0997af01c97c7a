//! What the function's README says: its settings, and the sample of a reply.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::report::gallery;
use crate::rows::{at, days, row, with};

fn file(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("workspace root");
    std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Names of settings and their defaults; empty where there is none.
type Defaults = BTreeMap<String, String>;

/// Rows of the table whose first cell is a setting of the function.
fn table(readme: &str) -> Defaults {
    let cell = |text: &str| text.trim().trim_matches('`').to_owned();
    let rows = readme.lines().filter(|line| line.starts_with("| `EGRESS_MONITOR_"));
    let mut found = Defaults::new();
    for row in rows {
        let cells: Vec<&str> = row.split('|').collect();
        assert_eq!(cells.len(), 5, "{row}");
        assert!(!cells[3].trim().is_empty(), "no meaning: {row}");
        assert_eq!(found.insert(cell(cells[1]), cell(cells[2])), None, "twice: {row}");
    }
    found
}

fn settings() -> Defaults {
    let output = Cloud::start().command(&["config", "--json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let all: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let own = all.iter().filter(|one| text(&one["name"]).starts_with("EGRESS_MONITOR_"));
    own.map(|one| (text(&one["name"]), text(&one["default"]))).collect()
}

#[test]
fn the_table_of_settings_is_complete_and_right() {
    let settings = settings();
    assert!(settings.len() > 10, "{settings:?}");
    assert_eq!(table(&file("functions/egress-monitor/README.md")), settings);
    let descriptor: Value = serde_yaml_ng::from_str(&file("func-yaml/egress-monitor/func.yaml")).unwrap();
    for (name, default) in &settings {
        let given = descriptor["config"][name].as_str().unwrap_or_else(|| panic!("{name} is not in func.yaml"));
        assert!(default.is_empty() || given == default, "{name} is {given:?} in func.yaml and {default:?} by default");
    }
}

/// Every member of the sample has the value that a run gives it, to two decimals.
fn is_part(sample: &Value, reply: &Value, path: &str) {
    match (sample, reply) {
        (Value::Object(sample), Value::Object(reply)) => {
            for (name, value) in sample {
                let path = format!("{path}.{name}");
                is_part(value, reply.get(name).unwrap_or_else(|| panic!("there is no {path}")), &path);
            }
        }
        (Value::Array(sample), Value::Array(reply)) => {
            assert_eq!(sample.len(), reply.len(), "{path}");
            sample
                .iter()
                .zip(reply)
                .enumerate()
                .for_each(|(at, (one, other))| is_part(one, other, &format!("{path}[{at}]")));
        }
        (Value::Number(sample), Value::Number(reply)) => {
            let (sample, reply) = (sample.as_f64().unwrap(), reply.as_f64().unwrap());
            assert!((sample - reply).abs() < 0.01, "{path}: {sample} is {reply}");
        }
        _ => assert_eq!(sample, reply, "{path}"),
    }
}

/// 300 GB a day and more on Fridays, half of what the interfaces measured.
#[test]
fn the_sample_is_what_a_run_says() {
    let cloud = Cloud::start();
    let gb: Vec<f64> = (0..42).map(|day| if day % 7 == 6 { 380.0 } else { 300.0 }).collect();
    cloud.usage(&days("2026-08-01", &gb));
    let lab = json!({ "compartmentName": "lab", "region": "eu-frankfurt-1" });
    cloud.usage(&[with(row("2026-09-03".parse().unwrap(), "B88327", 40.0), &lab)]);
    cloud.stand_at(at("2026-09-12T12:20:00Z"));
    cloud.interface("ocid1.vnic.oc1.iad.a", at("2026-08-22T00:00:00Z"), &[25e9; 22 * 24]);
    let reply = cloud.run_by(at("2026-09-12T12:20:00Z"), &json!({}));
    std::fs::write(gallery().join("sample.json"), serde_json::to_string_pretty(&reply).unwrap()).unwrap();
    let readme = file("functions/egress-monitor/README.md");
    let sample = readme.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a sample");
    let sample: Value = serde_json::from_str(sample).unwrap_or_else(|error| panic!("{error}: {sample}"));
    is_part(&sample, &reply, "");
    assert_eq!(sample["published"].as_array().map(Vec::len), Some(cloud.messages().len()));
}

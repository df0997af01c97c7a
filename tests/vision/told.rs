//! What a run tells besides its results: figures in Monitoring, a bar on a terminal, and what the provider of the model has to
//! say.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tests::harness::Says;

use crate::cloud::{ASTRONAUT, COFFEE, Cloud, answer, call};

const NAMESPACE: &str = "deliveries";

/// Sums of a published metric by a dimension.
fn published(cloud: &Cloud, metric: &str, dimension: &str) -> BTreeMap<String, f64> {
    let query = format!("{metric}[1h].groupBy({dimension}).sum()");
    let found = cloud.metrics(&json!({ "namespace": NAMESPACE, "query": query }));
    let value = |series: &Value| {
        let points = series["aggregatedDatapoints"].as_array().unwrap().iter();
        let sum = points.map(|point| point["value"].as_f64().unwrap()).sum();
        (series["dimensions"][dimension].as_str().unwrap().to_owned(), sum)
    };
    found.as_array().unwrap().iter().map(value).collect()
}

fn of(pairs: &[(&str, f64)]) -> BTreeMap<String, f64> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
}

#[test]
fn calls_and_runs_are_published_as_custom_metrics() {
    let mut cloud = Cloud::start();
    cloud.set("VISION_PUBLISH_NAMESPACE", NAMESPACE);
    cloud.model_says(&[answer("severe"), answer("none")]);
    cloud.put("in/a.jpg", COFFEE);
    cloud.put("in/b.jpg", ASTRONAUT);
    cloud.put("in/c.jpg", b"no picture");
    assert_eq!(call(&cloud.vision(), &json!({ "object_name": "in/a.jpg" }))["alert"], "sent");
    assert_eq!(published(&cloud, "Pictures", "status"), of(&[("assessed", 1.0)]));
    for metric in ["ModelCalls", "Reviews", "Alerts"] {
        assert_eq!(published(&cloud, metric, "service"), of(&[("vision", 1.0)]), "{metric}");
    }
    let output = cloud.command(&["batch", "--prefix", "in"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let all = of(&[("assessed", 2.0), ("refused", 1.0), ("replayed", 1.0)]);
    assert_eq!(published(&cloud, "Pictures", "status"), all, "the run adds its own");
    assert_eq!(published(&cloud, "ModelCalls", "service"), of(&[("vision", 2.0)]));
    for metric in ["ModelFailures", "AlertsOpen"] {
        assert_eq!(published(&cloud, metric, "service"), of(&[("vision", 0.0)]), "{metric}");
    }
}

#[test]
fn metrics_that_are_not_taken_harm_nothing() {
    let mut cloud = Cloud::start();
    cloud.set("VISION_PUBLISH_NAMESPACE", "oci_mine");
    cloud.put("in/a.jpg", COFFEE);
    let vision = cloud.vision();
    assert_eq!(call(&vision, &json!({ "object_name": "in/a.jpg" }))["assessment"]["status"], "OK");
    assert!(vision.stderr().contains("custom metrics are missing"), "{}", vision.stderr());
}

/// `script` of util-linux gives the run a terminal.
#[test]
fn a_run_on_a_terminal_has_a_bar() {
    let cloud = Cloud::start();
    for number in 0..4 {
        cloud.put(&format!("in/{number}.jpg"), COFFEE);
    }
    cloud.door.wait_for(Duration::from_millis(400));
    let run = cloud.command(&["batch", "--prefix", "in", "--concurrency", "1"]);
    let line = [run.get_program()].into_iter().chain(run.get_args());
    let line: Vec<String> = line.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line.join(" "), "/dev/null"]).env_clear();
    script.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("TERM", "xterm");
    let output = script.output().expect("script of util-linux");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(["1/4", "2/4", "3/4"].iter().any(|part| said.contains(part)) && said.contains("ETA"), "{said:?}");
    assert!(said.contains("4 pictures in") && said.contains("4 assessed"), "{said:?}");
}

/// The header that Generative AI sends with each answer of a model that will be withdrawn.
#[test]
fn a_model_that_will_be_withdrawn_is_told_in_the_report() {
    let mut cloud = Cloud::start();
    let model = cloud.generative_ai(Says::text(&answer("none").to_string()));
    model.adds("model-retirement-info", "it retires in May");
    cloud.put("in/a.jpg", COFFEE);
    let vision = cloud.vision();
    let reply = call(&vision, &json!({ "object_name": "in/a.jpg" }));
    assert_eq!(reply["provider"]["notices"], json!(["it retires in May"]), "{:#}", reply["provider"]);
    assert_eq!(cloud.stored("in/a.jpg.vision.json").unwrap()["provider"]["notices"][0], "it retires in May");
    assert!(vision.stderr().contains("it retires in May"), "{}", vision.stderr());
    assert!(model.asked().iter().all(|asked| asked.path == "/20231130/actions/chat"));
}

//! The shell around the dashboard: settings, files that are written once, and requests that cannot be served.

use causeway_adapters::SystemClock;
use causeway_cloud::NoPrincipal;
use causeway_cloud::local::Store;
use causeway_cloud::state::Documents;
use causeway_decisioning::result::Status;
use causeway_runtime::{Budget, Kind, Settings, Vars};

use super::*;

fn context() -> Context {
    Context::new(Kind::Direct, "test", Budget::unlimited(std::time::Instant::now()))
}

fn config(variables: &[(&str, &str)]) -> (Config, Vars) {
    let mut vars = Vars::new(variables.iter().copied());
    (Config::read(&mut vars), vars)
}

fn agent(variables: &[(&str, &str)]) -> (VisualizationAgent, tempfile::TempDir) {
    let root = tempfile::tempdir().unwrap();
    let objects = Arc::new(Store::open(root.path()).unwrap());
    (VisualizationAgent::new(objects, Arc::new(NoPrincipal), config(variables).0), root)
}

fn request(text: &str) -> Request {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn files_are_written_once() {
    let (agent, root) = agent(&[("VISUALIZATION_BASE_URL", "https://example.org/bucket/")]);
    let inline = include_str!("../events/result_in_the_request.json");
    let states = |result: &Answer| -> Vec<String> {
        let files = result.data["generated_artifacts"].as_array().unwrap();
        files
            .iter()
            .map(|file| format!("{} {}", file["name"].as_str().unwrap(), file["state"].as_str().unwrap()))
            .collect()
    };
    let first = agent.handle(request(inline), &context()).await.unwrap();
    assert_eq!((first.agent_name.as_str(), first.status), ("visualization", Status::Partial));
    assert_eq!(first.data["dashboard_url"], "https://example.org/bucket/dashboards/inline/dashboard.html");
    assert_eq!(states(&first), ["export.schema.json written", "export.json written", "dashboard.html written"]);
    let page = std::fs::read(root.path().join("dashboards/inline/dashboard.html")).unwrap();
    let again = agent.handle(request(inline), &context()).await.unwrap();
    assert_eq!(states(&again), ["export.schema.json unchanged", "export.json unchanged", "dashboard.html unchanged"]);
    assert_eq!(std::fs::read(root.path().join("dashboards/inline/dashboard.html")).unwrap(), page);

    let other = inline.replace("0.9", "0.5");
    let error = agent.handle(request(&other), &context()).await.unwrap_err();
    assert_eq!((error.http_status(), error.code(), error.path()), (409, "dashboard_exists", Some("run_id")));
    assert_eq!(std::fs::read(root.path().join("dashboards/inline/dashboard.html")).unwrap(), page);
    let replaced = agent.handle(Request { overwrite: true, ..request(&other) }, &context()).await.unwrap();
    assert_eq!(states(&replaced)[1..], ["export.json replaced", "dashboard.html replaced"]);
}

#[tokio::test]
async fn a_flow_is_answered_alike_whether_an_earlier_try_had_written_the_files() {
    let (agent, _root) = agent(&[]);
    let of_flow = || {
        let stage = Some("presentation".to_owned());
        Request { stage, ..request(include_str!("../events/result_in_the_request.json")) }
    };
    let first = agent.handle(of_flow(), &context()).await.unwrap();
    let again = agent.handle(of_flow(), &context()).await.unwrap();
    assert_eq!(first.data, again.data);
    assert_eq!(first.data["generated_artifacts"][0]["state"], "written");
}

#[tokio::test]
async fn a_dry_run_writes_nothing() {
    let (agent, root) = agent(&[]);
    let result = agent.handle(request(include_str!("../events/dry_run.json")), &context()).await.unwrap();
    assert_eq!(result.data["generated_artifacts"].as_array().unwrap().len(), 5);
    assert!(result.data["dashboard_url"].is_null());
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn results_beside_the_data_are_read() {
    let (agent, root) = agent(&[("VISUALIZATION_PREFIX", "out/pages")]);
    std::fs::create_dir_all(root.path().join("runs/20261121")).unwrap();
    for name in ["discovery", "intelligence"] {
        let text = format!(r#"{{"agent_name":"{name}","status":"success","data":{{}}}}"#);
        std::fs::write(root.path().join(format!("runs/20261121/{name}.json")), text).unwrap();
    }
    let result = agent.handle(request(include_str!("../events/results_in_the_bucket.json")), &context()).await.unwrap();
    let agents = &result.data["coverage"]["agents"];
    assert_eq!((&agents["intelligence"], &agents["decision"]), (&json!("success"), &Value::Null));
    assert!(root.path().join("out/pages/strategic_business_health_20261121_093000/dashboard.html").is_file());
}

#[tokio::test]
async fn what_cannot_be_served_is_the_callers_mistake() {
    let (agent, _root) = agent(&[]);
    let refused = async |text: &str| {
        let error = agent.handle(request(text), &context()).await.unwrap_err();
        (error.http_status(), error.path().unwrap_or_default().to_owned())
    };
    assert_eq!(refused(include_str!("../events/climbing_path.json")).await, (400, "inputs.decision".to_owned()));
    assert_eq!(refused(r#"{"discovery":"gone.json"}"#).await, (400, "discovery".to_owned()));
    assert_eq!(refused(r#"{"discovery":{"data":[]}}"#).await, (400, "discovery".to_owned()));
    let swapped = r#"{"strategy":{"agent_name":"decision","data":{}}}"#;
    assert_eq!(refused(swapped).await, (400, "strategy".to_owned()));
    let tick: Value = serde_json::from_str(include_str!("../events/tick.json")).unwrap();
    assert_eq!(tick, json!({ "kind": "tick" }));
    let error = agent.handle(agent.request_of_tick().unwrap(), &context()).await.unwrap_err();
    assert_eq!((error.http_status(), error.path()), (400, Some("inputs")));
}

#[test]
fn settings_are_checked() {
    let options = |variables: &[(&str, &str)]| config(variables).0.options;
    assert_eq!(options(&[]), Options::default());
    assert!(options(&[]).problems().is_empty());
    for (name, value) in [
        ("VISUALIZATION_PREFIX", "../up"),
        ("VISUALIZATION_BASE_URL", "javascript:alert(1)"),
        ("VISUALIZATION_DATABASE_SCHEMA", "a; drop table b"),
    ] {
        let problems = options(&[(name, value)]).problems();
        assert!(problems.len() == 1 && name.ends_with(problems[0].split(' ').next().unwrap()), "{name}: {problems:?}");
    }
}

#[test]
fn what_a_flow_asks_for_is_worked_out_once() {
    let (mut agent, root) = agent(&[]);
    let documents = Documents::new(Arc::new(Store::open(root.path()).unwrap()), "state", Arc::new(SystemClock));
    let is_kept = |agent: &VisualizationAgent, text| agent.idempotency(&request(text), &context()).unwrap().is_some();
    let of_flow = r#"{"run_id":"r","stage":"s"}"#;
    assert!(!is_kept(&agent, of_flow), "there is no place to keep it");
    agent.answers = Some(Answers::new(documents));
    for (text, expected) in [(of_flow, true), ("{}", false), (r#"{"run_id":"r"}"#, false), (r#"{"stage":"s"}"#, false)]
    {
        assert_eq!(is_kept(&agent, text), expected, "{text}");
    }
    let asked = |agent: &VisualizationAgent| serde_json::to_string(&agent.asked(&request(of_flow))).unwrap();
    let (elsewhere, _other) = self::agent(&[]);
    assert_ne!(asked(&elsewhere), asked(&agent), "another bucket");
}

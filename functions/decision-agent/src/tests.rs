//! The shell around the decision: settings, earlier results, and requests that cannot be served.

use causeway_adapters::SystemClock;
use causeway_cloud::NoPrincipal;
use causeway_cloud::local::Store;
use causeway_cloud::state::Documents;
use causeway_decisioning::result::Status;
use causeway_runtime::{Budget, Kind, Settings, Vars};

use super::*;

mod narratives;

fn context() -> Context {
    Context::new(Kind::Direct, "test", Budget::unlimited(Instant::now()))
}

fn config(variables: &[(&str, &str)]) -> Config {
    Config::read(&mut Vars::new(variables.iter().copied()))
}

fn agent(variables: &[(&str, &str)]) -> (DecisionAgent, tempfile::TempDir) {
    let root = tempfile::tempdir().unwrap();
    let config = config(variables);
    let objects = Arc::new(Store::open(root.path()).unwrap());
    (DecisionAgent::new(objects, Arc::new(NoPrincipal), None, &config), root)
}

fn request(text: &str) -> Request {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn results_in_the_request_and_own_rules() {
    let (agent, _root) = agent(&[]);
    let result = agent.handle(request(include_str!("../events/inline.json")), &context()).await.unwrap();
    assert_eq!((result.agent_name.as_str(), result.status), ("decision", Status::Partial));
    let later = result.data["strategic_decision_framework"]["strategic_decisions"].as_array().unwrap();
    assert!(later.iter().any(|decision| decision["rationale"] == "The margin is 12.47 percent."));
    assert!(result.data["executive"]["situation_assessment"]["business_health"].is_string());
}

#[tokio::test]
async fn the_form_of_health_is_a_setting() {
    let (agent, _root) = agent(&[("DECISION_BUSINESS_HEALTH_AS", "number")]);
    let result = agent.handle(request(include_str!("../events/inline.json")), &context()).await.unwrap();
    assert!(result.data["executive"]["situation_assessment"]["business_health"].is_number());
}

#[tokio::test]
async fn results_beside_the_data_are_read() {
    let (agent, root) = agent(&[]);
    std::fs::create_dir_all(root.path().join("runs/20260310")).unwrap();
    for name in ["discovery", "intelligence", "strategy"] {
        let path = root.path().join(format!("runs/20260310/{name}.json"));
        std::fs::write(path, r#"{"status":"success","data":{"data_ecosystem":{"data_quality_score":0.5}}}"#).unwrap();
    }
    let result = agent.handle(request(include_str!("../events/previous.json")), &context()).await.unwrap();
    assert_eq!(result.data["coverage"]["inputs"]["strategy"], "success");
    let later = &result.data["strategic_decision_framework"]["strategic_decisions"];
    assert_eq!(later[0]["id"], "raise_data_quality");
}

#[tokio::test]
async fn what_cannot_be_decided_is_the_callers_mistake() {
    let (agent, _root) = agent(&[]);
    let failed = async |text: &str| {
        let error = agent.handle(request(text), &context()).await.unwrap_err();
        (error.http_status(), error.path().map(str::to_owned))
    };
    assert_eq!(failed(include_str!("../events/nothing.json")).await, (400, Some("inputs".to_owned())));
    assert_eq!(failed(include_str!("../events/previous.json")).await, (400, Some("inputs.discovery".to_owned())));
    assert_eq!(agent.request_of_tick().unwrap_err().http_status(), 422);
}

#[test]
fn what_a_flow_asks_for_is_worked_out_once() {
    let (mut agent, root) = agent(&[]);
    let documents = Documents::new(Arc::new(Store::open(root.path()).unwrap()), "state", Arc::new(SystemClock));
    let is_kept = |agent: &DecisionAgent, text| agent.idempotency(&request(text), &context()).unwrap().is_some();
    let of_flow = r#"{"run_id":"r","stage":"s"}"#;
    assert!(!is_kept(&agent, of_flow), "there is no place to keep it");
    agent.answers = Some(Answers::new(documents));
    for (text, expected) in [(of_flow, true), ("{}", false), (r#"{"run_id":"r"}"#, false), (r#"{"stage":"s"}"#, false)]
    {
        assert_eq!(is_kept(&agent, text), expected, "{text}");
    }
    let asked = |agent: &DecisionAgent| serde_json::to_string(&agent.asked(&request(of_flow))).unwrap();
    let (elsewhere, _other) = self::agent(&[]);
    assert_ne!(asked(&elsewhere), asked(&agent), "another bucket");
}

//! The shell around the strategy: settings, earlier results, and requests that cannot be served.

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

fn agent(variables: &[(&str, &str)]) -> (StrategyAgent, tempfile::TempDir) {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(root.path().join("sales")).unwrap();
    let mut orders = "order id,order date,customer,sales,profit\n".to_owned();
    for month in 0..36 {
        let (year, month) = (2020 + month / 12, month % 12 + 1);
        for day in [1, 15, 28] {
            orders
                .push_str(&format!("o{year}{month}{day},{year}-{month:02}-{day:02},c{day},{},5\n", year - 1990 + day));
        }
    }
    std::fs::write(root.path().join("sales/orders.csv"), orders).unwrap();
    let config = Config::read(&mut Vars::new(variables.iter().copied()));
    let objects = Arc::new(Store::open(root.path()).unwrap());
    (StrategyAgent::new(objects, Arc::new(NoPrincipal), config), root)
}

fn request(text: &str) -> Request {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn without_a_result_the_tables_are_analysed() {
    let (agent, _root) = agent(&[("STRATEGY_PREFIX", "sales")]);
    let result = agent.handle(request(include_str!("../events/everything.json")), &context()).await.unwrap();
    assert_eq!((result.agent_name.as_str(), result.status), ("strategy", Status::Partial));
    let revenue = &result.data["trend_analysis"]["series"][0];
    assert_eq!((&revenue["n"], &revenue["direction"]), (&json!(36), &json!("rising")));
    let some = agent.handle(request(include_str!("../events/on_the_spot.json")), &context()).await.unwrap();
    assert!(some.data["anomaly_detection"].is_null());
}

#[tokio::test]
async fn results_beside_the_data_are_read() {
    let (agent, root) = agent(&[]);
    std::fs::create_dir_all(root.path().join("runs/20260310")).unwrap();
    let discovery = r#"{"status":"success","data":{"data_ecosystem":{"data_quality_score":0.8}}}"#;
    std::fs::write(root.path().join("runs/20260310/discovery.json"), discovery).unwrap();
    std::fs::write(root.path().join("runs/20260310/intelligence.json"), r#"{"status":"partial","data":{}}"#).unwrap();
    let result = agent.handle(request(include_str!("../events/previous.json")), &context()).await.unwrap();
    assert_eq!(result.data["risk_assessment"]["risks"][0]["id"], "data_quality");
    assert_eq!(result.data["coverage"]["inputs"], json!({"discovery": "success", "intelligence": "partial"}));
}

#[tokio::test]
async fn what_cannot_be_read_is_the_callers_mistake() {
    let (agent, root) = agent(&[]);
    let failed = async |text: &str| {
        let error = agent.handle(request(text), &context()).await.unwrap_err();
        (error.http_status(), error.path().map(str::to_owned))
    };
    assert_eq!(failed(include_str!("../events/climbing_path.json")).await, (400, Some("intelligence".to_owned())));
    assert_eq!(failed(include_str!("../events/previous.json")).await, (400, Some("inputs.discovery".to_owned())));
    std::fs::write(root.path().join("x.json"), "no json").unwrap();
    assert_eq!(failed(r#"{"intelligence":"x.json"}"#).await, (400, Some("intelligence".to_owned())));
    assert_eq!(failed(r#"{"config":{"horizon":0}}"#).await, (400, Some("config.horizon".to_owned())));
}

#[test]
fn a_schedule_asks_for_everything() {
    let (agent, _root) = agent(&[]);
    let tick: Value = serde_json::from_str(include_str!("../events/tick.json")).unwrap();
    assert_eq!(tick, json!({ "kind": "tick" }));
    assert_eq!(agent.request_of_tick().unwrap(), Request::default());
}

#[test]
fn what_a_flow_asks_for_is_worked_out_once() {
    let (mut agent, root) = agent(&[]);
    let documents = Documents::new(Arc::new(Store::open(root.path()).unwrap()), "state", Arc::new(SystemClock));
    let is_kept = |agent: &StrategyAgent, text| agent.idempotency(&request(text), &context()).unwrap().is_some();
    let of_flow = r#"{"run_id":"r","stage":"s"}"#;
    assert!(!is_kept(&agent, of_flow), "there is no place to keep it");
    agent.answers = Some(Answers::new(documents));
    for (text, expected) in [(of_flow, true), ("{}", false), (r#"{"run_id":"r"}"#, false), (r#"{"stage":"s"}"#, false)]
    {
        assert_eq!(is_kept(&agent, text), expected, "{text}");
    }
    let asked = |agent: &StrategyAgent| serde_json::to_string(&agent.asked(&request(of_flow))).unwrap();
    let (elsewhere, _other) = self::agent(&[]);
    assert_ne!(asked(&elsewhere), asked(&agent), "another bucket");
    let before = asked(&agent);
    agent.default_source = Some("other".to_owned());
    assert_ne!(asked(&agent), before, "another source");
}

//! The shell around the analysis: settings, default source, events, and requests that cannot be served.

use causeway_adapters::SystemClock;
use causeway_cloud::NoPrincipal;
use causeway_cloud::local::Store;
use causeway_cloud::state::Documents;
use causeway_decisioning::discovery;
use causeway_decisioning::result::Status;
use causeway_runtime::{Budget, Kind, Settings, Vars};

use super::*;

const ORDERS: &str = "order_id,order_date,customer_id,gross,net\n\
    o1,2025-01-05,c1,12,10\no2,2025-02-11,c2,24,20\no3,2025-02-19,c1,36,30\n";

fn context() -> Context {
    Context::new(Kind::Direct, "test", Budget::unlimited(std::time::Instant::now()))
}

fn agent(variables: &[(&str, &str)]) -> (IntelligenceAgent, tempfile::TempDir) {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("sales")).unwrap();
    std::fs::write(root.path().join("sales/orders.csv"), ORDERS).unwrap();
    std::fs::write(root.path().join("other.csv"), "id,amount\n1,5\n2,6\n").unwrap();
    let config = Config::read(&mut Vars::new(variables.iter().copied()));
    let objects = Arc::new(Store::open(root.path()).unwrap());
    (IntelligenceAgent::new(objects, Arc::new(NoPrincipal), config), root)
}

fn request(text: &str) -> Request {
    serde_json::from_str(text).unwrap()
}

async fn answer(agent: &IntelligenceAgent, text: &str) -> Answer {
    agent.handle(request(text), &context()).await.unwrap()
}

fn revenue(answer: &Answer) -> Option<f64> {
    answer.data["financial_intelligence"]["revenue_analysis"]["total_revenue"].as_f64()
}

/// The objects that were read, by name.
fn objects(answer: &Answer) -> Vec<&str> {
    answer.data["sources"].as_array().unwrap().iter().filter_map(|source| source["object"].as_str()).collect()
}

#[tokio::test]
async fn sources_come_from_the_request_then_the_settings() {
    let (everything, _root) = agent(&[]);
    assert_eq!(objects(&answer(&everything, "{}").await), ["other.csv", "sales/orders.csv"]);
    assert_eq!(objects(&answer(&everything, r#"{"data_sources":["sales"]}"#).await), ["sales/orders.csv"]);
    assert_eq!(objects(&answer(&everything, r#"{"data_sources":["other.csv"]}"#).await), ["other.csv"]);
    let (other, _root) = agent(&[("INTELLIGENCE_PREFIX", "other.csv")]);
    let found = answer(&other, "{}").await;
    assert_eq!((objects(&found), found.status), (vec!["other.csv"], Status::Partial));
    assert_eq!(revenue(&found), Some(11.0));
}

#[tokio::test]
async fn columns_are_used_as_the_request_demands() {
    let (agent, _root) = agent(&[]);
    let found = answer(&agent, include_str!("../events/roles.json")).await;
    assert_eq!((found.agent_name.as_str(), revenue(&found)), ("intelligence", Some(60.0)));
    assert!(found.data["customer_intelligence"]["rfm"].is_null());
    let gross = answer(&agent, r#"{"roles":{"orders":{"amount":"gross"}}}"#).await;
    assert_eq!(revenue(&gross), Some(72.0));
}

#[tokio::test]
async fn the_request_of_a_flow_starts_from_its_catalogue() {
    let (agent, root) = agent(&[("INTELLIGENCE_PREFIX", "other.csv")]);
    let asked = discovery::Request { data_sources: vec!["sales".to_owned()], ..discovery::Request::default() };
    let limits = discovery::Limits::default();
    let survey = discovery::survey(&agent.objects, &asked, &limits, &Timestamp::now, None).await.unwrap();
    std::fs::create_dir_all(root.path().join("runs/20260310")).unwrap();
    std::fs::write(root.path().join("runs/20260310/discovery.json"), serde_json::to_vec(&survey).unwrap()).unwrap();
    let by_name = answer(&agent, include_str!("../events/flow.json")).await;
    assert_eq!(objects(&by_name), ["sales/orders.csv"]);
    let inline = json!({ "run_id": "r1", "stage": "analysis", "catalogue": { "result": survey } });
    assert_eq!(objects(&answer(&agent, &inline.to_string()).await), ["sales/orders.csv"]);
}

#[tokio::test]
async fn what_cannot_be_served_is_the_callers_mistake() {
    let (agent, _root) = agent(&[]);
    let refused = async |text: &str| {
        let error = agent.handle(request(text), &context()).await.unwrap_err();
        (error.http_status(), error.path().map(str::to_owned))
    };
    let at = |path: &str| (400, Some(path.to_owned()));
    assert_eq!(refused(include_str!("../events/climbing_path.json")).await, at("data_sources[0]"));
    assert_eq!(refused(include_str!("../events/flow.json")).await, at("catalogue.object"), "it is not there");
    assert_eq!(refused(r#"{"roles":{"orders":{"amount":"none"}}}"#).await, at("roles.orders.amount"));
}

fn event(sample: &str) -> Event {
    let mut events = Event::read(serde_json::from_str(sample).unwrap());
    assert_eq!(events.len(), 1, "{sample}");
    events.remove(0)
}

fn samples() -> [Event; 2] {
    [event(include_str!("../events/oci_object_created.json")), event(include_str!("../events/s3_object_created.json"))]
}

#[tokio::test]
async fn a_written_object_is_analysed_by_itself() {
    let (agent, _root) = agent(&[("INTELLIGENCE_PREFIX", "other.csv")]);
    for event in samples() {
        let request = agent.request_of_event(event).unwrap();
        let found = agent.handle(request, &context()).await.unwrap();
        assert_eq!(objects(&found), ["sales/orders.csv"]);
    }
}

#[test]
fn samples_of_a_schedule_and_a_batch_hold_what_we_take() {
    let (agent, _root) = agent(&[]);
    let tick: Value = serde_json::from_str(include_str!("../events/tick.json")).unwrap();
    assert_eq!(tick, json!({ "kind": "tick" }));
    assert_eq!(agent.request_of_tick().unwrap(), Request::default());
    assert_eq!(request(include_str!("../events/everything.json")), Request::default());
    let batch = include_str!("../events/sqs_batch.json");
    assert_eq!(agent.request_of_event(event(batch)).unwrap().data_sources, ["sales/orders.csv"]);
    let batch: Value = serde_json::from_str(batch).unwrap();
    assert_eq!(request(batch["Records"][1]["body"].as_str().unwrap()).data_sources, ["other.csv"]);
}

#[test]
fn events_that_leave_nothing_to_analyse_are_refused() {
    let (agent, _root) = agent(&[]);
    let refused = |event| {
        let error = agent.request_of_event(event).unwrap_err();
        (error.http_status(), error.code())
    };
    let [oci, s3] = samples();
    assert_eq!(refused(Event { object: None, ..oci }), (422, "unsupported_event"));
    let deleted = Event { event_type: "ObjectRemoved:Delete".to_owned(), ..s3 };
    assert_eq!(refused(deleted), (422, "object_deleted"));
}

#[test]
fn what_a_flow_asks_for_is_worked_out_once() {
    let (mut agent, root) = agent(&[]);
    let documents = Documents::new(Arc::new(Store::open(root.path()).unwrap()), "state", Arc::new(SystemClock));
    let is_kept = |agent: &IntelligenceAgent, text| agent.idempotency(&request(text), &context()).unwrap().is_some();
    let of_flow = r#"{"run_id":"r","stage":"s"}"#;
    assert!(!is_kept(&agent, of_flow), "there is no place to keep it");
    agent.answers = Some(Answers::new(documents));
    for (text, expected) in [(of_flow, true), ("{}", false), (r#"{"run_id":"r"}"#, false), (r#"{"stage":"s"}"#, false)]
    {
        assert_eq!(is_kept(&agent, text), expected, "{text}");
    }
    let asked = |agent: &IntelligenceAgent| serde_json::to_string(&agent.asked(&request(of_flow))).unwrap();
    let (elsewhere, _other) = self::agent(&[]);
    assert_ne!(asked(&elsewhere), asked(&agent), "another bucket");
    let before = asked(&agent);
    agent.default_source = Some("other".to_owned());
    assert_ne!(asked(&agent), before, "another source");
}

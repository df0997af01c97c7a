//! The shell around the survey: settings, default source, and requests that cannot be served.

use causeway_decisioning::result::Status;
use causeway_runtime::{Budget, Kind, Settings, Vars};

use causeway_adapters::SystemClock;
use causeway_cloud::NoPrincipal;
use causeway_cloud::local::Store;
use causeway_cloud::state::Documents;

use super::*;

fn context() -> Context {
    Context::new(Kind::Direct, "test", Budget::unlimited(std::time::Instant::now()))
}

fn agent(variables: &[(&str, &str)]) -> (DiscoveryAgent, tempfile::TempDir) {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("sales")).unwrap();
    std::fs::write(root.path().join("sales/orders.csv"), "id,amount\n1,5\n2,6\n").unwrap();
    std::fs::write(root.path().join("other.csv"), "id,amount\n1,5\n").unwrap();
    let config = Config::read(&mut Vars::new(variables.iter().copied()));
    let objects = Arc::new(Store::open(root.path()).unwrap());
    (DiscoveryAgent::new(objects, Arc::new(NoPrincipal), config), root)
}

fn request(text: &str) -> Request {
    serde_json::from_str(text).unwrap()
}

async fn tables(agent: &DiscoveryAgent, text: &str) -> u64 {
    let result = agent.handle(request(text), &context()).await.unwrap();
    assert_eq!(result.status, Status::Success);
    result.data["data_ecosystem"]["total_entities"].as_u64().unwrap()
}

#[tokio::test]
async fn sources_come_from_the_request_then_the_settings() {
    let (everything, _root) = agent(&[]);
    assert_eq!(tables(&everything, "{}").await, 2);
    assert_eq!(tables(&everything, r#"{"data_sources":["sales"]}"#).await, 1);
    let (sales, _root) = agent(&[("DISCOVERY_PREFIX", "sales")]);
    assert_eq!(tables(&sales, "{}").await, 1);
}

#[tokio::test]
async fn a_climbing_source_is_the_callers_mistake() {
    let (agent, _root) = agent(&[]);
    let event = include_str!("../events/climbing_path.json");
    let error = agent.handle(request(event), &context()).await.unwrap_err();
    assert_eq!((error.http_status(), error.path()), (400, Some("data_sources[0]")));
}

#[test]
fn sample_events_are_requests() {
    for event in [
        include_str!("../events/everything.json"),
        include_str!("../events/sources.json"),
        include_str!("../events/compare.json"),
    ] {
        request(event);
    }
}

#[tokio::test]
async fn an_earlier_result_beside_the_data_is_compared_with() {
    let (agent, root) = agent(&[]);
    let earlier = agent.handle(request(r#"{"data_sources":["sales"]}"#), &context()).await.unwrap();
    std::fs::create_dir(root.path().join("results")).unwrap();
    std::fs::write(root.path().join("results/last-month.json"), serde_json::to_vec(&earlier).unwrap()).unwrap();
    std::fs::write(root.path().join("sales/orders.csv"), "id,amount,tax\n1,5,1\n2,6,1\n3,7,1\n").unwrap();
    let result = agent.handle(request(include_str!("../events/compare.json")), &context()).await.unwrap();
    let table = &result.data["drift"]["tables"][0];
    assert_eq!(
        (&table["rows_before"], &table["rows_now"], &table["columns_added"]),
        (&json!(2), &json!(3), &json!(["tax"]))
    );
}

#[tokio::test]
async fn a_small_reply_is_asked_for_by_a_setting() {
    let (agent, root) = agent(&[("DISCOVERY_MAX_REPLY_BYTES", "65536")]);
    let names = |separator: &str| (0..200).map(|n| format!("column{n}")).collect::<Vec<_>>().join(separator);
    std::fs::write(root.path().join("wide.csv"), format!("{}\n{}\n", names(","), names(","))).unwrap();
    let result = agent.handle(request("{}"), &context()).await.unwrap();
    assert_eq!(result.status, Status::Partial);
    assert!(serde_json::to_string(&result).unwrap().len() <= 65_536);
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
async fn a_written_object_is_surveyed_by_itself() {
    let (agent, _root) = agent(&[("DISCOVERY_PREFIX", "other.csv")]);
    for event in samples() {
        let request = agent.request_of_event(event).unwrap();
        assert_eq!(request.data_sources, ["sales/orders.csv"]);
        let result = agent.handle(request, &context()).await.unwrap();
        assert_eq!(result.data["tables"][0]["object"], "sales/orders.csv");
        assert_eq!(result.data["coverage"]["objects_listed"], 1);
    }
}

#[test]
fn samples_of_a_schedule_and_a_batch_hold_what_we_take() {
    let (agent, _root) = agent(&[]);
    let tick: Value = serde_json::from_str(include_str!("../events/tick.json")).unwrap();
    assert_eq!(tick, json!({ "kind": "tick" }));
    assert_eq!(agent.request_of_tick().unwrap(), Request::default());
    let batch = include_str!("../events/sqs_batch.json");
    assert_eq!(agent.request_of_event(event(batch)).unwrap().data_sources, ["sales/orders.csv"]);
    let batch: Value = serde_json::from_str(batch).unwrap();
    assert_eq!(request(batch["Records"][1]["body"].as_str().unwrap()).data_sources, ["other.csv"]);
}

#[test]
fn events_that_leave_nothing_to_survey_are_refused() {
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
    let is_kept = |agent: &DiscoveryAgent, text| agent.idempotency(&request(text), &context()).unwrap().is_some();
    let of_flow = r#"{"run_id":"r","stage":"s"}"#;
    assert!(!is_kept(&agent, of_flow), "there is no place to keep it");
    agent.answers = Some(Answers::new(documents));
    for (text, expected) in [(of_flow, true), ("{}", false), (r#"{"run_id":"r"}"#, false), (r#"{"stage":"s"}"#, false)]
    {
        assert_eq!(is_kept(&agent, text), expected, "{text}");
    }
    let asked = |agent: &DiscoveryAgent| serde_json::to_string(&agent.asked(&request(of_flow))).unwrap();
    let (elsewhere, _other) = self::agent(&[]);
    assert_ne!(asked(&elsewhere), asked(&agent), "another bucket");
    let before = asked(&agent);
    agent.default_source = Some("other".to_owned());
    assert_ne!(asked(&agent), before, "another source");
}

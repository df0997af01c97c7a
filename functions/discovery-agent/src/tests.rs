//! The shell around the survey: settings, default source, and requests that cannot be served.

use causeway_decisioning::result::Status;
use causeway_runtime::{Budget, Kind, Settings, Trace, Vars};

use super::*;

fn context() -> Context {
    Context {
        kind: Kind::Direct,
        request_id: "test".to_owned(),
        headers: Default::default(),
        http: None,
        trace: Trace::default(),
        budget: Budget::unlimited(std::time::Instant::now()),
        cold_start: false,
    }
}

fn agent(variables: &[(&str, &str)]) -> (DiscoveryAgent, tempfile::TempDir) {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("sales")).unwrap();
    std::fs::write(root.path().join("sales/orders.csv"), "id,amount\n1,5\n2,6\n").unwrap();
    std::fs::write(root.path().join("other.csv"), "id,amount\n1,5\n").unwrap();
    let given = variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    let place = [("CAUSEWAY_LOCAL_ROOT".to_owned(), root.path().display().to_string())];
    let config = Config::read(&mut Vars::new(given.chain(place)));
    (DiscoveryAgent::connect(config).unwrap(), root)
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
    for event in [include_str!("../events/everything.json"), include_str!("../events/sources.json")] {
        request(event);
    }
}

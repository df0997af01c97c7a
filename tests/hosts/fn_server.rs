//! The decisioning flow on a server of the Fn Project: its agents are found and called by Fn's own API, and no cloud is
//! there. The document is the one that it makes with the agents behind OCI Functions.

use std::collections::HashMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use causeway_adapters::Connected;
use causeway_cloud::Ports;
use causeway_cloud::invoker::{Call, Outcome};
use causeway_oci_auth::Effects;
use causeway_oci_auth::effects::{HttpClient, SystemClock, SystemFiles, SystemRandom};
use causeway_resilience::Deadline;
use causeway_resilience::service::Kind;
use serde_json::{Value, json};
use tests::harness::{AGENTS, FLOW, LocalCloud, Spec, programs};

const SECONDS: u32 = 240;
const URL: &str = "CAUSEWAY_FN_API_URL";

/// Orders of two years, the same at every call.
fn orders() -> String {
    let mut table = "order_id,order_date,category,region,quantity,sales,profit\n".to_owned();
    for number in 0..480_u32 {
        let (year, month, day) = (2023 + number / 240, number / 20 % 12 + 1, number % 20 + 1);
        let (category, region) =
            (["Chairs", "Desks", "Lamps"][number as usize % 3], ["North", "South"][number as usize % 2]);
        let (sales, profit) = (100 + number * 37 % 900, 5 + number * 13 % 90);
        let row = format!(
            "O{number},{year}-{month:02}-{day:02},{category},{region},{},{sales}.50,{profit}.25",
            1 + number % 7
        );
        writeln!(table, "{row}").unwrap();
    }
    table
}

/// A directory with the orders in it.
fn furnished(directory: &Path, name: &str) -> String {
    let root = directory.join(name);
    fs::create_dir_all(root.join("orders")).unwrap();
    fs::write(root.join("orders/orders.csv"), orders()).unwrap();
    root.to_str().unwrap().to_owned()
}

fn request() -> Value {
    json!({ "run_id": "same-everywhere", "data_sources": ["orders"], "as_of": "2025-01-01" })
}

/// The ports of a deployment that knows nothing but the server.
fn ports(address: &str) -> Connected {
    let network = HttpClient::new(&HashMap::<String, String>::new(), &SystemFiles).unwrap();
    let variables = HashMap::from([(URL.to_owned(), format!("http://{address}"))]);
    let effects = Effects {
        environment: Arc::new(variables),
        files: Arc::new(SystemFiles),
        http: Arc::new(network.clone()),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
    };
    Connected::new(effects, network).unwrap()
}

/// Calls a function on a Fn server as another function would.
fn call(address: &str, function: &str, call: &Call) -> Result<Outcome, Kind> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let deadline = Deadline::at(Instant::now() + Duration::from_secs(SECONDS.into()));
    let invoker = ports(address).invoker().unwrap();
    runtime.block_on(invoker.invoke(function, call, deadline)).map_err(|failure| failure.kind())
}

fn waited(payload: &Value) -> Call {
    Call { payload: Bytes::from(payload.to_string()), ..Call::default() }
}

/// Members that tell of the clock, also by way of the sizes and digests of files.
const TIMES: [&str; 7] = ["timestamp", "task_id", "execution_time", "start_time", "end_time", "bytes", "sha256"];

/// A document without what the clock put into it.
fn timeless(document: &mut Value) {
    match document {
        Value::Object(members) => {
            members.retain(|name, _| !TIMES.contains(&name.as_str()));
            members.values_mut().for_each(timeless);
        }
        Value::Array(items) => items.iter_mut().for_each(timeless),
        _ => {}
    }
}

/// The document of a run in which every agent had a part.
fn finished(mut document: Value) -> Value {
    let run = &document["workflow_run"];
    assert_eq!(run["deferred"], json!([]), "{document:#}");
    for agent in AGENTS.map(|agent| agent.trim_end_matches("-agent")) {
        let status = run["agents"][agent]["status"].as_str();
        assert!(matches!(status, Some("success" | "partial")), "{agent}: {run:#}");
        assert!(document["agent_results"][agent].is_object(), "{agent}");
    }
    timeless(&mut document);
    document
}

#[test]
fn the_flow_makes_the_same_document_with_agents_on_a_fn_server_as_on_oci() {
    let directory = tempfile::tempdir().unwrap();
    let root = furnished(directory.path(), "oci");
    let oci = LocalCloud::on_directory(Path::new(&root), SECONDS, true);
    let Ok(Outcome::Answered { body, .. }) = call(&oci.address, FLOW, &waited(&request())) else { panic!("no answer") };
    let expected = finished(serde_json::from_slice(&body).unwrap());
    drop(oci);

    let root = furnished(directory.path(), "fn");
    let server = LocalCloud::on_directory(Path::new(&root), SECONDS, false);
    let url = format!("http://{}", server.address);
    let flow = Spec::new(&programs::function(FLOW)).env("CAUSEWAY_LOCAL_ROOT", &root);
    let document = flow.env(URL, &url).start().answer(&request(), SECONDS);
    assert_eq!(finished(document), expected);

    // Without the server's address nobody can be called: it was the way.
    let alone = furnished(directory.path(), "alone");
    let flow = Spec::new(&programs::function(FLOW)).env("CAUSEWAY_LOCAL_ROOT", &alone).start();
    let refused = flow.answer(&request(), SECONDS);
    let discovery = &refused["workflow_run"]["agents"]["discovery"];
    assert!(discovery["status"] == "error" && discovery.to_string().contains(URL), "{refused:#}");
}

#[test]
fn calls_of_functions_on_a_fn_server() {
    let directory = tempfile::tempdir().unwrap();
    let root = furnished(directory.path(), "fn");
    let server = LocalCloud::on_directory(Path::new(&root), SECONDS, false);
    let check = |function: &str, sent: &Call| call(&server.address, function, sent);
    let basic = waited(&json!({ "test_type": "basic" }));
    assert!(matches!(check("discovery-agent", &basic), Ok(Outcome::Answered { call_id: Some(_), .. })));
    let detached = Call { is_detached: true, ..basic.clone() };
    assert!(matches!(check("discovery-agent", &detached), Ok(Outcome::Accepted { call_id: Some(_) })));
    assert_eq!(check("no-such-function", &basic), Err(Kind::NotFound));
    // A refusal reads as one of a direct call.
    let Ok(Outcome::Answered { body, .. }) = check("discovery-agent", &waited(&json!({ "no_such_member": 1 }))) else {
        panic!("no answer")
    };
    let refused: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(refused["error"]["kind"], "client", "{refused}");
}

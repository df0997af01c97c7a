//! Every function answers its sample events as a Lambda bootstrap, and direct calls as it answers them on OCI.

use std::fs;
use std::path::{Path, PathBuf};

use causeway_oci_emulator::{Emulator as Oci, Options};
use serde_json::{Value, json};
use tests::harness::{Emulated, RESULTS_BUCKET, Request, programs};

use crate::rie::Emulator;

const BUCKET: &str = "samples";
/// Time for a call, in seconds.
const TIMEOUT: &str = "60";

/// An OCI with what the events name: tables and pictures.
fn oci(function: &'static str) -> Emulated {
    let way = |services: Oci, request| async move { services.handle(request).await };
    let mut oci = Emulated::start(Options::default(), function, BUCKET, way);
    let compartment = oci.emulator.default_compartment();
    oci.set("CAUSEWAY_COMPARTMENT", &compartment);
    oci.add_bucket(RESULTS_BUCKET);
    oci.put("superstore.csv", "text/csv", "Order ID,Order Date,Sales\nA-1,2017-01-03,16.45\nA-2,2017-02-04,11.78\n");
    oci.put("sales/orders.csv", "text/csv", "id,day,amount\n1,2026-01-01,2.50\n2,2026-01-02,3.50\n");
    let pictures = root().join("shared/local-cloud/data/pictures");
    for name in ["astronaut.jpg", "coffee.jpg"] {
        oci.put(&format!("deliveries/{name}"), "image/jpeg", fs::read(pictures.join(name)).expect("a picture"));
    }
    oci
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// Paths of a function's sample events, in name order.
fn events(function: &str) -> Vec<PathBuf> {
    let folder = fs::read_dir(root().join("functions").join(function).join("events")).expect("events");
    let mut files: Vec<_> = folder.map(|file| file.expect("a file").path()).collect();
    files.sort();
    files
}

/// What must be the same wherever a function runs: how it ended, and the members of its answer. What was done on the way
/// is not; times differ. An event that a function refuses fails on Lambda, where a call is told so in the answer.
fn outcome(answer: &Value) -> Value {
    if let Some(code) = answer.get("errorType") {
        return json!({ "code": code });
    }
    if let Some(code) = answer["error"].get("code") {
        return json!({ "code": code });
    }
    let members: Vec<_> = answer.as_object().into_iter().flatten().map(|(name, _)| name).collect();
    json!({ "members": members, "status": answer["status"] })
}

/// Answers, and refusals of events that ask for what cannot be.
fn has_not_failed(answer: &Value) -> bool {
    matches!(answer["errorType"].as_str(), None | Some("invalid_request"))
}

/// A queue's and a bucket's events come on AWS alone.
fn is_direct(event: &str) -> bool {
    let event: Value = serde_json::from_str(event).expect("JSON");
    event["Records"].is_null()
}

fn answers_as_on_oci(name: &'static str) {
    let (aws, oci) = (oci(name), oci(name));
    let mut settings: Vec<_> = aws.variables().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    settings.push(("AWS_LAMBDA_FUNCTION_TIMEOUT", TIMEOUT));
    let Some(lambda) = Emulator::start(&programs::function(name).path, &settings) else { return };
    let function = oci.process();
    for path in events(name) {
        let event = fs::read_to_string(&path).expect("an event");
        let answer = lambda.invoke(&event).json();
        assert!(has_not_failed(&answer), "{}: {answer}: {}", path.display(), lambda.log());
        if is_direct(&event) {
            let call = Request::call(event).header("Content-Type", "application/json").deadline_in(60);
            let reply = function.call(&call).json();
            assert_eq!(outcome(&answer), outcome(&reply), "{}: {answer} or {reply}", path.display());
        }
    }
    assert_eq!(lambda.log().matches("INIT START").count(), 1, "one start: {}", lambda.log());
}

macro_rules! functions {
    ($($test:ident = $name:literal,)*) => {
        $(#[test] fn $test() { answers_as_on_oci($name); })*

        #[test]
        fn no_function_is_left_out() {
            let all: Vec<_> = programs::functions().iter().map(|program| program.name).collect();
            assert_eq!(all, [$($name),*]);
        }
    };
}

functions! {
    decision_agent = "decision-agent",
    decisioning_flow = "decisioning-flow",
    discovery_agent = "discovery-agent",
    egress_monitor = "egress-monitor",
    flex_autoscaler = "flex-autoscaler",
    health_checker = "health-checker",
    intelligence_agent = "intelligence-agent",
    strategy_agent = "strategy-agent",
    vision = "vision",
    visualization_agent = "visualization-agent",
}

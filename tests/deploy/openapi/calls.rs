//! Calls that follow the document, and calls that break it, made by schemathesis against `causeway up`.

use serde_json::Value;
use tests::harness::LocalCloud;

use super::{FILE, tool};
use crate::{json, path};

/// Calls for each route, samples beside them.
const EXAMPLES: &str = "20";
const SEED: &str = "20180708";
/// What every answer must be.
const RULES: &str = "tests/deploy/openapi/schemathesis.toml";

/// The document without what gateways ask for before they ask a function: a token, and a body, which means an empty
/// request where there is none.
fn behind_the_gateway() -> Value {
    let mut document = json(FILE);
    for route in document["paths"].as_object_mut().expect("paths").values_mut() {
        let members = route["post"].as_object_mut().expect("a route");
        members.remove("security").expect("routes want tokens");
        members["requestBody"]["required"] = false.into();
    }
    document
}

/// The local cloud has the routes of the gateway as Fn's triggers: below `/t/causeway`.
#[test]
fn functions_keep_to_the_document() {
    let Some(mut schemathesis) = tool("calls that follow the document", "schemathesis") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("openapi.json");
    std::fs::write(&file, behind_the_gateway().to_string()).expect("written");
    let up = LocalCloud::start(&folder.path().join("data"), 60, &[]);
    let base = format!("http://{}/t/causeway", up.address);
    schemathesis.arg("--config-file").arg(path(RULES)).arg("run").arg(file).args(["--url", &base]);
    schemathesis.args(["--seed", SEED, "--max-examples", EXAMPLES, "--phases", "examples,fuzzing", "--mode", "all"]);
    schemathesis.args(["--workers", "2", "--request-timeout", "70", "--generation-database", "none"]);
    schemathesis.args(["--suppress-health-check", "all", "--no-color", "--continue-on-failure"]);
    let output = schemathesis.current_dir(folder.path()).output().expect("schemathesis");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}

//! `causeway seed` against a running server.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use super::support::{post, value};
use super::up::{Up, causeway, text};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/seeds/sample.json");

fn file(up: &Up, name: &str, content: &str) -> PathBuf {
    let path = up.temporary.path().join(name);
    fs::write(&path, content).unwrap();
    path
}

fn seeded(up: &Up, path: &Path) -> String {
    let output = up.run("seed", &[path.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// What refuses a file: exit status and words.
fn refused(up: &Up, path: &Path) -> (i32, String) {
    let output = up.run("seed", &[path.to_str().unwrap()]);
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    (output.status.code().unwrap(), text(&output.stderr))
}

/// The operation at a path of OCI's.
async fn ask(up: &Up, path: &str) -> Value {
    up.admin(&format!("oci{path}")).await
}

async fn summarize(up: &Up, query: &str) -> Value {
    let compartment = up.admin("about").await["compartment"].as_str().unwrap().to_owned();
    let path = format!("/_causeway/oci/20180401/metrics/actions/summarizeMetricsData?compartmentId={compartment}");
    let body = json!({ "namespace": "oci_computeagent", "query": query });
    value(&up.send(post(&path, body.to_string())).await)
}

async fn instances(up: &Up) -> Vec<(String, String, f64)> {
    let compartment = up.admin("about").await["compartment"].as_str().unwrap().to_owned();
    let listed = ask(up, &format!("/20160918/instances?compartmentId={compartment}")).await;
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    let one = |one: &Value| {
        (text(one, "displayName"), text(one, "lifecycleState"), one["shapeConfig"]["ocpus"].as_f64().unwrap())
    };
    let mut found: Vec<_> = listed.as_array().unwrap().iter().map(one).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

async fn points(up: &Up) -> f64 {
    let answer = summarize(up, "CpuUtilization[1d].count()").await;
    let points = answer[0]["aggregatedDatapoints"].as_array().unwrap_or_else(|| panic!("{answer}"));
    points.iter().map(|point| point["value"].as_f64().unwrap()).sum()
}

#[tokio::test]
async fn the_sample_loads_and_the_second_time_changes_nothing() {
    let up = Up::start(&[]);
    let first = seeded(&up, Path::new(SAMPLE));
    for part in ["buckets: 1 new", "objects: 3 new", "instances: 2 new", "metric points: 9 new", "usage rows: 1 new"] {
        assert!(first.contains(part), "{part}: {first}");
    }
    let expected = [("batch-1".to_owned(), "STOPPED".to_owned(), 1.0), ("web-1".to_owned(), "RUNNING".to_owned(), 2.0)];
    assert_eq!(instances(&up).await, expected);
    assert_eq!(points(&up).await, 5.0);
    let again = seeded(&up, Path::new(SAMPLE));
    assert!(!again.contains(" new") && !again.contains(" changed"), "{again}");
    assert_eq!(instances(&up).await, expected);
    assert_eq!(points(&up).await, 5.0);
    let namespace = up.admin("about").await["namespace"].as_str().unwrap().to_owned();
    let totals = ask(&up, &format!("/n/{namespace}/b/shop/o/reports%2Ftotals.json")).await;
    assert_eq!(totals, json!({ "orders": 3, "total": 59.85 }));
    let head = Request::head(format!("/_causeway/oci/n/{namespace}/b/shop/o/notes%2Fread%20me.txt"));
    let head = up.send(head.header("host", "localhost").body(Full::default()).unwrap()).await;
    assert_eq!(head.headers()["opc-meta-origin"], "seed");
    assert_eq!(head.headers()["content-type"], "text/plain");
}

#[tokio::test]
async fn what_was_changed_meanwhile_is_put_back() {
    let up = Up::start(&["--seed-file", SAMPLE]);
    let about = up.admin("about").await;
    let path = format!("/_causeway/oci/20160918/instances?compartmentId={}", about["compartment"].as_str().unwrap());
    let get = Request::get(path).header("host", "localhost").body(Full::default()).unwrap();
    let listed = value(&up.send(get).await);
    let web = listed.as_array().unwrap().iter().find(|one| one["displayName"] == "web-1").unwrap();
    let stop = format!("/_causeway/oci/20160918/instances/{}?action=STOP", web["id"].as_str().unwrap());
    assert!(up.send(post(&stop, "")).await.status().is_success());
    let again = seeded(&up, Path::new(SAMPLE));
    assert!(again.contains("instances: 1 changed, 1 unchanged"), "{again}");
    assert_eq!(instances(&up).await[1], ("web-1".to_owned(), "RUNNING".to_owned(), 2.0));
}

#[tokio::test]
async fn mistakes_are_told_with_their_place_and_nothing_is_loaded() {
    let up = Up::start(&[]);
    let check = |content: &Value, words: &[&str]| {
        let (status, told) = refused(&up, &file(&up, "bad.json", &content.to_string()));
        assert_eq!(status, 65, "{told}");
        for word in words {
            assert!(told.contains("bad.json") && told.contains(word), "{word}: {told}");
        }
    };
    check(&json!([]), &["$: expected an object"]);
    check(&json!({ "bucket": [] }), &["$.bucket: expected one of compartments"]);
    check(&json!({ "buckets": {} }), &["$.buckets: expected an array"]);
    let ocpus = json!({ "displayName": "a", "shape": "VM.Standard.E5.Flex", "shapeConfig": { "ocpus": "2" } });
    check(
        &json!({ "instances": [ocpus] }),
        &["$.instances[0].shapeConfig.ocpus: invalid type: string \"2\", expected f64"],
    );
    check(
        &json!({ "instances": [{ "displayName": "a" }], "topics": [{ "name": "a", "colour": 1 }] }),
        &["$.instances[0]: missing field `shape`", "$.topics[0].colour: unknown field `colour`"],
    );
    check(&json!({ "topics": [{ "name": "a" }, { "name": "a" }] }), &["$.topics[1]: expected a name that no other"]);
    let object = |object: Value| json!({ "buckets": [{ "name": "half", "objects": [object] }] });
    check(&object(json!({ "name": "a" })), &["$.buckets[0].objects[0]: expected exactly one of text"]);
    check(&object(json!({ "name": "a", "file": "missing.bin" })), &["missing.bin: No such file"]);
    let metric = |more: Value| {
        let mut all = json!({ "namespace": "n", "name": "m", "dimensions": { "a": "b" } });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "metrics": [all] })
    };
    check(&metric(json!({})), &["$.metrics[0]: expected exactly one of datapoints, values and csv"]);
    fs::write(up.temporary.path().join("t.csv"), "0,1\n1,x\n").unwrap();
    check(
        &metric(json!({ "csv": "t.csv" })),
        &["$.metrics[0]: csv: ", "t.csv:2: expected a finite number, found \"x\""],
    );
    check(
        &metric(json!({ "values": [1], "stepSeconds": 1, "endsAt": "soon" })),
        &["$.metrics[0].endsAt: \"soon\" is neither"],
    );
    check(&json!({ "usage": [{ "computedQuantity": 1 }] }), &["$.usage[0]: expected daysAgo"]);
    let (status, told) = refused(&up, &file(&up, "bad.json", "{\n\"buckets\": [}"));
    assert!(status == 65 && told.contains("bad.json: expected value at line 2 column 13"), "{told}");
    let namespace = up.admin("about").await["namespace"].as_str().unwrap().to_owned();
    let compartment = up.admin("about").await["compartment"].as_str().unwrap().to_owned();
    let buckets = ask(&up, &format!("/n/{namespace}/b?compartmentId={compartment}")).await;
    assert_eq!(buckets.as_array().map(Vec::len), Some(4), "only the first buckets: {buckets}");
}

#[tokio::test]
async fn a_refusal_halfway_says_what_is_there() {
    let up = Up::start(&[]);
    let seed = json!({
        "buckets": [{ "name": "fine" }],
        "instances": [{ "displayName": "a", "shape": "VM.NoSuchShape" }],
        "topics": [{ "name": "never" }],
    });
    let path = file(&up, "half.json", &seed.to_string());
    let (status, told) = refused(&up, &path);
    assert_eq!(status, 75, "{told}");
    assert!(
        told.contains("half.json: $.instances[0]: 4") && told.contains("loaded before that: buckets: 1 new"),
        "{told}"
    );
    let old = json!({ "metrics": [{ "namespace": "n", "name": "m", "dimensions": { "a": "b" },
        "datapoints": [{ "timestamp": "2001-01-01T00:00:00Z", "value": 1 }] }] });
    let (status, told) = refused(&up, &file(&up, "old.json", &old.to_string()));
    assert!(status == 75 && told.contains("$.metrics[0]") && told.contains("90 days"), "{told}");
}

#[tokio::test]
async fn yaml_and_long_traces_load() {
    let up = Up::start(&[]);
    let mut csv = String::new();
    for row in 0..100_000 {
        writeln!(csv, "{}", row % 100).unwrap();
    }
    file(&up, "long.csv", &csv);
    let yaml = "metrics:\n  - namespace: oci_computeagent\n    name: CpuUtilization\n    dimensions: {resourceId: x}\n    csv: long.csv\n    stepSeconds: 60\n";
    let path = file(&up, "long.yaml", yaml);
    assert!(seeded(&up, &path).contains("metric points: 100000 new"));
    assert!(seeded(&up, &path).contains("metric points: 100000 unchanged"));
    let yaml = yaml.replace("stepSeconds: 60", "stepSeconds: [60]");
    let (status, told) = refused(&up, &file(&up, "long.yaml", &yaml));
    assert!(status == 65 && told.contains("$.metrics[0].stepSeconds: invalid type: sequence"), "{told}");
}

#[tokio::test]
async fn a_new_value_is_a_new_version_of_a_secret() {
    let up = Up::start(&[]);
    let seed = |value: &str| json!({ "secrets": [{ "name": "s", "value": value }] }).to_string();
    let path = file(&up, "s.json", &seed("one"));
    assert!(seeded(&up, &path).contains("secrets: 1 new"));
    assert!(seeded(&up, &path).contains("secrets: 1 unchanged"));
    for (value, words) in [("two", "1 changed"), ("one", "1 changed"), ("one", "1 unchanged")] {
        file(&up, "s.json", &seed(value));
        assert!(seeded(&up, &path).contains(words), "{value}");
    }
}

#[test]
fn devices_and_pipes_are_no_seeds() {
    let up = Up::start(&[]);
    let pipe = up.temporary.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let metric = |csv: &str| json!({ "metrics": [{ "namespace": "n", "name": "m", "dimensions": {}, "csv": csv }] });
    let object = json!({ "buckets": [{ "name": "b", "objects": [{ "name": "o", "file": "pipe" }] }] });
    let named = [metric("/dev/zero"), metric("pipe"), object];
    let named = named.iter().enumerate().map(|(index, seed)| file(&up, &format!("{index}.json"), &seed.to_string()));
    for path in [PathBuf::from("/dev/zero"), pipe.clone()].into_iter().chain(named) {
        let (code, told) = refused(&up, &path);
        assert!(code == 65 && told.contains("expected a regular file"), "{}: {told}", path.display());
    }
}

#[test]
fn without_a_server_there_is_a_hint() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    for command in [&["seed", SAMPLE][..], &["env"]] {
        let output = causeway(command).args(["--port", &port]).output().unwrap();
        assert_eq!(output.status.code(), Some(69), "{output:?}");
        let told = text(&output.stderr);
        assert!(told.contains(&format!("nothing answers on http://127.0.0.1:{port}")), "{told}");
        assert!(told.contains(&format!("causeway up --port {port}")), "{told}");
    }
    let output = causeway(&["seed", SAMPLE, "--endpoint", "https://127.0.0.1:1/x"]).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
}

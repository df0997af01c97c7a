//! The discovery agent on the data that production sends: damaged, empty, hostile, and through the socket.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::harness::{Function, Request, Spec, programs};

const GOOD: &str = "id,amount\n1,2.50\n2,3.50\n3,1.00\n";

/// A bucket with one good table beside the given objects.
fn bucket(objects: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("good.csv"), GOOD).unwrap();
    for (name, content) in objects {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn agent(bucket: &Path) -> Function {
    let root = bucket.to_str().unwrap();
    Spec::new(&programs::function("discovery-agent")).env("CAUSEWAY_LOCAL_ROOT", root).start()
}

fn ask(agent: &Function, body: impl Into<Vec<u8>>) -> Value {
    let reply = agent.call(&Request::call(body));
    assert_eq!(reply.status, 200, "{}", agent.stderr());
    reply.json()
}

/// Surveys a bucket with these objects; the good table must be whole whatever stands beside it.
fn survey(objects: &[(&str, &[u8])]) -> Value {
    let bucket = bucket(objects);
    let mut agent = agent(bucket.path());
    let result = ask(&agent, "{}");
    assert_eq!(table(&result, "good.csv")["row_count"], 3, "{result}");
    assert_eq!(table(&result, "good.csv")["complete"], true);
    assert_eq!(agent.exited(), None);
    result
}

fn table<'a>(result: &'a Value, object: &str) -> &'a Value {
    let tables = result["data"]["tables"].as_array().unwrap();
    tables.iter().find(|table| table["object"] == object).unwrap_or_else(|| panic!("no {object}: {result}"))
}

/// Codes of the issues that an object has.
fn issues(result: &Value, object: &str) -> Vec<String> {
    let all = result["data"]["issues"].as_array().unwrap();
    let of_object = all.iter().filter(|issue| issue["object"] == object);
    of_object.map(|issue| issue["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn wrong_requests_are_located() {
    let bucket = bucket(&[]);
    let agent = agent(bucket.path());
    let check = |body: &[u8], code: &str, path: Option<&str>| {
        let error = &ask(&agent, body)["error"];
        assert_eq!((error["code"].as_str(), error["path"].as_str()), (Some(code), path), "{error}");
        assert_eq!(error["kind"], "client");
    };
    check(br#"{"nope":1}"#, "invalid_request", Some("nope"));
    check(br#"{"data_sources":"x"}"#, "invalid_request", Some("data_sources"));
    check(br#"{"config":{"max_objects":-1}}"#, "invalid_request", Some("config.max_objects"));
    check(br#"{"analysis_type":"astrology"}"#, "invalid_request", Some("analysis_type"));
    check(br#"{"as_of":"yesterday"}"#, "invalid_request", Some("as_of"));
    check(br#"{"data_sources":["fine","../outside"]}"#, "invalid_request", Some("data_sources[1]"));
    check(br#"{"data_sources":["/etc"]}"#, "invalid_request", Some("data_sources[0]"));
    check(b"{\"data_sources\":[\"\xff\"]}", "invalid_json", None);
    check(&vec![b' '; 7_000_000], "payload_too_large", None);
    assert_eq!(ask(&agent, "")["status"], "success");
}

#[test]
fn ragged_rows_are_counted_and_kept() {
    let result = survey(&[("ragged.csv", b"a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n")]);
    let table = table(&result, "ragged.csv");
    assert_eq!((&table["row_count"], &table["malformed_rows"]), (&json!(4), &json!(2)));
    assert!(!issues(&result, "ragged.csv").is_empty());
}

#[test]
fn broken_text_is_flagged() {
    let result = survey(&[("latin.csv", b"name,n\nM\xfcller,1\nMeier,2\n")]);
    assert_eq!(table(&result, "latin.csv")["row_count"], 2);
    assert!(!issues(&result, "latin.csv").is_empty(), "{result}");
}

#[test]
fn a_truncated_gzip_keeps_what_came_before_the_cut() {
    let rows: String = (0..20_000).map(|n| format!("{n},{}\n", n * 7919 % 104_729)).collect();
    let packed = gzip(format!("id,value\n{rows}").as_bytes());
    let result = survey(&[("cut.csv.gz", &packed[..packed.len() / 2])]);
    let table = table(&result, "cut.csv.gz");
    let read = table["row_count"].as_u64().unwrap();
    assert!((1..20_000).contains(&read), "{read}");
    assert_eq!((&table["complete"], &result["status"]), (&json!(false), &json!("partial")));
    assert!(!issues(&result, "cut.csv.gz").is_empty());
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

#[test]
fn a_damaged_parquet_footer_is_flagged() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let whole = std::fs::read(root.join("shared/local-cloud/data/superstore/superstore.parquet")).unwrap();
    let mut flipped = whole.clone();
    let footer = flipped.len() - 400;
    flipped[footer..footer + 200].fill(0xff);
    let mut long = whole.clone();
    let length = long.len() - 8;
    long[length..length + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let cut = &whole[..whole.len() / 2];
    let result = survey(&[("flipped.parquet", &flipped), ("long.parquet", &long), ("cut.parquet", cut)]);
    for object in ["flipped.parquet", "long.parquet", "cut.parquet"] {
        assert!(!issues(&result, object).is_empty(), "{object}: {}", result["data"]["issues"]);
    }
    assert_eq!(result["status"], "partial");
}

#[test]
fn empty_things_are_empty_not_good() {
    let result = survey(&[("zero.csv", b"")]);
    assert_eq!(issues(&result, "zero.csv").len(), 1);
    let nothing = tempfile::tempdir().unwrap();
    let result = ask(&agent(nothing.path()), "{}");
    assert_eq!(result["data"]["data_ecosystem"]["total_entities"], 0);
    assert_eq!(result["data"]["data_ecosystem"]["data_quality_score"], Value::Null);
    assert_ne!(result["status"], "success");
}

#[test]
fn a_link_out_of_the_bucket_is_named_and_not_read() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret.csv"), "password\nhunter2\n").unwrap();
    let bucket = bucket(&[]);
    std::os::unix::fs::symlink(outside.path().join("secret.csv"), bucket.path().join("link.csv")).unwrap();
    let result = ask(&agent(bucket.path()), "{}");
    assert_eq!(issues(&result, "link.csv"), ["object_refused"]);
    assert!(!result.to_string().contains("hunter2"));
}

#[test]
fn the_same_data_gives_the_same_bytes() {
    let bucket = bucket(&[("more.csv", b"k,v\na,1\nb,2\n")]);
    let (first, second) = (agent(bucket.path()), agent(bucket.path()));
    assert_eq!(ask(&first, "{}")["data"].to_string(), ask(&second, "{}")["data"].to_string());
}

#[test]
fn the_deadline_is_kept_over_a_large_tree() {
    let bucket = bucket(&[]);
    for n in 0..20_000 {
        let folder = bucket.path().join(format!("{}", n % 100));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{n}.csv")), GOOD).unwrap();
    }
    let mut agent = agent(bucket.path());
    let body = json!({"config": {"max_objects": 100_000}}).to_string();
    let reply = agent.call(&Request::call(body).deadline_in(2));
    assert!([200, 504].contains(&reply.status), "{reply:?}");
    if reply.status == 200 {
        // On a busy machine the time may be up before the first table is read.
        let result = reply.json();
        let has_tables = result["data"]["tables"].as_array().is_some_and(|tables| !tables.is_empty());
        assert_eq!(result["status"], if has_tables { "partial" } else { "error" }, "{}", result["data"]["issues"]);
    }
    agent.assert_serves(&Request::call(r#"{"data_sources":["good.csv"]}"#));
}

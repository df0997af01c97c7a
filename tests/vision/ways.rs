//! Every way that leads to the same report.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use serde_json::{Value, json};
use tests::harness::Request;

use crate::cloud::{ASTRONAUT, BUCKET, COFFEE, Cloud, answer, call};

fn assert_whole(reply: &Value) {
    assert_eq!(reply["assessment"]["status"], "OK", "{:#}", reply["assessment"]);
    assert_eq!(reply["quality_metrics"]["package_quality"], json!(0.95));
    assert_eq!(reply["metadata"]["source"], "oci");
}

fn s3_event(name: &str) -> Value {
    json!({ "Records": [{
        "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "eventTime": "2026-01-01T00:00:00Z",
        "s3": { "bucket": { "name": BUCKET }, "object": { "key": name } },
    }]})
}

fn oci_event(name: &str) -> Value {
    json!({
        "cloudEventsVersion": "0.1", "eventID": "1", "source": "ObjectStorage", "eventTime": "2026-01-01T10:00:00Z",
        "eventType": "com.oraclecloud.objectstorage.createobject",
        "data": {
            "resourceName": name,
            "additionalDetails": { "bucketName": BUCKET, "namespace": "n", "promisedTime": "2026-01-01T11:00:00Z" },
        },
    })
}

#[test]
fn socket_events_and_repetitions() {
    let cloud = Cloud::start();
    cloud.put("in/a.jpg", COFFEE);
    let vision = cloud.vision();
    let first = call(&vision, &json!({ "object_name": "in/a.jpg" }));
    assert_whole(&first);
    assert!(
        first["provider"]["name"].as_str().unwrap().contains("meta.llama-3.2-90b-vision-instruct"),
        "{}",
        first["provider"]
    );
    assert_eq!(cloud.stored("in/a.jpg.vision.json").unwrap()["damage_report"], first["damage_report"]);
    assert_eq!(call(&vision, &s3_event("in/a.jpg"))["replayed"], true);
    let timed = call(&vision, &oci_event("in/a.jpg"));
    assert_eq!((&timed["quality_metrics"]["timeliness"], cloud.door.total()), (&json!(1.0), 1));
    for own in ["in/a.jpg.vision.json", "blurred/in/a.jpg"] {
        assert_eq!(call(&vision, &oci_event(own))["ignored"], true, "{own}");
    }
    assert_eq!(call(&vision, &json!({ "test_type": "auth" }))["status"], "ok");
    assert_eq!(cloud.door.total(), 1);
}

#[test]
fn severe_damage_is_told_once_by_all_of_them() {
    let cloud = Cloud::start();
    cloud.model_says(&[answer("severe")]);
    cloud.put("a.jpg", COFFEE);
    for _ in 0..3 {
        let reply = call(&cloud.vision(), &oci_event("a.jpg"));
        assert_eq!(reply["damage_report"]["overall"]["severity"], "severe", "{:#}", reply["assessment"]);
    }
    assert_eq!((cloud.messages(), cloud.door.total()), (1, 1));
}

#[test]
fn the_command_line_and_http() {
    let cloud = Cloud::start();
    cloud.put("a.jpg", COFFEE);
    cloud.put("b.jpg", ASTRONAUT);
    let output = cloud.command(&["invoke", "-d", "{\"object_name\":\"a.jpg\"}"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_whole(&serde_json::from_slice(&output.stdout).unwrap());
    let missing = cloud.command(&["invoke", "-d", "{\"object_name\":\"c.jpg\"}"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(65));

    let mut server = cloud.command(&["serve", "--port", "0"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(server.stderr.take().unwrap());
    let mut line = String::new();
    log.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
    let body = json!({ "object_name": "b.jpg" }).to_string();
    let head = format!("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_whole(&serde_json::from_str(body).unwrap());
}

/// The native route and that of OpenAI's form, both with signatures that the emulator checks.
#[test]
fn both_routes_of_generative_ai() {
    let mut cloud = Cloud::start();
    cloud.put("a.jpg", COFFEE);
    for scheme in ["oci", "oci-openai"] {
        cloud.set("CAUSEWAY_CHAT_MODEL", &format!("{scheme}:meta.llama-3.2-90b-vision-instruct"));
        let reply = call(&cloud.vision(), &json!({ "object_name": "a.jpg" }));
        assert_whole(&reply);
        let name = reply["provider"]["name"].as_str().unwrap();
        assert_eq!(name.split('/').next(), Some(scheme), "{name}");
        assert_eq!(reply["replayed"], false, "another provider is asked anew");
    }
}

#[test]
fn a_copy_with_blurred_faces_goes_beside() {
    let cloud = Cloud::start();
    cloud.put("p/astronaut.jpg", ASTRONAUT);
    let reply = call(&cloud.vision(), &json!({ "objectName": "p/astronaut.jpg", "operation": "blur" }));
    assert_eq!((&reply["status"], &reply["blurred_object"]), (&json!("success"), &json!("blurred/p/astronaut.jpg")));
    assert_eq!(reply["faces_detected"], 1);
    assert!(cloud.is_there("blurred/p/astronaut.jpg"));
}

/// Nobody reads what it answers: it fails, so that the deployment's destination for failures hears of it.
#[test]
fn a_detached_call_that_leaves_pictures_out_fails() {
    let mut cloud = Cloud::start();
    cloud.set("VISION_MAX_OBJECTS", "1");
    cloud.put("in/a.jpg", COFFEE);
    cloud.put("in/b.jpg", ASTRONAUT);
    let vision = cloud.vision();
    let folder = json!({ "prefix": "in" });
    assert_eq!(call(&vision, &folder)["left_out"]["next_start_after"], "in/a.jpg");
    let status = |request: &Value| {
        let request = Request::call(request.to_string()).header("Content-Type", "application/json");
        vision.call(&request.header("Fn-Invoke-Type", "detached").deadline_in(300)).status
    };
    assert_eq!((status(&folder), cloud.door.total()), (502, 1));
    assert_eq!(status(&json!({ "prefix": "in", "start_after": "in/a.jpg" })), 200);
    assert!(cloud.stored("in/b.jpg.vision.json").is_some());
}

/// Fault 7: what lies beside the process is not taken for the bucket's, whatever becomes of that.
#[test]
fn a_bucket_that_is_down_is_not_replaced_by_a_file_in_reach() {
    let mut cloud = Cloud::start();
    cloud.put("in/a.jpg", ASTRONAUT);
    let files = tempfile::tempdir().unwrap();
    std::fs::create_dir(files.path().join("in")).unwrap();
    std::fs::write(files.path().join("in/a.jpg"), COFFEE).unwrap();
    let look = |cloud: &Cloud| {
        let mut command = cloud.command(&["invoke", "-d", "{\"object_name\":\"in/a.jpg\"}"]);
        let output = command.current_dir(files.path()).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    cloud.fault(&json!({ "service": "objectstorage", "status": 503 }));
    let (code, said) = look(&cloud);
    assert_eq!(code, Some(69), "{said}");
    assert!(said.contains("503") && !said.contains("\"local\""), "{said}");
    assert_eq!(cloud.door.total(), 0, "no model is asked about another picture");
    assert!(!cloud.is_there("in/a.jpg.vision.json"));
    assert_eq!(std::fs::read_dir(files.path().join("in")).unwrap().count(), 1, "nothing is written beside it");
    // The file is one that could be taken: where the directory is named, it is.
    cloud.set("LOCAL_ASSET_ROOT", files.path().to_str().unwrap());
    let (code, said) = look(&cloud);
    assert!(code == Some(0) && said.contains("\"source\":\"local\""), "{said}");
}

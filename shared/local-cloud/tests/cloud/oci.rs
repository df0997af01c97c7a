//! Functions and OCI at one address.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use bytes::Bytes;
use causeway_oci_client::functions::Invoke;
use causeway_oci_client::object_storage::{Attributes, Condition, GetObject};
use futures_util::StreamExt;
use http::{Request, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

use super::support::{Local, header, is_running, kill, post, probe, send, until, value};
use super::up::{Up, auth};

const FUNCTION: &str = "discovery-agent";

fn get(path: &str) -> Request<Full<Bytes>> {
    Request::get(path).header("host", "localhost").body(Full::default()).unwrap()
}

#[tokio::test]
async fn functions_and_services_share_a_port() {
    let up = Up::start(&[]);
    // Fn, Lambda, OCI without a signature, the admin routes, and nothing at all.
    let status = async |request| up.send(request).await.status().as_u16();
    assert_eq!(status(get("/v2/fns")).await, 200);
    assert_eq!(status(post("/invoke/discovery-agent", r#"{"test_type":"basic"}"#)).await, 200);
    let lambda = "/2015-03-31/functions/discovery-agent/invocations";
    assert_eq!(status(post(lambda, r#"{"test_type":"basic"}"#)).await, 200);
    for path in ["/n", "/20160918/instances", "/20181201/functions/x", "/20260325/functions/x", "/20180401/alarms"] {
        let refused = status(get(path)).await;
        assert!([401, 404].contains(&refused), "{path}: {refused}");
    }
    assert_eq!(value(&up.send(get("/n")).await)["code"], "NotAuthenticated");
    let about = up.admin("about").await;
    assert_eq!(about["functions"][FUNCTION].as_str().map(|id| id.starts_with("ocid1.fnfunc.oc1.iad.")), Some(true));
    assert_eq!(value(&up.send(get("/nothing")).await)["code"], "NotFound");
    assert_eq!(status(get("/invoke/discovery-agent")).await, 405);
}

#[tokio::test]
async fn signed_calls_invoke_functions_in_both_versions() {
    let up = Up::start(&[]);
    let about = up.admin("about").await;
    for version in ["20181201", "20260325"] {
        let functions = up.client(version).functions();
        let apps: Vec<_> = functions.applications(about["compartment"].as_str().unwrap(), None).collect().await;
        let [Ok(app)] = &apps[..] else { panic!("{apps:?}") };
        assert_eq!(app.display_name.as_deref(), Some("causeway"));
        let found: Vec<_> = functions.functions(&app.id, Some(FUNCTION)).collect().await;
        let [Ok(function)] = &found[..] else { panic!("{found:?}") };
        assert_eq!(function.id, about["functions"][FUNCTION].as_str().unwrap());
        assert_eq!(function.invoke_endpoint, Some(up.url()));
        let invoke = async |invoke: Invoke| functions.invoke(&function.id, &up.url(), &invoke).await.unwrap();
        let basic = Bytes::from_static(br#"{"test_type":"basic"}"#);
        let answer = invoke(Invoke { body: basic.clone(), ..Invoke::default() }).await;
        let reply: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((answer.status, &reply["status"], answer.call_id.is_some()), (200, &json!("ok"), true));
        let detached = invoke(Invoke { body: basic.clone(), is_detached: true, ..Invoke::default() }).await;
        assert_eq!((detached.status, detached.body.len(), detached.call_id.is_some()), (202, 0, true));
        let dry = invoke(Invoke { body: basic, is_dry_run: true, ..Invoke::default() }).await;
        assert_eq!((dry.status, dry.body.len(), dry.call_id), (200, 0, None));
        let event = json!({
            "cloudEventsVersion": "0.1", "eventID": "1", "source": "ObjectStorage",
            "eventType": "com.oraclecloud.objectstorage.createobject", "eventTime": "2026-01-01T00:00:00Z",
            "contentType": "application/json",
            "data": { "resourceName": "superstore/superstore.csv", "additionalDetails": { "bucketName": "causeway" } },
        });
        let event = Bytes::from(event.to_string());
        let answer = invoke(Invoke { body: event, is_cloud_event: true, ..Invoke::default() }).await;
        let reply: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(reply["data"]["tables"][0]["row_count"], 9994, "{reply}");
        let sales = Bytes::from(json!({ "data_sources": ["superstore"] }).to_string());
        let answer = invoke(Invoke { body: sales, ..Invoke::default() }).await;
        let reply: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(reply["data"]["tables"][0]["row_count"], 9994, "{reply}");
    }
}

#[tokio::test]
async fn detached_calls_end_in_the_log() {
    let up = Up::start(&[]);
    let functions = up.client("20181201").functions();
    let id = up.admin("about").await["functions"][FUNCTION].as_str().unwrap().to_owned();
    let body = Bytes::from_static(br#"{"test_type":"basic"}"#);
    let invoke = Invoke { body, is_detached: true, ..Invoke::default() };
    let call_id = functions.invoke(&id, &up.url(), &invoke).await.unwrap().call_id.unwrap();
    let started = std::time::Instant::now();
    loop {
        let log = super::up::text(up.send(get("/logs/discovery-agent")).await.body());
        let done = log.lines().any(|line| line.contains("fn.detached.done") && line.contains(&call_id));
        if done {
            return;
        }
        assert!(started.elapsed() < super::support::PATIENCE, "{log}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// On both hosts, before and after a rotation; the old token and key are gone by then.
#[tokio::test]
async fn functions_are_principals() {
    let up = Up::start(&["--rotate-principals", "1"]);
    let directory = up.principals().remove(0);
    let token = || fs::read_to_string(directory.join(FUNCTION).join("rpst")).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    assert_eq!(mode(&directory.join(FUNCTION).join("private.pem")), 0o600);
    for round in 0..2 {
        for path in ["/invoke/discovery-agent", "/2015-03-31/functions/discovery-agent/invocations"] {
            let reply = value(&up.send(post(path, auth())).await);
            let detail = &reply["detail"];
            assert_eq!(
                (&reply["status"], &detail["principal"]),
                (&json!("ok"), &json!("resource_principal_2.2")),
                "{round} {path}: {reply}"
            );
        }
        let before = token();
        until("a rotation", || token() != before).await;
    }
}

#[tokio::test]
async fn credentials_of_the_user_stay() {
    let own = [("CAUSEWAY_OCI_AUTH", "none"), ("CAUSEWAY_BUCKET", "mine")];
    let up = Up::start_with(&["--root", "/tmp"], &own);
    let reply = value(&up.send(post("/invoke/discovery-agent", auth())).await);
    assert_eq!(reply["status"], "not_used", "{reply}");
}

#[tokio::test]
async fn without_oci_there_is_none() {
    let up = Up::start(&["--no-oci", "--root", "/tmp"]);
    assert_eq!(up.send(get("/_causeway/about")).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(up.send(get("/n")).await.status(), StatusCode::NOT_FOUND);
    assert!(up.principals().is_empty());
    let output = up.run("env", &["--dir", "profile"]);
    assert_eq!(output.status.code(), Some(69));
    assert!(super::up::text(&output.stderr).contains("--no-oci"));
}

#[tokio::test]
async fn objects_outlive_a_kill() {
    let data = tempfile::tempdir().unwrap();
    let arguments = ["--data", data.path().to_str().unwrap()];
    let mut up = Up::start(&arguments);
    assert!(up.send(post("/invoke/discovery-agent", r#"{"test_type":"basic"}"#)).await.status().is_success());
    let storage = up.client("20181201").object_storage();
    let content = Bytes::from(vec![7; 300_000]);
    let (attributes, condition) = (Attributes::default(), Condition::default());
    storage.put("causeway", "kept.bin", [content.clone()], &attributes, &condition).await.unwrap();
    kill("-KILL", up.child.id().into());
    up.child.wait().unwrap();
    until("the keys' end", || up.principals().is_empty()).await;
    let up = Up::start(&arguments);
    let storage = up.client("20181201").object_storage();
    let kept = storage.get("causeway", "kept.bin", &GetObject::default()).await.unwrap();
    assert_eq!(kept.bytes(1 << 20).await.unwrap(), content);
}

#[tokio::test]
async fn only_this_machine_administers() {
    let up = Up::start(&["--host", "0.0.0.0"]);
    let about = |host: &str| Request::get("/_causeway/about").header("host", host).body(Full::default()).unwrap();
    assert_eq!(up.send(about("localhost")).await.status(), 200);
    assert_eq!(up.send(about("rebound.example")).await.status(), 403);
    let log = |host: &str| Request::get("/logs/discovery-agent").header("host", host).body(Full::default()).unwrap();
    assert_eq!(up.send(log("localhost")).await.status(), 200);
    assert_eq!(up.send(log("rebound.example")).await.status(), 403);
    let forwarded = Request::get("/opc/v2/instance").header("host", "localhost").header("x-forwarded-for", "192.0.2.1");
    assert_eq!(up.send(forwarded.body(Full::default()).unwrap()).await.status(), 403);
    // The functions are open, whatever the name.
    let invoke = Request::post("/invoke/discovery-agent").header("host", "some.host").body(Full::from("{}")).unwrap();
    assert_ne!(up.send(invoke).await.status(), 403);
}

#[test]
fn addresses_that_functions_cannot_reach_are_refused() {
    let output = super::up::causeway(&["up", "--port", "0", "--host", "127.0.0.2"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(super::up::text(&output.stderr).contains("0.0.0.0 or :: for every network"), "{output:?}");
}

/// Killed before any function ran: no process of its own is left that could tidy up.
#[test]
fn the_next_server_removes_what_a_killed_one_left() {
    let mut dead = Up::start(&[]);
    let there = dead.temporary.path().to_str().unwrap().to_owned();
    let live = Up::start_with(&[], &[("TMPDIR", &there)]);
    dead.child.kill().unwrap();
    dead.child.wait().unwrap();
    assert_eq!(dead.principals().len(), 2);
    let next = Up::start_with(&[], &[("TMPDIR", &there)]);
    assert_eq!(dead.principals().len(), 2, "one of each living server");
    drop((live, next));
}

#[tokio::test]
async fn a_clean_end_leaves_no_keys() {
    let mut up = Up::start(&[]);
    assert_eq!(up.principals().len(), 1);
    let pid = u64::from(up.child.id());
    kill("-INT", pid);
    assert!(up.child.wait().unwrap().success());
    assert!(up.principals().is_empty() && !is_running(pid));
}

#[tokio::test]
async fn faults_are_checked_at_the_start() {
    let output = super::up::causeway(&["up", "--port", "0", "--fault", "status=lots"]).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    assert!(super::up::text(&output.stderr).contains("--fault status=lots"), "{output:?}");
    let output = super::up::causeway(&["up", "--port", "0", "--fault", "service=objects,status=503"]).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    assert!(super::up::text(&output.stderr).contains("there are objectstorage, compute,"), "{output:?}");
    let up = Up::start(&["--fault", "service=objectstorage,operation=GetNamespace,status=503"]);
    let refused = up.send(get("/n")).await;
    assert_eq!((refused.status().as_u16(), &value(&refused)["code"]), (503, &json!("ServiceUnavailable")));
}

/// The library's router without an emulator has Fn's own answer.
#[tokio::test]
async fn the_router_without_oci_is_as_before() {
    let local = Local::start(vec![probe()], causeway_local_cloud::Limits::default()).await;
    let response = send(local.address, get("/n")).await;
    assert_eq!(value(&response)["message"], "Path not found");
    assert_eq!(header(&response, "opc-request-id"), "");
}

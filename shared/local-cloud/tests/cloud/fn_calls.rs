//! Fn's API: lists, direct and detached calls.

use bytes::Bytes;
use causeway_local_cloud::Limits;
use http::{Request, Response};
use http_body_util::Full;
use serde_json::{Value, json};

use super::support::{Local, fdk_probe, header, post, probe, value};

async fn get(local: &Local, path: &str) -> Response<Bytes> {
    local.send(Request::get(path).header("host", "localhost").body(Full::default()).unwrap()).await
}

async fn get_json(local: &Local, path: &str) -> Value {
    value(&get(local, path).await)
}

/// The way of Fn's command line from names to an endpoint.
#[tokio::test]
async fn names_lead_to_an_endpoint() {
    let local = Local::start(vec![probe(), fdk_probe()], Limits::default()).await;
    let app = get_json(&local, "/v2/apps?name=causeway").await["items"][0].clone();
    assert_eq!(app["name"], "causeway");
    let id = app["id"].as_str().unwrap();
    assert_eq!(get_json(&local, &format!("/v2/apps/{id}")).await, app);
    let function = get_json(&local, &format!("/v2/fns?app_id={id}&name=probe")).await["items"][0].clone();
    assert_eq!(get_json(&local, &format!("/v2/fns/{}", function["id"].as_str().unwrap())).await, function);
    let endpoint = function["annotations"]["fnproject.io/fn/invokeEndpoint"].as_str().unwrap().to_owned();
    let path = endpoint.strip_prefix(&format!("http://{}", local.address)).unwrap();
    let response = local.post(path, r#"{"op":"pid"}"#).await;
    assert_eq!((response.status().as_u16(), header(&response, "fn-call-id").len()), (200, 26));
    assert_eq!(get_json(&local, &format!("/v2/fns?app_id={id}")).await["items"].as_array().unwrap().len(), 2);
    let trigger = get_json(&local, &format!("/v2/triggers?app_id={id}")).await["items"][1].clone();
    let url = trigger["annotations"]["fnproject.io/trigger/httpEndpoint"].as_str().unwrap();
    assert!(url.ends_with("/t/causeway/probe"), "{url}");
    assert_eq!(get_json(&local, "/").await["functions"].as_array().unwrap().len(), 2);
    local.cloud.shutdown().await;
}

/// `fn deploy`, `fn config`, `fn create` and the like are told why not.
#[tokio::test]
async fn changes_are_refused_with_a_reason() {
    let local = Local::probe().await;
    let changes = [("POST", "/v2/apps"), ("PUT", "/v2/fns/x"), ("POST", "/v2/fns"), ("DELETE", "/v2/triggers/x")];
    for (method, path) in changes {
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        let response = local.send(request.body(Full::from("{}")).unwrap()).await;
        assert_eq!(response.status(), 400, "{method} {path}");
        let message = value(&response)["message"].as_str().unwrap().to_owned();
        assert!(message.contains("was built with"), "{message}");
    }
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let local = Local::probe().await;
    let paths = ["/v2/apps/x", "/v2/fns/x", "/v2/triggers/x", "/logs/x", "/nothing", "/t/causeway/x", "/t/other/probe"];
    for path in paths {
        let response = get(&local, path).await;
        assert_eq!(response.status(), 404, "{path}");
        assert!(value(&response)["message"].is_string(), "{path}");
    }
    assert_eq!(local.post("/invoke/x", "{}").await.status(), 404);
    assert_eq!(get(&local, "/invoke/probe").await.status(), 405);
    assert!(get_json(&local, "/v2/apps?name=x").await["items"].as_array().unwrap().is_empty());
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn hostile_paths_lead_nowhere() {
    let local = Local::probe().await;
    let paths = [
        "/t/causeway/../x",
        "/t/causeway/..%2fprobe",
        "/t/causeway/%2e%2e/probe",
        "/t/causeway//probe",
        "/t/../v2/apps",
        "/invoke/..%2f..%2fetc%2fpasswd",
        "/invoke/%00",
        "/invoke/%ff",
        "/logs/..%2f..%2fetc%2fpasswd",
    ];
    for path in paths {
        let method = if path.starts_with("/logs") { "GET" } else { "POST" };
        let request =
            Request::builder().method(method).uri(path).header("host", "localhost").body(Full::default()).unwrap();
        let status = local.send(request).await.status().as_u16();
        assert!([400, 404].contains(&status), "{path}: {status}");
    }
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn headers_of_a_direct_call_pass_and_ids_cannot_be_forged() {
    let local = Local::start(vec![fdk_probe()], Limits::default()).await;
    let mut request = post("/invoke/fdk-probe", r#"{"op":"context"}"#);
    for (name, text) in
        [("x-dup", "1"), ("x-dup", "2"), ("fn-call-id", "forged"), ("connection", "close"), ("te", "trailers")]
    {
        request.headers_mut().append(name, text.parse().unwrap());
    }
    let response = local.send(request).await;
    let context = value(&response);
    assert_eq!(context["headers"]["x-dup"], json!(["1", "2"]));
    assert_eq!(context["headers"]["host"], json!(["localhost"]));
    assert_eq!(context["headers"]["transfer-encoding"], json!(["chunked"]));
    assert_eq!(context["call_id"].as_str(), Some(header(&response, "fn-call-id")));
    assert!(context["headers"].get("te").is_none() && context["headers"].get("connection").is_none());
    assert_eq!((&context["gateway"], &context["memory_mb"]), (&Value::Null, &json!(256)));
    assert!(context["deadline_ms"].as_u64().unwrap().is_multiple_of(1000) && context["has_remaining"] == true);
    assert!(header(&response, "fn-fdk-version").starts_with("fdk-rust/"));
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn the_environment_is_the_platforms() {
    let local = Local::probe().await;
    let variables = value(&local.invoke(json!({ "op": "environment" })).await);
    let names: Vec<_> = variables.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "FN_APP_ID",
        "FN_APP_NAME",
        "FN_FN_ID",
        "FN_FN_NAME",
        "FN_FORMAT",
        "FN_LISTENER",
        "FN_MEMORY",
        "FN_TYPE",
        "LOG_LEVEL",
        "PATH",
    ];
    assert_eq!(names, expected);
    let listener = variables["FN_LISTENER"].as_str().unwrap();
    assert!(
        listener.starts_with("unix:/") && listener.ends_with("/lsnr.sock") && listener.len() <= 5 + 107,
        "{listener}"
    );
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn detached_calls_return_at_once() {
    let local = Local::probe().await;
    local.pid().await;
    let mut request = post("/invoke/probe", r#"{"op":"say","text":"detached call ran"}"#);
    request.headers_mut().insert("fn-invoke-type", "detached".parse().unwrap());
    let response = local.send(request).await;
    assert_eq!((response.status().as_u16(), response.body().len()), (202, 0));
    assert_eq!(header(&response, "fn-call-id").len(), 26);
    for _ in 0..200 {
        if String::from_utf8_lossy(get(&local, "/logs/probe").await.body()).contains("detached call ran") {
            return local.cloud.shutdown().await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("it never ran");
}

#[tokio::test]
async fn bodies_have_a_limit() {
    let local = Local::start(vec![fdk_probe()], Limits::default()).await;
    let at_limit = 6 * 1024 * 1024;
    for (length, status) in [(0, 200), (at_limit, 200), (at_limit + 1, 413), (7_000_000, 413)] {
        for path in ["/invoke/fdk-probe", "/t/causeway/fdk-probe"] {
            let response = local.post(path, vec![b' '; length]).await;
            assert_eq!(response.status().as_u16(), status, "{path} {length}");
            assert!(status == 413 || response.body().len() == length);
        }
    }
    let response = local.post("/invoke/fdk-probe", json!({ "op": "big", "bytes": 6_300_000 }).to_string()).await;
    assert_eq!(
        (response.status().as_u16(), &value(&response)["message"]),
        (502, &json!("function response body too large"))
    );
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn pages_of_other_sites_cannot_call() {
    let local = Local::probe().await;
    let mut request = post("/invoke/probe", r#"{"op":"pid"}"#);
    request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(local.send(request).await.status(), 403);
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn only_names_of_this_machine_and_pages_of_its_own_are_served() {
    let local = Local::probe().await;
    let status = async |name: &'static str, text: &str| {
        let mut request = post("/invoke/probe", r#"{"op":"pid"}"#);
        request.headers_mut().insert(name, text.parse().unwrap());
        local.send(request).await.status().as_u16()
    };
    for host in ["localhost", "LocalHost:1", "127.0.0.1:8080", "[::1]", "[::1]:8080"] {
        assert_eq!(status("host", host).await, 200, "{host}");
    }
    for host in ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", ""] {
        assert_eq!(status("host", host).await, 403, "{host}");
    }
    for (site, expected) in [("none", 200), ("same-origin", 200), ("same-site", 403), ("cross-site", 403)] {
        assert_eq!(status("sec-fetch-site", site).await, expected, "{site}");
    }
    local.cloud.shutdown().await;
}

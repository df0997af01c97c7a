//! HTTP triggers: what a function sees of the client, and the client of the function.

use causeway_local_cloud::Limits;
use http::{Method, Request};
use http_body_util::Full;
use serde_json::json;

use super::support::{Local, fdk_probe, header, value};

fn trigger(body: &serde_json::Value) -> Request<Full<bytes::Bytes>> {
    let request = Request::put("/t/causeway/fdk-probe/below?q=1&q=2").header("host", "localhost:9000");
    request.header("content-type", "application/json").body(Full::from(body.to_string())).unwrap()
}

async fn local() -> Local {
    Local::start(vec![fdk_probe()], Limits::default()).await
}

#[tokio::test]
async fn the_function_sees_the_clients_request() {
    let local = local().await;
    let mut request = trigger(&json!({ "op": "context" }));
    let sent = [
        ("x-dup", "1"),
        ("x-dup", "2"),
        ("authorization", "b"),
        ("fn-call-id", "z"),
        ("fn-intent", "cloudevent"),
        ("connection", "keep-alive"),
        ("te", "trailers"),
    ];
    for (name, text) in sent {
        request.headers_mut().append(name, text.parse().unwrap());
    }
    let response = local.send(request).await;
    let context = value(&response);
    let gateway = &context["gateway"];
    assert_eq!(gateway["method"], "PUT");
    assert_eq!(gateway["url"], "http://localhost:9000/t/causeway/fdk-probe/below?q=1&q=2");
    assert_eq!(gateway["query"], json!([["q", "1"], ["q", "2"]]));
    assert_eq!(gateway["headers"]["x-dup"], json!(["1", "2"]));
    assert_eq!(gateway["headers"]["authorization"], json!(["b"]));
    assert_eq!(gateway["headers"]["fn-call-id"], json!(["z"]));
    assert_eq!(gateway["headers"]["fn-intent"], json!(["cloudevent"]));
    assert!(gateway["headers"].get("te").is_none() && gateway["headers"].get("connection").is_none());
    assert_eq!(context["headers"]["fn-intent"], json!(["httprequest"]));
    assert_eq!(context["headers"]["content-type"], json!(["application/json"]));
    assert!(context["headers"].get("fn-http-h-content-type").is_none());
    assert_eq!(header(&response, "fn-call-id"), context["call_id"].as_str().unwrap());
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn the_client_sees_what_the_function_sets() {
    let local = local().await;
    let headers = json!([["X-Dup", "1"], ["X-Dup", "2"], ["Content-Type", "text/plain"], ["Set-Cookie", "a=b"]]);
    let response = local.send(trigger(&json!({ "op": "headers", "headers": headers }))).await;
    let dup: Vec<_> = response.headers().get_all("x-dup").iter().collect();
    assert_eq!(
        (dup.len(), header(&response, "set-cookie"), header(&response, "content-type")),
        (2, "a=b", "text/plain")
    );
    let internal = ["fn-fdk-version", "fn-http-status", "fn-http-h-x-dup", "fn-fdk-runtime"];
    assert!(internal.iter().all(|name| !response.headers().contains_key(*name)), "{response:?}");
    for status in [200, 404, 418, 502, 504, 599] {
        let response = local.send(trigger(&json!({ "op": "status", "status": status }))).await;
        assert_eq!((response.status().as_u16(), &response.body()[..]), (status, format!("status {status}").as_bytes()));
    }
    let response = local.send(trigger(&json!({ "op": "status", "status": 204 }))).await;
    assert_eq!((response.status().as_u16(), response.body().len()), (204, 0));
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn any_method_works() {
    let local = local().await;
    for method in ["GET", "DELETE", "PATCH", "OPTIONS", "HEAD"] {
        let mut request = trigger(&json!({ "op": "echo" }));
        *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
        assert_eq!(local.send(request).await.status(), 200, "{method}");
    }
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn a_failure_is_the_platforms_answer() {
    let local = local().await;
    let response = local.send(trigger(&json!({ "op": "panic", "text": "secret" }))).await;
    assert_eq!((response.status().as_u16(), value(&response)), (502, json!({ "message": "function failed" })));
    local.cloud.shutdown().await;
}

//! The status page of health-checker, as `causeway up` serves it.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use serde_json::json;
use tempfile::TempDir;

use super::support::value;
use super::up::Up;

async fn page(up: &Up) -> Response<Bytes> {
    up.send(Request::get("/status").header("host", "localhost").body(Full::default()).unwrap()).await
}

async fn tick(up: &Up) {
    let request = Request::post("/invoke/health-checker").header("host", "localhost");
    let request =
        request.header("content-type", "application/json").body(Full::from(json!({"kind": "tick"}).to_string()));
    let answer = up.send(request.unwrap()).await;
    assert_eq!(answer.status(), StatusCode::OK, "{answer:?}");
}

fn header<'a>(response: &'a Response<Bytes>, name: &str) -> &'a str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// There is none before the first tick, and afterwards the one that the tick left.
async fn check(up: &Up) {
    let none = page(up).await;
    assert_eq!((none.status(), header(&none, "cache-control")), (StatusCode::NOT_FOUND, "no-store"));
    let told = value(&none)["message"].as_str().unwrap().to_owned();
    assert!(told.contains("no status page yet"), "{told}");
    tick(up).await;
    let found = page(up).await;
    assert_eq!((found.status(), header(&found, "cache-control")), (StatusCode::OK, "no-store"));
    assert_eq!(header(&found, "content-type"), "text/html; charset=utf-8");
    assert!(header(&found, "content-security-policy").starts_with("default-src 'none'"));
    assert!(found.body().starts_with(b"<!doctype html>") || found.body().starts_with(b"<!DOCTYPE html>"), "{found:?}");
}

#[tokio::test]
async fn of_the_bucket() {
    check(&Up::start_with(&[], &[("HEALTH_CHECKER_SETTINGS", "checks: []")])).await;
}

#[tokio::test]
async fn of_a_directory_under_another_name() {
    let root = TempDir::new().unwrap();
    let variables = [("HEALTH_CHECKER_SETTINGS", "checks: []"), ("HEALTH_CHECKER_PAGE_PREFIX", "pages/health/")];
    check(&Up::start_with(&["--root", root.path().to_str().unwrap()], &variables)).await;
    assert!(root.path().join("pages/health/status.html").is_file());
}

//! Faults, clocks and admin routes.

use serde_json::json;

use crate::support::{Cloud, ask};

#[tokio::test]
async fn a_fault_hits_its_operation_as_often_as_it_says() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let fault = json!({ "service": "objectstorage", "operation": "HeadBucket", "status": 503, "times": 1 });
    cloud.admin("POST", "faults", &fault).await.ok();
    let answer = cloud.send(ask("HEAD", &bucket)).await;
    assert_eq!((answer.status, answer.body.len(), answer.whole), (503, 0, true));
    cloud.send(ask("HEAD", &bucket)).await.ok();
    assert_eq!(cloud.admin("GET", "faults", &json!({})).await.json()[0]["hits"], 1);
    cloud.admin("DELETE", "faults", &json!({})).await.ok();
    for bad in [json!({ "rate": 2 }), json!({ "speed": 1 }), json!({ "status": 200 })] {
        assert_eq!(cloud.admin("POST", "faults", &bad).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn a_cut_body_ends_the_connection_early() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let target = format!("{bucket}/o/x");
    cloud.put(&target, vec![7; 1000]).await.ok();
    cloud.admin("POST", "faults", &json!({ "operation": "GetObject", "cutBodyAfter": 10 })).await.ok();
    let answer = cloud.get(&target).await;
    assert_eq!((answer.status, answer.whole, answer.body.len() <= 10), (200, false, true));
}

#[tokio::test]
async fn a_service_with_a_wrong_clock_refuses_and_shows_it() {
    let cloud = Cloud::new().await;
    cloud.admin("POST", "faults", &json!({ "skewSeconds": 600 })).await.ok();
    let answer = cloud.get("/n").await.refused(401, "NotAuthenticated");
    let date = jiff::fmt::rfc2822::parse(&answer.header("date").replace("GMT", "+0000")).unwrap().timestamp();
    let ahead = date.as_second() - jiff::Timestamp::now().as_second();
    assert!((550..650).contains(&ahead), "{ahead}");
}

#[tokio::test]
async fn pages_of_other_sites_cannot_use_admin_routes() {
    let cloud = Cloud::new().await;
    for (name, value) in [("origin", "https://example.com"), ("sec-fetch-site", "cross-site")] {
        let answer = cloud.send_raw(ask("GET", "/_causeway/about").header(name, value)).await;
        assert_eq!(answer.status, 403);
    }
    cloud.send_raw(ask("GET", "/_causeway/about")).await.ok();
    assert_eq!(cloud.send_raw(ask("GET", "/_causeway/nothing")).await.status, 404);
}

#[tokio::test]
async fn the_service_clock_is_set_without_locking_clients_out() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let stopped = json!({ "now": "2030-01-02T03:04:05Z", "stop": true });
    cloud.admin("PUT", "clock", &stopped).await.ok();
    let answer = cloud.put(&format!("{bucket}/o/x"), "x").await.ok();
    assert_eq!(answer.header("last-modified"), "Wed, 02 Jan 2030 03:04:05 GMT");
    assert_eq!(cloud.admin("PUT", "clock", &json!({ "tomorrow": 1 })).await.status, 400);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_told_apart() {
    let cloud = Cloud::new().await;
    cloud.get("/nowhere").await.refused(404, "NotFound");
    cloud.delete("/n").await.refused(405, "MethodNotAllowed");
}

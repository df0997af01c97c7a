//! Uploads in parts and pre-authenticated links.

use serde_json::{Value, json};

use crate::support::{Cloud, ask};

async fn start(cloud: &Cloud, bucket: &str) -> String {
    let upload =
        cloud.post(&format!("{bucket}/u"), &json!({ "object": "big/x", "contentType": "text/plain" })).await.ok();
    upload.json()["uploadId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn parts_make_one_object() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let id = start(&cloud, &bucket).await;
    let upload = format!("{bucket}/u/big%2Fx?uploadId={id}");
    let mut parts: Vec<Value> = Vec::new();
    // Out of order, and one of them twice: the last one counts.
    for (number, byte) in [(2, 2), (1, 9), (1, 1), (3, 3)] {
        let part = cloud.put(&format!("{upload}&uploadPartNum={number}"), vec![byte; 40_000]).await.ok();
        parts.retain(|part| part["partNum"] != number);
        parts.push(json!({ "partNum": number, "etag": part.header("etag") }));
    }
    assert_eq!(cloud.get(&upload).await.ok().json().as_array().unwrap().len(), 3);
    let two = json!({ "partsToCommit": &parts[..2] });
    cloud.post(&upload, &two).await.refused(400, "InvalidUploadPart");
    let wrong = json!({ "partsToCommit": [{ "partNum": 1, "etag": "x" }], "partsToExclude": [2, 3] });
    cloud.post(&upload, &wrong).await.refused(400, "InvalidUploadPart");
    cloud.delete(&bucket).await.refused(409, "BucketNotEmpty");
    let done = cloud.post(&upload, &json!({ "partsToCommit": parts })).await.ok();
    assert!(done.header("opc-multipart-md5").ends_with("-3"));
    let read = cloud.get(&format!("{bucket}/o/big%2Fx")).await.ok();
    let expected: Vec<u8> = [1, 2, 3].iter().flat_map(|byte| vec![*byte; 40_000]).collect();
    assert!(read.body == expected && read.header("content-type") == "text/plain");
    let across = cloud.send(ask("GET", &format!("{bucket}/o/big%2Fx")).header("range", "bytes=39999-80000")).await;
    assert_eq!(across.body, expected[39_999..=80_000]);
    cloud.post(&upload, &json!({ "partsToCommit": [] })).await.refused(404, "NoSuchUpload");
}

#[tokio::test]
async fn an_aborted_upload_leaves_nothing() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let id = start(&cloud, &bucket).await;
    let upload = format!("{bucket}/u/big%2Fx?uploadId={id}");
    cloud.put(&format!("{upload}&uploadPartNum=1"), "part").await.ok();
    for number in ["0", "10001", "x"] {
        assert_eq!(cloud.put(&format!("{upload}&uploadPartNum={number}"), "part").await.status, 400);
    }
    cloud.delete(&upload).await.ok();
    cloud.delete(&upload).await.refused(404, "NoSuchUpload");
    assert_eq!(cloud.get(&format!("{bucket}/u")).await.ok().json(), json!([]));
    cloud.delete(&bucket).await.ok();
}

async fn link(cloud: &Cloud, bucket: &str, access: &str, object: Option<&str>, more: &Value) -> (String, String) {
    let expires = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let mut details =
        json!({ "name": "link", "accessType": access, "timeExpires": expires.to_string(), "objectName": object });
    details.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let par = cloud.post(&format!("{bucket}/p"), &details).await.ok().json();
    (par["accessUri"].as_str().unwrap().to_owned(), par["id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_link_does_what_it_allows_until_it_ends() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    cloud.put(&format!("{bucket}/o/dir%2Fx"), "x").await.ok();
    let (uri, id) = link(&cloud, &bucket, "ObjectRead", Some("dir/x"), &json!({})).await;
    let get = |uri: String| cloud.send_raw(ask("GET", &uri));
    assert_eq!(get(uri.clone()).await.ok().body, b"x");
    get(uri.replace("/p/", "/p/x")).await.refused(404, "NotAuthorizedOrNotFound");
    get(uri.replace("dir/x", "other")).await.refused(404, "NotAuthorizedOrNotFound");
    cloud.send_raw(ask("PUT", &uri).body("y")).await.refused(404, "NotAuthorizedOrNotFound");
    let shown = cloud.get(&format!("{bucket}/p/{id}")).await.ok().json();
    assert_eq!((shown["name"].as_str(), shown.get("accessUri")), (Some("link"), None));
    cloud.delete(&format!("{bucket}/p/{id}")).await.ok();
    get(uri).await.refused(404, "NotAuthorizedOrNotFound");

    let (uri, _) = link(&cloud, &bucket, "ObjectReadWrite", Some("dir/x"), &json!({})).await;
    cloud.send_raw(ask("PUT", &uri).body("y")).await.ok();
    cloud.advance(3601).await;
    get(uri).await.refused(404, "NotAuthorizedOrNotFound");
}

#[tokio::test]
async fn a_link_to_a_prefix_lists_and_takes_parts() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    for name in ["in%2F1", "out"] {
        cloud.put(&format!("{bucket}/o/{name}"), "x").await.ok();
    }
    let more = json!({ "bucketListingAction": "ListObjects" });
    let (uri, _) = link(&cloud, &bucket, "AnyObjectReadWrite", Some("in/"), &more).await;
    let listed = cloud.send_raw(ask("GET", &uri)).await.ok().json();
    assert_eq!((listed["objects"].as_array().unwrap().len(), &listed["objects"][0]["name"]), (1, &json!("in/1")));
    cloud.send_raw(ask("GET", &format!("{uri}out"))).await.refused(404, "NotAuthorizedOrNotFound");

    let started =
        cloud.send_raw(ask("PUT", &format!("{uri}in/parts")).header("opc-multipart", "true")).await.ok().json();
    let parts = started["accessUri"].as_str().unwrap();
    for number in [1, 2] {
        cloud.send_raw(ask("PUT", &format!("{parts}{number}")).body(number.to_string())).await.ok();
    }
    cloud.send_raw(ask("POST", parts).header("content-length", "0")).await.ok();
    assert_eq!(cloud.get(&format!("{bucket}/o/in%2Fparts")).await.ok().body, b"12");
}

#[tokio::test]
async fn a_refused_upload_hears_the_reason() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let missing = bucket.replace("/b/bk", "/b/none");
    // Sent in full before the answer is read, as many clients do.
    let large = ask("PUT", &format!("{missing}/o/x")).body(vec![0; 8_000_000]);
    cloud.send(large).await.refused(404, "BucketNotFound");
    // Or not sent at all, while the client waits for leave.
    let waiting =
        ask("PUT", &format!("{missing}/o/x")).header("expect", "100-continue").header("content-length", "8000000");
    let answer = tokio::time::timeout(std::time::Duration::from_secs(30), cloud.send(waiting)).await.unwrap();
    answer.refused(404, "BucketNotFound");
}

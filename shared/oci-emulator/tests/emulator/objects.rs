//! Buckets and objects.

use serde_json::{Value, json};

use crate::support::{Cloud, ask};

#[tokio::test]
async fn an_object_comes_back_as_it_went() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    for size in [0, 1, 16 * 1024, 16 * 1024 + 1, 3_000_000] {
        let target = format!("{bucket}/o/size-{size}");
        let body: Vec<u8> = (0..size).map(|i| (i * 31 % 251) as u8).collect();
        let put =
            ask("PUT", &target).body(body.clone()).header("content-type", "text/csv").header("opc-meta-tenant", "42");
        let written = cloud.send(put).await.ok();
        let read = cloud.get(&target).await.ok();
        assert!(read.body == body && read.whole, "{size}");
        assert_eq!(read.header("content-type"), "text/csv");
        assert_eq!(read.header("opc-meta-tenant"), "42");
        assert_eq!(read.header("etag"), written.header("etag"));
        assert_eq!(read.header("content-md5"), written.header("opc-content-md5"));
        let head = cloud.send(ask("HEAD", &target)).await.ok();
        assert_eq!((head.header("content-length"), head.body.len()), (size.to_string().as_str(), 0));
    }
}

#[tokio::test]
async fn names_are_what_the_raw_path_says() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let names = ["a/b", "a%2Fb%20c", "%2E%2E", "%E2%82%AC", "a%252Fb", "x+y", "p%3Fq"];
    for name in names {
        cloud.put(&format!("{bucket}/o/{name}"), name).await.ok();
    }
    let listed = cloud.get(&format!("{bucket}/o")).await.ok().json();
    let listed: Vec<&str> = listed["objects"].as_array().unwrap().iter().map(|o| o["name"].as_str().unwrap()).collect();
    assert_eq!(listed, ["..", "a%2Fb", "a/b", "a/b c", "p?q", "x+y", "\u{20ac}"]);
    assert_eq!(cloud.get(&format!("{bucket}/o/a%2Fb")).await.ok().body, b"a/b");
    cloud.put(&format!("{bucket}/o/a%0Ab"), "").await.refused(400, "InvalidObjectName");
    cloud.put(&format!("{bucket}/o/%FF"), "").await.refused(400, "InvalidParameter");
    cloud.put(&format!("{bucket}/o/{}", "n".repeat(1025)), "").await.refused(400, "InvalidObjectName");
}

#[tokio::test]
async fn a_stored_page_runs_in_a_sandbox() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let target = format!("{bucket}/o/page.html");
    let page =
        ask("PUT", &target).body("<script>fetch('/_causeway/about')</script>").header("content-type", "text/html");
    cloud.send(page).await.ok();
    let link = json!({ "name": "l", "objectName": "page.html", "accessType": "ObjectRead",
        "timeExpires": "2999-01-01T00:00:00Z" });
    let link = cloud.post(&format!("{bucket}/p"), &link).await.ok().json()["accessUri"].as_str().unwrap().to_owned();
    let part = cloud.send(ask("GET", &target).header("range", "bytes=0-3")).await;
    for answer in [cloud.get(&target).await, part, cloud.send_raw(ask("GET", &link)).await] {
        let answer = answer.ok();
        assert_eq!(answer.header("content-type"), "text/html");
        assert_eq!(answer.header("content-security-policy"), "sandbox");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn ranges_and_conditions() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let target = format!("{bucket}/o/x");
    let body: Vec<u8> = (0..100_000u32).map(|i| (i % 251) as u8).collect();
    let etag = cloud.put(&target, body.clone()).await.ok().header("etag").to_owned();
    let with = |name: &str, value: &str| cloud.send(ask("GET", &target).header(name, value));
    let part = with("range", "bytes=70000-70009").await;
    assert_eq!((part.status, part.header("content-range")), (206, "bytes 70000-70009/100000"));
    assert_eq!(part.body, body[70000..70010]);
    assert_eq!(with("range", "bytes=-5").await.body, body[99_995..]);
    let beyond = with("range", "bytes=100000-").await;
    assert_eq!((beyond.status, beyond.header("content-range")), (416, "bytes */100000"));
    assert_eq!(with("if-none-match", &etag).await.status, 304);
    assert_eq!(with("if-match", &etag).await.status, 200);
    with("if-match", "other").await.refused(412, "IfMatchFailed");
}

#[tokio::test]
async fn writes_can_be_conditional() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let target = format!("{bucket}/o/lock");
    let create = || ask("PUT", &target).body("1").header("if-none-match", "*");
    let etag = cloud.send(create()).await.ok().header("etag").to_owned();
    cloud.send(create()).await.refused(412, "IfNoneMatchFailed");
    let replace = |etag: &str| ask("PUT", &target).body("2").header("if-match", etag);
    let newer = cloud.send(replace(&etag)).await.ok().header("etag").to_owned();
    assert_ne!(etag, newer);
    cloud.send(replace(&etag)).await.refused(412, "IfMatchFailed");
    cloud.send(ask("DELETE", &target).header("if-match", &etag)).await.refused(412, "IfMatchFailed");
    cloud.send(ask("DELETE", &target).header("if-match", &newer)).await.ok();
    cloud.delete(&target).await.refused(404, "ObjectNotFound");
}

#[tokio::test]
async fn only_one_of_many_creators_wins() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let target = format!("{bucket}/o/lease");
    let tries = (0..20).map(|i| cloud.send(ask("PUT", &target).body(format!("{i}")).header("if-none-match", "*")));
    let answers = futures_util::future::join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 412).count(), 19);
}

#[tokio::test]
async fn a_wrong_hash_stores_nothing() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let target = format!("{bucket}/o/x");
    for (header, code) in [("content-md5", "UnmatchedContentMD5"), ("opc-content-crc32c", "UnmatchedContentChecksum")] {
        let put = ask("PUT", &target).body("hello").header(header, "AAAAAA==");
        cloud.send(put).await.refused(400, code);
    }
    cloud.get(&target).await.refused(404, "ObjectNotFound");
    let right = ask("PUT", &target).body("hello").header("content-md5", "XUFAKrxLKna5cZ2REBfFkg==");
    let answer = cloud.send(right.header("opc-content-crc32c", "mnG7TA==")).await.ok();
    assert_eq!(answer.header("opc-content-crc32c"), "mnG7TA==");
}

fn names(answer: &Value) -> Vec<String> {
    let objects = answer["objects"].as_array().unwrap().iter();
    objects.map(|object| object["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn listing_by_prefix_page_and_group() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let all = ["a", "b/1", "b/2", "b/c/3", "d", "e/1", "f"];
    for name in all {
        cloud.put(&format!("{bucket}/o/{}", name.replace('/', "%2F")), "x").await.ok();
    }
    let list = async |query: &str| cloud.get(&format!("{bucket}/o?{query}")).await.ok().json();
    assert_eq!(names(&list("").await), all);
    assert_eq!(names(&list("prefix=b%2F").await), ["b/1", "b/2", "b/c/3"]);
    assert_eq!(names(&list("start=b%2F2&end=e").await), ["b/2", "b/c/3", "d"]);
    assert_eq!(names(&list("startAfter=d").await), ["e/1", "f"]);
    let grouped = list("delimiter=%2F").await;
    assert_eq!(
        (names(&grouped), &grouped["prefixes"]),
        (vec!["a".into(), "d".into(), "f".into()], &json!(["b/", "e/"]))
    );
    let below = list("delimiter=%2F&prefix=b%2F").await;
    assert_eq!((names(&below).len(), &below["prefixes"]), (2, &json!(["b/c/"])));
    assert_eq!(cloud.get(&format!("{bucket}/o?delimiter=x")).await.status, 400);
    for limit in ["0", "-1", "", "x", "+1", "1.5"] {
        let refused = cloud.get(&format!("{bucket}/o?limit={}", limit.replace('+', "%2B"))).await;
        let message = refused.refused(400, "InvalidParameter").json()["message"].clone();
        assert_eq!(message, "limit must be a whole number from 1; a page has at most 1000 entries.", "{limit}");
    }
    for limit in ["1000", "1001", "18446744073709551616"] {
        assert_eq!(names(&list(&format!("limit={limit}")).await), all);
    }
    assert_eq!(cloud.get(&format!("{bucket}/o?fields=colour")).await.status, 400);

    for query in ["limit=2", "limit=2&delimiter=%2F"] {
        let (mut found, mut start) = (Vec::new(), String::new());
        loop {
            let page = list(&format!("{query}{start}")).await;
            let prefixes = page["prefixes"].as_array().cloned().unwrap_or_default();
            assert!(names(&page).len() + prefixes.len() <= 2);
            found.extend(names(&page));
            found.extend(prefixes.iter().map(|prefix| prefix.as_str().unwrap().to_owned()));
            match page["nextStartWith"].as_str() {
                Some(next) => start = format!("&start={}", next.replace('/', "%2F")),
                None => break,
            }
        }
        let expected = if query.contains("delimiter") { 5 } else { all.len() };
        assert_eq!(found.len(), expected, "{query}: {found:?}");
    }
}

#[tokio::test]
async fn the_life_of_a_bucket() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let parent = bucket.strip_suffix("/bk").unwrap();
    let compartment = cloud.emulator.default_compartment();
    cloud
        .post(parent, &json!({ "name": "bk", "compartmentId": compartment }))
        .await
        .refused(409, "BucketAlreadyExists");
    cloud.post(parent, &json!({ "name": "b k", "compartmentId": compartment })).await.refused(400, "InvalidBucketName");
    let foreign = json!({ "name": "b2", "compartmentId": "ocid1.compartment.oc1..unknown" });
    cloud.post(parent, &foreign).await.refused(404, "NotAuthorizedOrNotFound");
    cloud.post(parent, &json!({ "name": "b2" })).await.refused(400, "MissingParameter");
    cloud
        .send(ask("POST", parent).header("content-type", "application/json").body("{"))
        .await
        .refused(400, "CannotParseRequest");
    let plain = cloud.get(&bucket).await.ok().json();
    assert_eq!((plain.get("approximateCount"), plain.get("autoTiering")), (None, None));
    cloud.put(&format!("{bucket}/o/x"), "12345").await.ok();
    let fields = cloud.get(&format!("{bucket}?fields=approximateCount%2CapproximateSize")).await.ok().json();
    assert_eq!((&fields["approximateCount"], &fields["approximateSize"]), (&json!(1), &json!(5)));
    let etag = plain["etag"].as_str().unwrap();
    let update =
        |etag: &str| ask("POST", &bucket).json(&json!({ "autoTiering": "InfrequentAccess" })).header("if-match", etag);
    cloud.send(update("other")).await.refused(412, "IfMatchFailed");
    cloud.send(update(etag)).await.ok();
    cloud.delete(&bucket).await.refused(409, "BucketNotEmpty");
    cloud.delete(&format!("{bucket}/o/x")).await.ok();
    cloud.delete(&bucket).await.ok();
    cloud.get(&bucket).await.refused(404, "BucketNotFound");
}

#[tokio::test]
async fn old_objects_go_at_midnight() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    for name in ["results%2F1", "kept"] {
        cloud.put(&format!("{bucket}/o/{name}"), "x").await.ok();
    }
    let rule = json!({ "items": [{ "name": "r", "action": "DELETE", "timeAmount": 90, "timeUnit": "DAYS", "isEnabled": true,
                                   "objectNameFilter": { "inclusionPrefixes": ["results/"] } }] });
    cloud.send(ask("PUT", &format!("{bucket}/l")).json(&rule)).await.ok();
    cloud.advance(89 * 86_400).await;
    assert_eq!(names(&cloud.get(&format!("{bucket}/o")).await.json()).len(), 2);
    cloud.advance(2 * 86_400).await;
    assert_eq!(names(&cloud.get(&format!("{bucket}/o")).await.json()), ["kept"]);
}

#[tokio::test]
async fn a_copy_is_there_when_its_work_request_says_so() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let namespace = cloud.emulator.namespace_of(cloud.emulator.tenancy());
    cloud.put(&format!("{bucket}/o/from"), vec![1; 50_000]).await.ok();
    cloud.admin("PUT", "clock", &json!({ "stop": true })).await.ok();
    let details = json!({ "sourceObjectName": "from", "destinationRegion": "us-ashburn-1", "destinationNamespace": namespace,
                          "destinationBucket": "bk", "destinationObjectName": "to" });
    let accepted = cloud.post(&format!("{bucket}/actions/copyObject"), &details).await.ok();
    let work = format!("/workRequests/{}", accepted.header("opc-work-request-id"));
    assert_eq!(cloud.get(&work).await.ok().json()["status"], "IN_PROGRESS");
    cloud.get(&format!("{bucket}/o/to")).await.refused(404, "ObjectNotFound");
    cloud.advance(1).await;
    assert_eq!(cloud.get(&work).await.ok().json()["status"], "COMPLETED");
    cloud.delete(&format!("{bucket}/o/from")).await.ok();
    assert_eq!(cloud.get(&format!("{bucket}/o/to")).await.ok().body.len(), 50_000);
}

#[tokio::test]
async fn versions_are_kept_and_come_back() {
    let cloud = Cloud::new().await;
    let bucket = cloud.create_bucket("vb", &json!({ "versioning": "Enabled" })).await;
    let target = format!("{bucket}/o/x");
    let first = cloud.put(&target, "1").await.ok().header("version-id").to_owned();
    cloud.put(&target, "2").await.ok();
    let deleted = cloud.delete(&target).await.ok();
    assert_eq!(deleted.header("is-delete-marker"), "true");
    cloud.get(&target).await.refused(404, "ObjectNotFound");
    assert_eq!(cloud.get(&format!("{target}?versionId={first}")).await.ok().body, b"1");
    let listed = cloud.get(&format!("{bucket}/objectversions")).await.ok().json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 3);
    cloud.delete(&format!("{target}?versionId={}", deleted.header("version-id"))).await.ok();
    assert_eq!(cloud.get(&target).await.ok().body, b"2");
}

#[tokio::test]
async fn batches_report_each_failure() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    cloud.put(&format!("{bucket}/o/a"), "1").await.ok();
    let batch = json!({ "objects": [{ "objectName": "a" }, { "objectName": "b" }] });
    let answer = cloud.post(&format!("{bucket}/actions/batchDeleteObjects"), &batch).await.ok().json();
    assert_eq!((&answer["deleted"][0]["objectName"], &answer["failed"][0]["statusCode"]), (&json!("a"), &json!(404)));
}

#[tokio::test]
async fn archived_objects_must_be_restored() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let target = format!("{bucket}/o/x");
    cloud.send(ask("PUT", &target).body("x").header("storage-tier", "Archive")).await.ok();
    cloud.get(&target).await.refused(409, "NotRestored");
    cloud.post(&format!("{bucket}/actions/restoreObjects"), &json!({ "objectName": "x", "hours": 2 })).await.ok();
    assert_eq!(cloud.send(ask("HEAD", &target)).await.header("archival-state"), "Restoring");
    cloud.advance(3601).await;
    assert_eq!(cloud.get(&target).await.ok().body, b"x");
    cloud.advance(2 * 3600).await;
    cloud.get(&target).await.refused(409, "NotRestored");
}

#[tokio::test]
async fn public_buckets_are_read_without_a_signature_and_others_are_not() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    cloud.put(&format!("{bucket}/o/x"), "x").await.ok();
    cloud.send_raw(ask("GET", &format!("{bucket}/o/x"))).await.refused(404, "BucketNotFound");
    cloud.post(&bucket, &json!({ "publicAccessType": "ObjectReadWithoutList" })).await.ok();
    assert_eq!(cloud.send_raw(ask("GET", &format!("{bucket}/o/x"))).await.ok().body, b"x");
    cloud.send_raw(ask("GET", &format!("{bucket}/o"))).await.refused(404, "BucketNotFound");
    cloud.send_raw(ask("DELETE", &format!("{bucket}/o/x"))).await.refused(401, "NotAuthenticated");
}

#[tokio::test]
async fn versions_come_page_by_page() {
    let cloud = Cloud::new().await;
    let bucket = cloud.create_bucket("vb", &json!({ "versioning": "Enabled" })).await;
    for name in ["a", "a%2Fb", "b"] {
        for body in ["1", "2", "3"] {
            cloud.put(&format!("{bucket}/o/{name}"), body).await.ok();
        }
    }
    for limit in [1, 2, 4, 9, 100] {
        let (mut found, mut page) = (Vec::new(), String::new());
        loop {
            let answer = cloud.get(&format!("{bucket}/objectversions?limit={limit}{page}")).await.ok();
            let items = answer.json()["items"].as_array().unwrap().clone();
            assert!(items.len() <= limit);
            found.extend(items.iter().map(|item| item["versionId"].as_str().unwrap().to_owned()));
            match answer.header("opc-next-page") {
                "" => break,
                next => page = format!("&page={next}"),
            }
        }
        assert_eq!(found.len(), 9, "{limit}");
        found.dedup();
        assert_eq!(found.len(), 9, "{limit}");
    }
    assert_eq!(cloud.get(&format!("{bucket}/objectversions?page=x")).await.status, 400);
}

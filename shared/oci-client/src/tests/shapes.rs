//! Requests as Oracle's references and SDKs have them: Object Storage.

use serde_json::{Value, json};

use super::world::{Reply, World, json as answer, reply};
use crate::object_storage::{
    AccessType, Attributes, AutoTiering, BucketField, ByteRange, Condition, CopyObject, CreateBucket, GetObject,
    LifecycleRule, ListObjects, NewPar, NewUpload, ObjectField, ObjectStorage, Part, RenameObject, UpdateBucket,
};

/// One call, its request line, JSON body and some headers.
async fn check<F, T>(
    call: impl FnOnce(ObjectStorage) -> F,
    reply: Reply,
    line: &str,
    body: &Value,
    headers: &[(&str, Option<&str>)],
) where
    F: Future<Output = Result<T, crate::Error>>,
{
    let world = World::new([reply]);
    let done = call(world.storage()).await;
    done.unwrap_or_else(|error| panic!("{line}: {error}"));
    let sent = world.sent();
    assert_eq!(sent[0].line, line);
    assert_eq!(&sent[0].json(), body, "{line}");
    for (name, value) in headers {
        assert_eq!(sent[0].header(name), *value, "{line}: {name}");
    }
    let ids = ["opc-request-id", "opc-client-request-id"].map(|name| sent[0].header(name));
    assert!(ids[0].is_some_and(|id| id.len() == 32) && ids[0] == ids[1], "{line}: {ids:?}");
}

const UNSIGNED_BODY: (&str, Option<&str>) = ("x-content-sha256", None);

fn bucket() -> Reply {
    answer(&json!({"namespace": "ns", "name": "bk", "compartmentId": "c", "metadata": {}, "createdBy": "u",
        "timeCreated": "2026-09-05T02:00:00.123Z", "etag": "b1"}))
}

fn stored() -> Reply {
    reply(200, "").header("etag", "e1")
}

#[tokio::test]
async fn buckets() {
    let fields = [BucketField::ApproximateSize, BucketField::AutoTiering];
    let line = "GET objectstorage /n/ns/b/bk?fields=approximateSize%2CautoTiering";
    check(async |s| s.bucket("bk", &fields).await, bucket(), line, &Value::Null, &[]).await;
    check(async |s| s.bucket("bk", &[]).await, bucket(), "GET objectstorage /n/ns/b/bk", &Value::Null, &[]).await;
    let new = CreateBucket { name: "bk".into(), compartment_id: "c".into(), ..CreateBucket::default() };
    let body = json!({"name": "bk", "compartmentId": "c"});
    check(async |s| s.create_bucket(&new).await, bucket(), "POST objectstorage /n/ns/b", &body, &[]).await;
    let changes = UpdateBucket { auto_tiering: Some(AutoTiering::InfrequentAccess), ..UpdateBucket::default() };
    let body = json!({"autoTiering": "InfrequentAccess"});
    let headers = [("if-match", Some("b1")), ("content-type", Some("application/json"))];
    let call = async |s: ObjectStorage| s.update_bucket("bk", &changes, Some("b1")).await;
    check(call, bucket(), "POST objectstorage /n/ns/b/bk", &body, &headers).await;
}

#[tokio::test]
async fn writing_objects() {
    let kept = Attributes {
        content_type: Some("text/plain".into()),
        cache_control: Some("no-store".into()),
        metadata: [("tenant".to_owned(), "42".to_owned())].into(),
        storage_tier: Some("InfrequentAccess".into()),
        ..Attributes::default()
    };
    let line = "PUT objectstorage /n/ns/b/bk/o/dir%2Fa%20b%25.bin";
    let headers = [
        UNSIGNED_BODY,
        ("content-length", Some("5")),
        ("content-type", Some("text/plain")),
        ("cache-control", Some("no-store")),
        ("opc-meta-tenant", Some("42")),
        ("storage-tier", Some("InfrequentAccess")),
        ("if-none-match", Some("*")),
        ("if-match", None),
    ];
    let pieces = || ["ab", "", "cde"].map(bytes::Bytes::from);
    let call = async |s: ObjectStorage| s.put("bk", "dir/a b%.bin", pieces(), &kept, &Condition::Absent).await;
    check(call, stored(), line, &Value::Null, &headers).await;
    let matching = Condition::Match("e0".into());
    let call = async |s: ObjectStorage| s.put("bk", "o", pieces(), &Attributes::default(), &matching).await;
    let headers = [("if-match", Some("e0")), ("content-type", Some("application/octet-stream"))];
    check(call, stored(), "PUT objectstorage /n/ns/b/bk/o/o", &Value::Null, &headers).await;
    let call = async |s: ObjectStorage| s.delete("bk", "o", Some("e1")).await;
    check(call, reply(204, ""), "DELETE objectstorage /n/ns/b/bk/o/o", &Value::Null, &[("if-match", Some("e1"))]).await;
}

#[tokio::test]
async fn reading_objects() {
    let head = || stored().header("content-length", "9").header("content-range", "bytes 2-4/9");
    for (range, header) in
        [(ByteRange::Between(2, 5), "bytes=2-4"), (ByteRange::From(2), "bytes=2-"), (ByteRange::Last(7), "bytes=-7")]
    {
        let options = GetObject { range: Some(range), if_none_match: Some("x".into()), ..GetObject::default() };
        let headers = [("range", Some(header)), ("if-none-match", Some("x")), ("authorization-x", None)];
        let call = async |s: ObjectStorage| s.get("bk", "a/b", &options).await;
        check(call, head(), "GET objectstorage /n/ns/b/bk/o/a%2Fb", &Value::Null, &headers).await;
    }
    let options = GetObject { version_id: Some("v 1".into()), if_match: Some("e".into()), ..GetObject::default() };
    let line = "HEAD objectstorage /n/ns/b/bk/o/o?versionId=v%201";
    check(async |s| s.head("bk", "o", &options).await, head(), line, &Value::Null, &[("if-match", Some("e"))]).await;
}

#[tokio::test]
async fn lists() {
    let list = ListObjects {
        prefix: Some("a b/".into()),
        start_after: Some("a b/c".into()),
        end: Some("z".into()),
        by_folder: true,
        fields: vec![ObjectField::Size, ObjectField::Etag, ObjectField::TimeModified],
        page_size: Some(1000),
        ..ListObjects::default()
    };
    let line = "GET objectstorage /n/ns/b/bk/o?prefix=a%20b%2F&startAfter=a%20b%2Fc&end=z&delimiter=%2F\
        &fields=size%2Cetag%2CtimeModified&limit=1000";
    check(async |s| s.page("bk", &list).await, answer(&json!({"objects": []})), line, &Value::Null, &[]).await;
}

#[tokio::test]
async fn uploads_in_parts() {
    let kept = Attributes { metadata: [("k".to_owned(), "v".to_owned())].into(), ..Attributes::default() };
    let new = NewUpload { attributes: kept, condition: Condition::Absent };
    let upload = || {
        answer(&json!({"namespace": "ns", "bucket": "bk", "object": "a/b", "uploadId": "u1",
        "timeCreated": "2026-09-05T02:00:00Z"}))
    };
    let body = json!({"object": "a/b", "metadata": {"opc-meta-k": "v"}});
    let line = "POST objectstorage /n/ns/b/bk/u";
    let call = async |s: ObjectStorage| s.start_upload("bk", "a/b", &new).await;
    check(call, upload(), line, &body, &[("if-none-match", Some("*"))]).await;
    let line = "PUT objectstorage /n/ns/b/bk/u/a%2Fb?uploadId=u%2F1&uploadPartNum=7";
    let call = async |s: ObjectStorage| s.upload_part("bk", "a/b", "u/1", 7, [bytes::Bytes::from("xy")]).await;
    check(call, stored(), line, &Value::Null, &[UNSIGNED_BODY, ("content-length", Some("2"))]).await;
    let parts = [Part { number: 2, etag: "p2".into() }, Part { number: 1, etag: "p1".into() }];
    let body = json!({"partsToCommit": [{"partNum": 1, "etag": "p1"}, {"partNum": 2, "etag": "p2"}],
        "partsToExclude": [3]});
    let line = "POST objectstorage /n/ns/b/bk/u/o?uploadId=u1";
    let call = async |s: ObjectStorage| s.commit_upload("bk", "o", "u1", &parts, &[3], &Condition::Absent).await;
    check(call, stored(), line, &body, &[("if-none-match", Some("*"))]).await;
    let line = "DELETE objectstorage /n/ns/b/bk/u/o?uploadId=u1";
    check(async |s| s.abort_upload("bk", "o", "u1").await, reply(204, ""), line, &Value::Null, &[]).await;
}

#[tokio::test]
async fn copies_and_names() {
    let copy = CopyObject {
        source: "a".into(),
        source_etag: Some("e".into()),
        bucket: "bk2".into(),
        object: "b".into(),
        region: None,
        namespace: None,
        condition: Condition::Absent,
    };
    let body = json!({"sourceObjectName": "a", "sourceObjectIfMatchETag": "e", "destinationRegion": "us-ashburn-1",
        "destinationNamespace": "ns", "destinationBucket": "bk2", "destinationObjectName": "b",
        "destinationObjectIfNoneMatchETag": "*"});
    let accepted = reply(202, "").header("opc-work-request-id", "w1");
    let line = "POST objectstorage /n/ns/b/bk/actions/copyObject";
    check(async |s| s.start_copy("bk", &copy).await, accepted, line, &body, &[]).await;
    let (source, object, condition) = ("a".to_owned(), "b".to_owned(), Condition::Match("e2".into()));
    let rename = RenameObject { source, source_etag: Some("e1".into()), object, condition };
    let body = json!({"sourceName": "a", "newName": "b", "srcObjIfMatchETag": "e1", "newObjIfMatchETag": "e2"});
    let line = "POST objectstorage /n/ns/b/bk/actions/renameObject";
    check(async |s| s.rename("bk", &rename).await, stored(), line, &body, &[]).await;
}

#[tokio::test]
async fn rules_and_links() {
    let rule = LifecycleRule::delete_after_days("expire-90d", "results/", 90);
    let items = json!({"items": [{"name": "expire-90d", "target": "objects", "action": "DELETE", "timeAmount": 90,
        "timeUnit": "DAYS", "isEnabled": true, "objectNameFilter": {"inclusionPrefixes": ["results/"]}}]});
    let line = "PUT objectstorage /n/ns/b/bk/l";
    let call = async |s: ObjectStorage| s.put_lifecycle("bk", &[rule], &Condition::Absent).await;
    check(call, answer(&items), line, &items, &[("if-none-match", Some("*"))]).await;
    let par = NewPar {
        name: "share-42".into(),
        access_type: AccessType::ObjectRead,
        object_name: Some("r/x.csv".into()),
        time_expires: "2026-10-01T00:00:00Z".parse().unwrap(),
        bucket_listing_action: None,
    };
    let body = json!({"name": "share-42", "accessType": "ObjectRead", "objectName": "r/x.csv",
        "timeExpires": "2026-10-01T00:00:00.000000Z"});
    let made = answer(&json!({"id": "i", "name": "share-42", "accessType": "ObjectRead",
        "accessUri": "/p/canary-token/n/ns/b/bk/o/r/x.csv", "timeExpires": "2026-10-01T00:00:00Z"}));
    let line = "POST objectstorage /n/ns/b/bk/p";
    let call = async |s: ObjectStorage| {
        let par = s.create_par("bk", &par).await?;
        let link = "https://objectstorage.us-ashburn-1.oraclecloud.com/p/canary-token/n/ns/b/bk/o/r/x.csv";
        assert_eq!(par.full_path.as_ref().unwrap().expose(), link);
        assert!(!format!("{par:?}").contains("canary"));
        Ok(())
    };
    check(call, made, line, &body, &[]).await;
}

//! Object Storage beyond the object store.

use bytes::Bytes;
use causeway_oci_client::object_storage::{
    AccessType, Attributes, AutoTiering, BatchEntry, BucketField, ByteRange, Condition, GetObject, LifecycleRule,
    ListObjects, NewPar, NewUpload, Stretches, UpdateBucket,
};
use causeway_oci_emulator::Fault;
use futures_util::TryStreamExt;

use crate::cloud::Cloud;

#[tokio::test]
async fn a_body_that_breaks_is_continued() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let storage = bucket.storage();
    let body = Bytes::from((0..1_000_000_u32).map(|number| number as u8).collect::<Vec<_>>());
    storage.put("bk", "o", [body.clone()], &Attributes::default(), &Condition::None).await.unwrap();
    let cut = Fault::parse("service=objectstorage,operation=GetObject,cutBodyAfter=300000,times=3").unwrap();
    cloud.emulator.add_fault(cut);
    let found = storage.get("bk", "o", &GetObject::default()).await.unwrap();
    assert_eq!(found.bytes(1 << 20).await.unwrap(), body);
}

#[tokio::test]
async fn a_large_object_comes_in_stretches() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let storage = bucket.storage();
    let body = Bytes::from((0..1_000_003_u32).map(|number| (number / 7) as u8).collect::<Vec<_>>());
    storage.put("bk", "o", [body.clone()], &Attributes::default(), &Condition::None).await.unwrap();
    storage.put("bk", "empty", [Bytes::new()], &Attributes::default(), &Condition::None).await.unwrap();
    cloud.emulator.add_fault(Fault::parse("operation=GetObject,cutBodyAfter=30000,rate=0.5,times=8").unwrap());
    let stretches = Stretches { size: 100_000, parallel: 4 };
    let read = async |object: &str, range: Option<ByteRange>| {
        let options = GetObject { range, ..GetObject::default() };
        let found = storage.get_in_stretches("bk", object, &options, stretches).await.unwrap();
        let range = found.range.clone();
        let mut pieces: Vec<_> = found.into_stream().try_collect().await.unwrap();
        pieces.sort_by_key(|piece| piece.at);
        let mut end = range.start;
        for piece in &pieces {
            assert_eq!(piece.at, end);
            end += piece.bytes.len() as u64;
        }
        assert_eq!(end, range.end);
        pieces.into_iter().flat_map(|piece| piece.bytes).collect::<Vec<_>>()
    };
    assert!(read("o", None).await == body);
    assert!(read("o", Some(ByteRange::Between(99_990, 300_001))).await == body[99_990..300_001]);
    assert!(read("o", Some(ByteRange::Last(5))).await == body[999_998..]);
    assert!(read("empty", None).await.is_empty());
}

#[tokio::test]
async fn stretches_are_never_of_two_contents() {
    let (_cloud, bucket) = Cloud::with_bucket().await;
    let storage = bucket.storage();
    let put = async |byte: u8| {
        let body = [Bytes::from(vec![byte; 100_000])];
        storage.put("bk", "o", body, &Attributes::default(), &Condition::None).await.unwrap();
    };
    put(1).await;
    let stretches = Stretches { size: 10_000, parallel: 1 };
    let found = storage.get_in_stretches("bk", "o", &GetObject::default(), stretches).await.unwrap();
    let mut pieces = found.into_stream();
    let first = pieces.try_next().await.unwrap().unwrap();
    put(2).await;
    assert_eq!((first.at, first.bytes[0]), (0, 1));
    let rest: Result<Vec<_>, _> = pieces.try_collect().await;
    assert!(rest.unwrap_err().is_precondition_failed());
}

#[tokio::test]
async fn many_objects_are_deleted_at_once() {
    let (_cloud, bucket) = Cloud::with_bucket().await;
    let storage = bucket.storage();
    for name in ["a", "b/c", "kept"] {
        storage.put("bk", name, [Bytes::from("x")], &Attributes::default(), &Condition::None).await.unwrap();
    }
    let changed = BatchEntry { object_name: "kept".to_owned(), if_match: Some("other".to_owned()) };
    let batch = [BatchEntry::new("a"), BatchEntry::new("missing"), BatchEntry::new("b/c"), changed];
    let outcome = storage.delete_batch("bk", &batch).await.unwrap();
    let deleted: Vec<_> = outcome.deleted.iter().map(|done| done.object_name.as_str()).collect();
    let failed: Vec<_> = outcome.failed.iter().map(|fail| (fail.object_name.as_str(), fail.status_code)).collect();
    assert_eq!((deleted, failed), (vec!["a", "b/c"], vec![("missing", 404), ("kept", 412)]));
    let left: Vec<_> = storage.objects("bk", ListObjects::default()).try_collect().await.unwrap();
    assert_eq!(left.iter().map(|object| object.name.as_str()).collect::<Vec<_>>(), ["kept"]);
    for wrong in [vec![], vec![BatchEntry::new("x"); 1001]] {
        assert_eq!(storage.delete_batch("bk", &wrong).await.unwrap_err().tries(), 0);
    }
}

#[tokio::test]
async fn busy_services_are_asked_again() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let fault = Fault::parse("service=objectstorage,operation=PutObject,status=503,times=2").unwrap();
    cloud.emulator.add_fault(fault);
    let (storage, kept) = (bucket.storage(), Attributes::default());
    storage.put("bk", "o", [Bytes::from("x")], &kept, &Condition::None).await.unwrap();
    let error = storage.put("bk", "o", [Bytes::from("y")], &kept, &Condition::Absent).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(412), Some("IfNoneMatchFailed")));
    assert!(error.opc_request_id().is_some());
}

#[tokio::test]
async fn buckets_and_their_fields() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let storage = bucket.storage();
    storage.put("bk", "o", [Bytes::from("12345")], &Attributes::default(), &Condition::None).await.unwrap();
    let plain = storage.bucket("bk", &[]).await.unwrap();
    assert_eq!((plain.approximate_count, plain.approximate_size_bytes, plain.auto_tiering), (None, None, None));
    let changes = UpdateBucket { auto_tiering: Some(AutoTiering::InfrequentAccess), ..UpdateBucket::default() };
    storage.update_bucket("bk", &changes, Some(&plain.etag)).await.unwrap();
    let stale = storage.update_bucket("bk", &changes, Some("stale")).await.unwrap_err();
    assert!(stale.is_precondition_failed(), "{stale}");
    let all = [BucketField::ApproximateCount, BucketField::ApproximateSize, BucketField::AutoTiering];
    let full = storage.bucket("bk", &all).await.unwrap();
    let tiering = full.auto_tiering.as_deref();
    assert_eq!(
        (full.approximate_count, full.approximate_size_bytes, tiering),
        (Some(1), Some(5), Some("InfrequentAccess"))
    );
    let listed: Vec<_> = storage.buckets(&cloud.emulator.default_compartment()).try_collect().await.unwrap();
    assert_eq!(listed.iter().map(|bucket| bucket.name.as_str()).collect::<Vec<_>>(), ["bk"]);
}

#[tokio::test]
async fn rules_by_age() {
    let (_cloud, bucket) = Cloud::with_bucket().await;
    let storage = bucket.storage();
    assert!(storage.lifecycle("bk").await.unwrap_err().is_not_found());
    let rules = [LifecycleRule::delete_after_days("expire-90d", "results/", 90)];
    storage.put_lifecycle("bk", &rules, &Condition::Absent).await.unwrap();
    assert_eq!(storage.lifecycle("bk").await.unwrap().items, rules);
    storage.delete_lifecycle("bk").await.unwrap();
    assert!(storage.lifecycle("bk").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn links() {
    let (_cloud, bucket) = Cloud::with_bucket().await;
    let storage = bucket.storage();
    storage.put("bk", "r/x.csv", [Bytes::from("shared")], &Attributes::default(), &Condition::None).await.unwrap();
    let new = NewPar {
        name: "share-42".to_owned(),
        access_type: AccessType::ObjectRead,
        object_name: Some("r/x.csv".to_owned()),
        time_expires: jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1),
        bucket_listing_action: None,
    };
    let made = storage.create_par("bk", &new).await.unwrap();
    let link = made.full_path.as_ref().unwrap().expose().to_owned();
    let read = reqwest_text(&link).await;
    assert_eq!(read, (200, "shared".to_owned()));
    let listed: Vec<_> = storage.pars("bk", None).try_collect().await.unwrap();
    assert_eq!(listed, [storage.par("bk", &made.id).await.unwrap()]);
    storage.delete_par("bk", &made.id).await.unwrap();
    assert_eq!(reqwest_text(&link).await.0, 404);
}

/// Reads a link without any signature.
async fn reqwest_text(link: &str) -> (u16, String) {
    let variables: std::collections::HashMap<String, String> = std::collections::HashMap::new();
    let network = causeway_oci_auth::effects::HttpClient::new(&variables, &causeway_oci_auth::effects::SystemFiles);
    let answer = network.unwrap().services().get(link).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn uploads_are_listed_until_they_end() {
    let (_cloud, bucket) = Cloud::with_bucket().await;
    let storage = bucket.storage();
    let upload = storage.start_upload("bk", "a/b", &NewUpload::default()).await.unwrap();
    let id = &upload.upload_id;
    let part = storage.upload_part("bk", "a/b", id, 2, [Bytes::from("xyz")]).await.unwrap();
    let listed: Vec<_> = storage.uploads("bk").try_collect().await.unwrap();
    assert_eq!(listed.iter().map(|upload| &upload.upload_id).collect::<Vec<_>>(), [id]);
    let parts: Vec<_> = storage.parts("bk", "a/b", id).try_collect().await.unwrap();
    assert_eq!((parts[0].number, &parts[0].etag, parts[0].size), (2, &part.etag, Some(3)));
    storage.abort_upload("bk", "a/b", id).await.unwrap();
    assert!(storage.abort_upload("bk", "a/b", id).await.unwrap_err().is_not_found());
    assert_eq!(storage.uploads("bk").try_collect::<Vec<_>>().await.unwrap(), []);
}

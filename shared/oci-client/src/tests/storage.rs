//! The object store: what it sends, and what refusals mean.

use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error, GetOptions, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload,
    UpdateVersion,
};
use serde_json::json;

use super::world::{Reply, World, broken, json as answer, refusal, reply};
use crate::store::Bucket;

fn stored() -> Reply {
    reply(200, "").header("etag", "e").header("version-id", "v")
}

fn payload(pieces: &[&'static str]) -> PutPayload {
    pieces.iter().map(|piece| bytes::Bytes::from_static(piece.as_bytes())).collect()
}

#[tokio::test]
async fn conditional_writes() {
    let update = PutMode::Update(UpdateVersion { e_tag: Some("e0".into()), version: None });
    for (mode, status, code, expected) in [
        (PutMode::Create, 412, "IfNoneMatchFailed", "already exists"),
        (PutMode::Create, 409, "ConcurrentObjectUpdate", "already exists"),
        (update.clone(), 412, "IfMatchFailed", "precondition"),
        (update.clone(), 404, "ObjectNotFound", "precondition"),
        (update, 404, "BucketNotFound", "not found"),
        (PutMode::Overwrite, 404, "BucketNotFound", "not found"),
        (PutMode::Overwrite, 403, "NotAllowed", "denied"),
    ] {
        let world = World::new([refusal(status, code)]);
        let bucket = Bucket::new(world.storage(), "bk");
        let error = bucket.put_opts(&Path::from("o"), payload(&["x"]), mode.into()).await.unwrap_err();
        let found = match error {
            Error::AlreadyExists { .. } => "already exists",
            Error::Precondition { .. } => "precondition",
            Error::NotFound { .. } => "not found",
            Error::PermissionDenied { .. } => "denied",
            other => panic!("{other:?}"),
        };
        assert_eq!(found, expected, "{status} {code}");
    }
    let world = World::new(Vec::<Reply>::new());
    let mode = PutMode::Update(UpdateVersion { e_tag: None, version: Some("v".into()) });
    let bucket = Bucket::new(world.storage(), "bk");
    let error = bucket.put_opts(&Path::from("o"), payload(&["x"]), mode.into()).await.unwrap_err();
    assert!(matches!(error, Error::NotSupported { .. }), "{error:?}");
}

fn upload() -> Reply {
    answer(&json!({"uploadId": "u1", "object": "o"}))
}

#[tokio::test]
async fn a_large_body_goes_up_in_parts() {
    let world = World::new([upload(), stored(), stored()]);
    let bucket = Bucket::new(world.storage(), "bk").multipart_above(4).versioned();
    let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
    let done = bucket.put_opts(&Path::from("o"), payload(&["012", "345"]), options).await.unwrap();
    assert_eq!((done.e_tag.as_deref(), done.version.as_deref()), (Some("e"), Some("v")));
    let sent = world.sent();
    assert_eq!(sent[1].line, "PUT objectstorage /n/ns/b/bk/u/o?uploadId=u1&uploadPartNum=1");
    assert_eq!(sent[1].body, "012345");
    assert_eq!(sent[2].json(), json!({"partsToCommit": [{"partNum": 1, "etag": "e"}]}));
    assert!([0, 2].iter().all(|at| sent[*at].header("if-none-match") == Some("*")));
}

#[tokio::test(start_paused = true)]
async fn what_was_begun_is_dropped_unless_it_may_be_done() {
    let put = async |world: &std::sync::Arc<World>| {
        let bucket = Bucket::new(world.storage(), "bk").multipart_above(0);
        bucket.put_opts(&Path::from("o"), payload(&["x"]), PutMode::Create.into()).await.unwrap_err()
    };
    let last = |world: &World| world.lines().pop().unwrap();
    let world = World::new([upload(), stored(), refusal(412, "IfNoneMatchFailed"), reply(204, "")]);
    assert!(matches!(put(&world).await, Error::AlreadyExists { .. }));
    assert_eq!(last(&world), "DELETE objectstorage /n/ns/b/bk/u/o?uploadId=u1");
    let world = World::new([upload(), refusal(400, "InvalidParameter"), reply(204, "")]);
    assert!(matches!(put(&world).await, Error::Generic { .. }));
    assert!(last(&world).starts_with("DELETE"));
    let world = World::new([Ok(upload()), Ok(stored()), Err(broken())]);
    assert!(matches!(put(&world).await, Error::Generic { .. }));
    assert!(last(&world).starts_with("POST"));
}

#[tokio::test]
async fn lists() {
    let page = json!({"prefixes": ["p/f/"], "objects": [{"name": "p/"}, {"name": "p/a", "size": 3, "etag": "e",
        "timeModified": "2026-09-05T02:00:00.123Z"}]});
    let world = World::new([answer(&page), answer(&page)]);
    let bucket = Bucket::new(world.storage(), "bk");
    let prefix = Path::from("p");
    let found = bucket.list_with_delimiter(Some(&prefix)).await.unwrap();
    assert_eq!(found.common_prefixes, [Path::from("p/f")]);
    assert_eq!(found.objects.iter().map(|object| object.size).collect::<Vec<_>>(), [3]);
    let all: Vec<_> = bucket.list_with_offset(Some(&prefix), &Path::from("p/0")).try_collect().await.unwrap();
    assert_eq!(all[0].last_modified.timestamp_millis(), 1_788_573_600_123);
    let lines = world.lines();
    assert!(lines[0].contains("?prefix=p%2F&delimiter=%2F&fields=size%2Cetag%2CtimeModified&limit=1000"), "{lines:?}");
    assert!(lines[1].contains("?prefix=p%2F&startAfter=p%2F0&fields="), "{lines:?}");
    let world = World::new([answer(&json!({"objects": [{"name": "a"}]}))]);
    let all: Result<Vec<_>, _> = Bucket::new(world.storage(), "bk").list(None).try_collect().await;
    assert!(all.unwrap_err().to_string().contains("without a size"));
}

fn head(etag: &str) -> Reply {
    let modified = "Sat, 05 Sep 2026 02:00:00 GMT";
    reply(200, "abc").header("etag", etag).header("content-length", "3").header("last-modified", modified)
}

#[tokio::test]
async fn conditions_on_time_are_checked_before_reading() {
    let modified: chrono::DateTime<chrono::Utc> = "2026-09-05T02:00:00Z".parse().unwrap();
    let since = |time| GetOptions { if_modified_since: Some(time), ..GetOptions::default() };
    let world = World::new([head("e")]);
    let bucket = Bucket::new(world.storage(), "bk");
    let error = bucket.get_opts(&Path::from("o"), since(modified)).await.unwrap_err();
    assert!(matches!(error, Error::NotModified { .. }), "{error:?}");
    let world = World::new([head("e"), head("e")]);
    let bucket = Bucket::new(world.storage(), "bk");
    let earlier = modified - chrono::TimeDelta::seconds(1);
    let found = bucket.get_opts(&Path::from("o"), since(earlier)).await.unwrap();
    assert_eq!(found.bytes().await.unwrap(), "abc");
    assert_eq!(world.sent()[1].header("if-match"), Some("e"));
}

#[tokio::test(start_paused = true)]
async fn copies_are_waited_for() {
    let accepted = || reply(202, "").header("opc-work-request-id", "w1");
    let work = |status: &str| answer(&json!({"status": status, "operationType": "COPY_OBJECT"}));
    let (from, to) = (Path::from("a"), Path::from("b"));
    let world =
        World::new([accepted(), work("ACCEPTED").header("retry-after", "1"), work("IN_PROGRESS"), work("COMPLETED")]);
    Bucket::new(world.storage(), "bk").copy(&from, &to).await.unwrap();
    assert_eq!(world.lines()[1], "GET objectstorage /workRequests/w1");
    assert_eq!(world.slept().len(), 2);

    let create = || CopyOptions { mode: CopyMode::Create, ..CopyOptions::default() };
    let failed = || answer(&json!([{"code": "X", "message": "canary"}]));
    let world = World::new([accepted(), work("FAILED"), failed(), head("e")]);
    let error = Bucket::new(world.storage(), "bk").copy_opts(&from, &to, create()).await.unwrap_err();
    assert!(matches!(error, Error::AlreadyExists { .. }), "{error:?}");
    let world = World::new([accepted(), work("FAILED"), failed(), refusal(404, ""), refusal(404, "")]);
    let error = Bucket::new(world.storage(), "bk").copy_opts(&from, &to, create()).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
    let world = World::new([accepted(), work("CANCELED"), failed(), head("e")]);
    let error = Bucket::new(world.storage(), "bk").copy(&from, &to).await.unwrap_err();
    assert!(matches!(&error, Error::Generic { .. }) && error.to_string().contains("CANCELED; X"), "{error:?}");
    let world = World::new(std::iter::once(accepted()).chain((0..999).map(|_| work("IN_PROGRESS"))));
    let error = Bucket::new(world.storage(), "bk").copy(&from, &to).await.unwrap_err();
    assert!(error.to_string().contains("still under way"), "{error:?}");
}

//! The object store by the tests that the `object_store` crate has for implementations.

use std::sync::Arc;

use causeway_oci_client::object_storage::{CreateBucket, Versioning};
use object_store::ObjectStoreExt;
use object_store::integration::*;
use object_store::path::Path;

use crate::cloud::Cloud;

#[tokio::test]
async fn the_object_port() {
    let (_cloud, bucket) = Cloud::with_bucket().await;
    causeway_cloud::conformance::all(&bucket).await.unwrap();
}

#[tokio::test]
async fn reading_writing_listing() {
    let (_cloud, bucket) = Cloud::with_bucket().await;
    put_get_delete_list(&bucket).await;
    list_uses_directories_correctly(&bucket).await;
    list_with_delimiter(&bucket).await;
    list_with_offset_exclusivity(&bucket).await;
    list_paginated(&bucket, &bucket).await;
}

#[tokio::test]
async fn conditions() {
    let (_cloud, bucket) = Cloud::with_bucket().await;
    get_opts(&bucket).await;
    put_opts(&bucket, true).await;
}

#[tokio::test]
async fn older_versions() {
    let cloud = Cloud::new().await;
    let versioning = Some(Versioning::Enabled);
    let bucket = cloud.bucket(CreateBucket { name: "v".to_owned(), versioning, ..CreateBucket::default() }).await;
    get_opts(&bucket.versioned()).await;
}

#[tokio::test]
async fn attributes() {
    let (_cloud, bucket) = Cloud::with_bucket().await;
    put_get_attributes(&bucket).await;
}

#[tokio::test]
async fn copies_and_renames() {
    let (_cloud, bucket) = Cloud::with_bucket().await;
    rename_and_copy(&bucket).await;
    copy_if_not_exists(&bucket).await;
    copy_rename_nonexistent_object(&bucket).await;
}

#[tokio::test]
async fn parts() {
    let (_cloud, bucket) = Cloud::with_bucket().await;
    multipart(&bucket, &bucket).await;
    multipart_with_opts(&bucket, &bucket).await;
    multipart_put_part_out_of_order(&bucket, &bucket).await;
    multipart_out_of_order(&bucket).await;
    multipart_race_condition(&bucket, true).await;
}

#[tokio::test]
async fn streams() {
    let (_cloud, bucket) = Cloud::with_bucket().await;
    stream_get(&bucket).await;
}

#[tokio::test]
async fn missing_objects() {
    let (_cloud, bucket) = Cloud::with_bucket().await;
    for location in [None, Some(Path::from("does/not/exist"))] {
        let error = get_nonexistent_object(&bucket, location).await.unwrap_err();
        assert!(matches!(error, object_store::Error::NotFound { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_large_body_in_many_pieces() {
    let (_cloud, bucket) = Cloud::with_bucket().await;
    let bucket = Arc::new(bucket.multipart_above(1 << 20));
    let body: Vec<bytes::Bytes> = (0..40_u8).map(|byte| bytes::Bytes::from(vec![byte; 1 << 20])).collect();
    let at = Path::from("large");
    bucket.put(&at, body.iter().cloned().collect()).await.unwrap();
    let head = bucket.head(&at).await.unwrap();
    assert_eq!(head.size, 40 << 20);
    let read = bucket.get(&at).await.unwrap().bytes().await.unwrap();
    assert!(read == body.concat(), "another body came back");
}

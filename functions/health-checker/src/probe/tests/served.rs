//! Objects of a storage that has a second side.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use causeway_cloud::object_store::memory::InMemory;
use causeway_cloud::object_store::path::Path;
use causeway_cloud::object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};
use causeway_resilience::fallback::{Link, ServedBy};
use futures_util::stream::BoxStream;

use super::*;

/// A storage that says who answered.
#[derive(Debug)]
struct Sided(InMemory, Link);

impl fmt::Display for Sided {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("sided")
    }
}

#[async_trait]
impl ObjectStore for Sided {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.0.put_opts(at, payload, options).await
    }

    async fn put_multipart_opts(&self, at: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        let mut found = self.0.get_opts(at, options).await?;
        found.extensions.insert(ServedBy { link: self.1, name: "second-s3".to_owned(), age_ms: None });
        Ok(found)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}

#[tokio::test]
async fn an_object_that_the_second_side_gave_is_no_pass() {
    for (link, expected) in
        [(Link::Primary, PASS), (Link::Secondary, (Verdict::Degraded, Some("second_side".to_owned())))]
    {
        let mut world = World::new();
        world.objects = Arc::new(Sided(InMemory::new(), link));
        world.put("export.csv", b"x").await;
        assert_eq!(look(&world, json!({"object": {"name": "export.csv"}})).await, expected, "{link:?}");
    }
}

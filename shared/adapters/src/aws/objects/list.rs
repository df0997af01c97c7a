//! Listing, page by page as it is asked for.

use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::Object;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{Error, ListResult, ObjectMeta, Result};

use super::Bucket;
use super::error::{failed, unexpected};
use super::read::meta;

/// Everything below `prefix`, after `offset` in byte order.
pub(super) fn all(
    bucket: &Bucket,
    prefix: Option<&Path>,
    offset: Option<&Path>,
) -> BoxStream<'static, Result<ObjectMeta>> {
    let query =
        Query { bucket: bucket.clone(), prefix: folder_prefix(prefix), delimiter: None, offset: offset.cloned() };
    let pages = query.pages().map_ok(|page| {
        let objects = page.contents.unwrap_or_default().into_iter();
        stream::iter(objects.filter_map(|object| object_meta(object).transpose()))
    });
    pages.try_flatten().boxed()
}

/// Objects and folders directly below `prefix`.
pub(super) async fn folder(bucket: &Bucket, prefix: Option<&Path>) -> Result<ListResult> {
    let query =
        Query { bucket: bucket.clone(), prefix: folder_prefix(prefix), delimiter: Some("/".to_owned()), offset: None };
    let pages: Vec<_> = query.pages().try_collect().await?;
    let mut found = ListResult { common_prefixes: Vec::new(), objects: Vec::new(), extensions: Default::default() };
    for page in pages {
        for folder in page.common_prefixes.unwrap_or_default().into_iter().filter_map(|folder| folder.prefix) {
            found.common_prefixes.push(parse(&folder)?);
        }
        for object in page.contents.unwrap_or_default() {
            found.objects.extend(object_meta(object)?);
        }
    }
    Ok(found)
}

struct Query {
    bucket: Bucket,
    prefix: Option<String>,
    delimiter: Option<String>,
    offset: Option<Path>,
}

impl Query {
    fn pages(self) -> BoxStream<'static, Result<ListObjectsV2Output>> {
        let first = Some((self, None));
        let pages = stream::try_unfold(first, async |at| {
            let Some((query, token)) = at else { return Ok::<_, Error>(None) };
            let page = query.page(token).await?;
            let next = page.next_continuation_token.clone().map(|token| (query, Some(token)));
            Ok(Some((page, next)))
        });
        pages.fuse().boxed()
    }

    async fn page(&self, token: Option<String>) -> Result<ListObjectsV2Output> {
        let list = self.bucket.client().await.list_objects_v2().bucket(self.bucket.name());
        let list = list.set_prefix(self.prefix.clone()).set_delimiter(self.delimiter.clone());
        let list = list.set_start_after(self.offset.as_ref().map(ToString::to_string)).set_continuation_token(token);
        let at = Path::from(self.prefix.clone().unwrap_or_default());
        list.send().await.map_err(|error| failed(&at, error))
    }
}

/// A prefix is whole segments: `a/b` means what lies below `a/b/`.
fn folder_prefix(prefix: Option<&Path>) -> Option<String> {
    prefix.filter(|prefix| !prefix.as_ref().is_empty()).map(|prefix| format!("{prefix}/"))
}

/// `None` for the marker of a folder, whose name ends with a slash.
fn object_meta(object: Object) -> Result<Option<ObjectMeta>> {
    let key = object.key.ok_or_else(|| unexpected("an object without a name"))?;
    if key.ends_with('/') {
        return Ok(None);
    }
    let size =
        object.size.and_then(|size| u64::try_from(size).ok()).ok_or_else(|| unexpected("an object without a size"))?;
    meta(&parse(&key)?, size, object.last_modified, object.e_tag, None).map(Some)
}

fn parse(key: &str) -> Result<Path> {
    Path::parse(key).map_err(|source| Error::InvalidPath { source })
}

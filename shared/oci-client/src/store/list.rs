//! Listing, page by page as it is asked for.

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::list::{PaginatedListOptions, PaginatedListResult, PaginatedListStore};
use object_store::path::Path;
use object_store::{Error, ListResult, ObjectMeta, Result};

use super::Bucket;
use super::error::{failed, unexpected, unsupported};
use super::read::moment;
use crate::object_storage::{ListObjects, ObjectField, ObjectPage, ObjectSummary};

const FIELDS: [ObjectField; 3] = [ObjectField::Size, ObjectField::Etag, ObjectField::TimeModified];
/// The service's most.
const PAGE: u16 = 1000;

/// Everything below `prefix`, after `offset` in byte order.
pub(super) fn all(
    bucket: &Bucket,
    prefix: Option<&Path>,
    offset: Option<&Path>,
) -> BoxStream<'static, Result<ObjectMeta>> {
    let list = ListObjects { start_after: offset.map(ToString::to_string), ..below(prefix) };
    let at = prefix.cloned().unwrap_or_default();
    let pages = bucket.storage.pages(&bucket.name, list).map_err(move |error| failed(&at, error));
    let objects = pages
        .map_ok(|page| stream::iter(page.objects.into_iter().filter_map(|object| object_meta(object).transpose())));
    objects.try_flatten().boxed()
}

/// Objects and folders directly below `prefix`.
pub(super) async fn folder(bucket: &Bucket, prefix: Option<&Path>) -> Result<ListResult> {
    let list = ListObjects { by_folder: true, ..below(prefix) };
    let at = prefix.cloned().unwrap_or_default();
    let mut pages = bucket.storage.pages(&bucket.name, list);
    let mut found = nothing();
    while let Some(page) = pages.next().await {
        add(&mut found, page.map_err(|error| failed(&at, error))?)?;
    }
    Ok(found)
}

/// Pages that are asked for one by one, by a token that needs no memory of the page before.
#[async_trait]
impl PaginatedListStore for Bucket {
    async fn list_paginated(&self, prefix: Option<&str>, opts: PaginatedListOptions) -> Result<PaginatedListResult> {
        if opts.delimiter.as_deref().is_some_and(|delimiter| delimiter != "/") {
            return Err(unsupported("another delimiter than \"/\""));
        }
        let start_after = opts.offset.filter(|_| opts.page_token.is_none());
        let page_size = opts.max_keys.map_or(PAGE, |most| u16::try_from(most).unwrap_or(PAGE).min(PAGE));
        let list = ListObjects {
            prefix: prefix.map(str::to_owned),
            start: opts.page_token,
            start_after,
            by_folder: opts.delimiter.is_some(),
            page_size: Some(page_size),
            ..below(None)
        };
        let page = self.storage.page(&self.name, &list).await;
        let page = page.map_err(|error| failed(&Path::from(prefix.unwrap_or_default()), error))?;
        let (page_token, mut result) = (page.next_start().map(str::to_owned), nothing());
        add(&mut result, page)?;
        Ok(PaginatedListResult { result, page_token })
    }
}

fn nothing() -> ListResult {
    ListResult { common_prefixes: Vec::new(), objects: Vec::new(), extensions: Default::default() }
}

fn add(found: &mut ListResult, page: ObjectPage) -> Result<()> {
    for folder in page.prefixes() {
        found.common_prefixes.push(parse(folder)?);
    }
    for object in page.objects {
        found.objects.extend(object_meta(object)?);
    }
    Ok(())
}

/// A prefix is whole segments: `a/b` means what lies below `a/b/`.
fn below(prefix: Option<&Path>) -> ListObjects {
    let prefix = prefix.filter(|prefix| !prefix.as_ref().is_empty()).map(|prefix| format!("{prefix}/"));
    ListObjects { prefix, fields: FIELDS.to_vec(), page_size: Some(PAGE), ..ListObjects::default() }
}

/// `None` for the marker of a folder, whose name ends with a slash.
fn object_meta(object: ObjectSummary) -> Result<Option<ObjectMeta>> {
    if object.name.ends_with('/') {
        return Ok(None);
    }
    let size = object.size.ok_or_else(|| unexpected("a listed object without a size"))?;
    let modified = object.time_modified.and_then(moment);
    let last_modified = modified.ok_or_else(|| unexpected("a listed object without a time of change"))?;
    Ok(Some(ObjectMeta { location: parse(&object.name)?, last_modified, size, e_tag: object.etag, version: None }))
}

fn parse(name: &str) -> Result<Path> {
    Path::parse(name).map_err(|source| Error::InvalidPath { source })
}

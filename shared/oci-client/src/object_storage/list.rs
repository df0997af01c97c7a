//! Lists of objects.

use causeway_oci_auth::encode::Query;
use causeway_oci_auth::page::Pages;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use http::Method;
use jiff::Timestamp;
use serde::Deserialize;

use super::ObjectStorage;
use crate::Error;

/// Members of a listed object beyond its name; they come back only when they are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectField {
    /// [`ObjectSummary::size`].
    Size,
    /// [`ObjectSummary::etag`].
    Etag,
    /// [`ObjectSummary::md5`].
    Md5,
    /// [`ObjectSummary::time_created`].
    TimeCreated,
    /// [`ObjectSummary::time_modified`].
    TimeModified,
    /// [`ObjectSummary::storage_tier`].
    StorageTier,
    /// [`ObjectSummary::archival_state`].
    ArchivalState,
}

impl ObjectField {
    const fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Etag => "etag",
            Self::Md5 => "md5",
            Self::TimeCreated => "timeCreated",
            Self::TimeModified => "timeModified",
            Self::StorageTier => "storageTier",
            Self::ArchivalState => "archivalState",
        }
    }
}

/// Which objects are listed.
#[derive(Debug, Clone, Default)]
pub struct ListObjects {
    /// Only names that start so.
    pub prefix: Option<String>,
    /// Only names from this one on.
    pub start: Option<String>,
    /// Only names after this one.
    pub start_after: Option<String>,
    /// Only names before this one.
    pub end: Option<String>,
    /// Whether what follows the next `/` after the prefix is left out; its beginnings are [`ObjectPage::prefixes`].
    pub by_folder: bool,
    /// Members to fill.
    pub fields: Vec<ObjectField>,
    /// Objects per page, up to 1000.
    pub page_size: Option<u16>,
}

/// A listed object. Only the name is always there.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectSummary {
    /// Its name.
    pub name: String,
    /// Size in bytes.
    pub size: Option<u64>,
    /// Names its content.
    pub etag: Option<String>,
    /// MD5 of the body in base64.
    pub md5: Option<String>,
    /// When it was made.
    pub time_created: Option<Timestamp>,
    /// When it was written last.
    pub time_modified: Option<Timestamp>,
    /// `Standard`, `InfrequentAccess` or `Archive`.
    pub storage_tier: Option<String>,
    /// `Archived`, `Restoring` or `Restored`.
    pub archival_state: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectPage {
    /// The objects, by name.
    pub objects: Vec<ObjectSummary>,
    /// With [`ListObjects::by_folder`]: beginnings of names up to a slash, that slash included.
    #[serde(default)]
    prefixes: Option<Vec<String>>,
    next_start_with: Option<String>,
}

impl ObjectPage {
    /// With [`ListObjects::by_folder`]: beginnings of names up to a slash, that slash included.
    #[must_use]
    pub fn prefixes(&self) -> &[String] {
        self.prefixes.as_deref().unwrap_or_default()
    }

    /// Where the next page starts; nothing at the end. A page without objects is not the end.
    #[must_use]
    pub fn next_start(&self) -> Option<&str> {
        self.next_start_with.as_deref().filter(|start| !start.is_empty())
    }
}

impl ObjectStorage {
    /// One page of `ListObjects`.
    ///
    /// # Errors
    /// [`Error`]; 404 without the bucket.
    pub async fn page(&self, bucket: &str, list: &ListObjects) -> Result<ObjectPage, Error> {
        let fields: Vec<_> = list.fields.iter().map(|field| field.name()).collect();
        let fields = (!fields.is_empty()).then(|| fields.join(","));
        let limit = list.page_size.map(|limit| limit.to_string());
        let query = Query::new().maybe("prefix", list.prefix.as_deref()).maybe("start", list.start.as_deref());
        let query = query.maybe("startAfter", list.start_after.as_deref()).maybe("end", list.end.as_deref());
        let query = query.maybe("delimiter", list.by_folder.then_some("/"));
        let query = query.maybe("fields", fields.as_deref()).maybe("limit", limit.as_deref());
        let ask = self.ask("ListObjects", Method::GET, "/b/{b}/o", &[("b", bucket)]).await?;
        let answer = ask.query(&query).send().await?;
        let page: ObjectPage = answer.json()?;
        // The same start again would never end.
        let mut walk = Pages::default();
        let _ = walk.turn(list.start.as_deref());
        walk.turn(page.next_start()).map_err(|error| answer.unusable(error.to_string()))?;
        Ok(page)
    }

    /// All pages of `ListObjects`, one at a time.
    #[must_use]
    pub fn pages(&self, bucket: &str, list: ListObjects) -> BoxStream<'static, Result<ObjectPage, Error>> {
        let first = Some((self.clone(), bucket.to_owned(), list));
        let pages = stream::try_unfold(first, async |at| {
            let Some((storage, bucket, mut list)) = at else { return Ok::<_, Error>(None) };
            let page = storage.page(&bucket, &list).await?;
            let next = page.next_start().map(str::to_owned);
            let next = next.map(|start| {
                (list.start, list.start_after) = (Some(start), None);
                (storage, bucket, list)
            });
            Ok(Some((page, next)))
        });
        pages.fuse().boxed()
    }

    /// All objects of `ListObjects`, with one page in memory at a time.
    #[must_use]
    pub fn objects(&self, bucket: &str, list: ListObjects) -> BoxStream<'static, Result<ObjectSummary, Error>> {
        let pages = self.pages(bucket, list).map_ok(|page| stream::iter(page.objects.into_iter().map(Ok)));
        pages.try_flatten().boxed()
    }
}

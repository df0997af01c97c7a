//! Buckets.

use std::collections::BTreeMap;

use causeway_oci_auth::encode::Query;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ObjectStorage;
use crate::{Error, pages};

/// Members of a bucket that come back only when they are asked for, and lag behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BucketField {
    /// [`Bucket::approximate_count`].
    ApproximateCount,
    /// [`Bucket::approximate_size_bytes`].
    ApproximateSize,
    /// [`Bucket::auto_tiering`].
    AutoTiering,
}

impl BucketField {
    const fn name(self) -> &'static str {
        match self {
            Self::ApproximateCount => "approximateCount",
            Self::ApproximateSize => "approximateSize",
            Self::AutoTiering => "autoTiering",
        }
    }
}

/// Whether objects move between Standard and InfrequentAccess by their use. Objects of up to 1 MiB never do, and
/// none is moved to Archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AutoTiering {
    /// They do not.
    Disabled,
    /// They do. Not together with a lifecycle rule that moves objects to InfrequentAccess.
    InfrequentAccess,
}

/// Whether older versions of objects are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Versioning {
    /// They are.
    Enabled,
    /// They were; what is there stays.
    Suspended,
    /// They never were.
    Disabled,
}

/// A bucket.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    /// OCID.
    pub id: Option<String>,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// OCID of its compartment.
    pub compartment_id: String,
    /// Its metadata, of up to 4 KB.
    #[serde(default)]
    pub metadata: Option<BTreeMap<String, String>>,
    /// When it was made.
    pub time_created: Timestamp,
    /// For conditional changes of the bucket.
    pub etag: String,
    /// `NoPublicAccess`, `ObjectRead` or `ObjectReadWithoutList`.
    pub public_access_type: Option<String>,
    /// Tier of new objects: `Standard` or `Archive`.
    pub storage_tier: Option<String>,
    /// Whether older versions are kept.
    pub versioning: Option<String>,
    /// Whether it cannot be written to.
    pub is_read_only: Option<bool>,
    /// Number of objects, late; only with [`BucketField::ApproximateCount`].
    pub approximate_count: Option<u64>,
    /// Size of all objects in bytes, late; only with [`BucketField::ApproximateSize`].
    #[serde(rename = "approximateSize")]
    pub approximate_size_bytes: Option<u64>,
    /// Auto-tiering, such as `InfrequentAccess`; only with [`BucketField::AutoTiering`].
    pub auto_tiering: Option<String>,
    /// Names the lifecycle policy's state; absent without a policy.
    pub object_lifecycle_policy_etag: Option<String>,
}

/// A bucket in a list. It never has a size.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BucketSummary {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// OCID of its compartment.
    pub compartment_id: String,
    /// When it was made.
    pub time_created: Timestamp,
    /// For conditional changes of the bucket.
    pub etag: String,
}

/// A bucket to be made. What is absent is the service's default.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateBucket {
    /// Its name.
    pub name: String,
    /// OCID of its compartment.
    pub compartment_id: String,
    /// Older versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versioning: Option<Versioning>,
    /// Auto-tiering.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_tiering: Option<AutoTiering>,
    /// Whether changes of objects are events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_events_enabled: Option<bool>,
    /// Free-form tags.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub freeform_tags: BTreeMap<String, String>,
}

/// Changes of a bucket. What is absent stays.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateBucket {
    /// Older versions; `Disabled` is for new buckets only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versioning: Option<Versioning>,
    /// Auto-tiering.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_tiering: Option<AutoTiering>,
    /// Whether changes of objects are events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_events_enabled: Option<bool>,
}

impl ObjectStorage {
    /// `GetBucket`, with the members that are asked for.
    ///
    /// # Errors
    /// [`Error`]; 404 when there is none or it is not to be seen.
    pub async fn bucket(&self, bucket: &str, fields: &[BucketField]) -> Result<Bucket, Error> {
        let fields: Vec<_> = fields.iter().map(|field| field.name()).collect();
        let fields = (!fields.is_empty()).then(|| fields.join(","));
        let ask = self.ask("GetBucket", Method::GET, "/b/{b}", &[("b", bucket)]).await?;
        ask.query(&Query::new().maybe("fields", fields.as_deref())).send().await?.json()
    }

    /// `CreateBucket`.
    ///
    /// # Errors
    /// [`Error`]; 409 `BucketAlreadyExists`.
    pub async fn create_bucket(&self, bucket: &CreateBucket) -> Result<Bucket, Error> {
        self.ask("CreateBucket", Method::POST, "/b", &[]).await?.json(bucket).send().await?.json()
    }

    /// `UpdateBucket`, which is a POST. With `if_match` only while the bucket's etag is that one.
    ///
    /// # Errors
    /// [`Error`]; 412 when the condition does not hold.
    pub async fn update_bucket(
        &self,
        bucket: &str,
        changes: &UpdateBucket,
        if_match: Option<&str>,
    ) -> Result<Bucket, Error> {
        let ask = self.ask("UpdateBucket", Method::POST, "/b/{b}", &[("b", bucket)]).await?;
        ask.header("if-match", if_match).json(changes).send().await?.json()
    }

    /// `DeleteBucket`. It must be empty: no objects, uploads or pre-authenticated requests.
    ///
    /// # Errors
    /// [`Error`]; 409 `BucketNotEmpty`.
    pub async fn delete_bucket(&self, bucket: &str) -> Result<(), Error> {
        self.ask("DeleteBucket", Method::DELETE, "/b/{b}", &[("b", bucket)]).await?.send().await.map(drop)
    }

    /// `ListBuckets` of a compartment.
    #[must_use]
    pub fn buckets(&self, compartment_id: &str) -> BoxStream<'static, Result<BucketSummary, Error>> {
        let (storage, query) = (self.clone(), Query::new().text("compartmentId", compartment_id));
        let listed = async move {
            let namespace = storage.namespace().await?.to_owned();
            let ask = move || storage.ask_in(&namespace, "ListBuckets", Method::GET, "/b", &[]);
            Ok::<_, Error>(pages::by_header(query, ask))
        };
        stream::once(listed).try_flatten().boxed()
    }
}

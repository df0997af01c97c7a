//! Object Storage.
//!
//! Paths, members and headers as in Oracle's Object Storage API. Names of objects may hold any text but a path
//! segment of dots alone; slashes in them travel as `%2F`, as Oracle's SDKs do it.

mod batch;
mod bucket;
mod copy;
mod digest;
mod download;
mod lifecycle;
mod list;
mod multipart;
mod object;
mod par;
mod ranges;

use http::Method;

pub use batch::{BatchDeleted, BatchEntry, BatchFailure, BatchOutcome, MAX_BATCH};
pub use bucket::{AutoTiering, Bucket, BucketField, BucketSummary, CreateBucket, UpdateBucket, Versioning};
pub use copy::{CopyObject, RenameObject, WorkReport, WorkRequest};
pub use download::Download;
pub use lifecycle::{LifecycleAction, LifecyclePolicy, LifecycleRule, NameFilter, TimeUnit};
pub use list::{ListObjects, ObjectField, ObjectPage, ObjectSummary};
pub use multipart::{NewUpload, Part, Upload, UploadedPart};
pub use object::{Attributes, ByteRange, Condition, GetObject, ObjectHead, Stored};
pub use par::{AccessType, NewPar, Par, ParSummary};
pub use ranges::{Piece, RangedDownload, Stretches};

use crate::ask::Ask;
use crate::site::Site;
use crate::{Client, Error};

/// Calls of Object Storage in one namespace.
#[derive(Debug, Clone)]
pub struct ObjectStorage {
    client: Client,
    namespace: Option<String>,
}

impl Client {
    /// Object Storage in the namespace of the principal's tenancy, which is asked for at the first call.
    #[must_use]
    pub fn object_storage(&self) -> ObjectStorage {
        ObjectStorage { client: self.clone(), namespace: None }
    }
}

impl ObjectStorage {
    /// The same in another namespace.
    #[must_use]
    pub fn in_namespace(&self, namespace: &str) -> Self {
        Self { client: self.client.clone(), namespace: Some(namespace.to_owned()) }
    }

    /// The same on a client with other settings, such as a deadline.
    #[must_use]
    pub fn on(&self, client: &Client) -> Self {
        Self { client: client.clone(), namespace: self.namespace.clone() }
    }

    /// The client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The namespace.
    ///
    /// # Errors
    /// [`Error`] of `GetNamespace`, when it has to be asked for.
    pub async fn namespace(&self) -> Result<&str, Error> {
        match &self.namespace {
            Some(namespace) => Ok(namespace),
            None => self.client.namespace().await,
        }
    }

    /// A request below `/n/{namespace}`.
    async fn ask(
        &self,
        operation: &'static str,
        method: Method,
        template: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Ask, Error> {
        let namespace = self.namespace().await?;
        Ok(self.ask_in(namespace, operation, method, template, parameters))
    }

    fn ask_in(
        &self,
        namespace: &str,
        operation: &'static str,
        method: Method,
        template: &str,
        parameters: &[(&str, &str)],
    ) -> Ask {
        let ask = self.client.ask(Site::Namespace(namespace.to_owned()), operation, method);
        let parameters: Vec<_> = [("n", namespace)].into_iter().chain(parameters.iter().copied()).collect();
        ask.path(&format!("/n/{{n}}{template}"), &parameters)
    }
}

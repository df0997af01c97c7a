//! Pre-authenticated requests: links that work without a signature, and so are secrets.

use causeway_oci_auth::Secret;
use causeway_oci_auth::encode::Query;
use causeway_resilience::retry::Idempotency;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::ObjectStorage;
use crate::{Error, pages, time};

/// What a link allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccessType {
    /// Reading one object.
    ObjectRead,
    /// Writing one object.
    ObjectWrite,
    /// Both.
    ObjectReadWrite,
    /// Reading all objects whose names start so.
    AnyObjectRead,
    /// Writing all objects whose names start so.
    AnyObjectWrite,
    /// Both.
    AnyObjectReadWrite,
}

/// A link to be made.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewPar {
    /// A name for people.
    pub name: String,
    /// What it allows.
    pub access_type: AccessType,
    /// The object; with the `Any` types a beginning of names. Absent for the whole bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_name: Option<String>,
    /// When it stops to work.
    #[serde(serialize_with = "time::write")]
    pub time_expires: Timestamp,
    /// `Deny` or `ListObjects`, the latter for reading with the `Any` types.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket_listing_action: Option<String>,
}

/// A new link. The service shows the link only here.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Par {
    /// For getting and deleting it. It is no secret.
    pub id: String,
    /// The link without scheme and host: `/p/...`.
    #[serde(deserialize_with = "secret")]
    pub access_uri: Secret,
    /// The whole link.
    #[serde(default, deserialize_with = "some_secret")]
    pub full_path: Option<Secret>,
    /// When it stops to work.
    pub time_expires: Timestamp,
}

/// A link in a list, without its secret.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParSummary {
    /// For deleting it.
    pub id: String,
    /// The name for people.
    pub name: String,
    /// What it allows.
    pub access_type: String,
    /// The object or beginning of names.
    pub object_name: Option<String>,
    /// When it stops to work.
    pub time_expires: Timestamp,
    /// When it was made.
    pub time_created: Timestamp,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

fn some_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Secret::new))
}

const PAR: &str = "/b/{b}/p/{p}";

impl ObjectStorage {
    /// `CreatePreauthenticatedRequest`. Not repeated when its fate is unknown: nobody would know of the first link.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn create_par(&self, bucket: &str, par: &NewPar) -> Result<Par, Error> {
        let ask = self.ask("CreatePreauthenticatedRequest", Method::POST, "/b/{b}/p", &[("b", bucket)]).await?;
        let mut made: Par = ask.idempotency(Idempotency::NotIdempotent).json(par).send().await?.json()?;
        if made.full_path.is_none() {
            // Older answers have no complete link.
            let site = crate::site::Site::Namespace(self.namespace().await?.to_owned());
            let base = self.client.base(&site).await.ok();
            made.full_path = base.map(|base| Secret::new(format!("{base}{}", made.access_uri.expose())));
        }
        Ok(made)
    }

    /// `GetPreauthenticatedRequest`, without the link.
    ///
    /// # Errors
    /// [`Error`]; 404 when it was deleted.
    pub async fn par(&self, bucket: &str, id: &str) -> Result<ParSummary, Error> {
        let ask = self.ask("GetPreauthenticatedRequest", Method::GET, PAR, &[("b", bucket), ("p", id)]).await?;
        ask.send().await?.json()
    }

    /// `DeletePreauthenticatedRequest`: the link stops to work.
    ///
    /// # Errors
    /// [`Error`]; 404 when there is none.
    pub async fn delete_par(&self, bucket: &str, id: &str) -> Result<(), Error> {
        let ask = self.ask("DeletePreauthenticatedRequest", Method::DELETE, PAR, &[("b", bucket), ("p", id)]).await?;
        ask.send().await.map(drop)
    }

    /// `ListPreauthenticatedRequests`, with one beginning of object names if given.
    #[must_use]
    pub fn pars(&self, bucket: &str, prefix: Option<&str>) -> BoxStream<'static, Result<ParSummary, Error>> {
        let (storage, bucket) = (self.clone(), bucket.to_owned());
        let query = Query::new().maybe("objectNamePrefix", prefix);
        let listed = async move {
            let namespace = storage.namespace().await?.to_owned();
            let ask = move || {
                let parameters = [("b", bucket.as_str())];
                storage.ask_in(&namespace, "ListPreauthenticatedRequests", Method::GET, "/b/{b}/p", &parameters)
            };
            Ok::<_, Error>(pages::by_header(query, ask))
        };
        stream::once(listed).try_flatten().boxed()
    }
}

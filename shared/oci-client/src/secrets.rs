//! Secrets: reading what a vault keeps.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use causeway_oci_auth::encode::Query;
use causeway_oci_auth::endpoint::Service;
use causeway_resilience::retry::Idempotency;
use http::Method;
use jiff::Timestamp;
use serde::Deserialize;

use crate::answer::Answer;
use crate::ask::Ask;
use crate::site::Site;
use crate::{Client, Error};

/// Calls of Secrets.
#[derive(Debug, Clone)]
pub struct Secrets {
    client: Client,
}

impl Client {
    /// Secrets.
    #[must_use]
    pub fn secrets(&self) -> Secrets {
        Secrets { client: self.clone() }
    }
}

/// Which version of a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SecretVersion {
    /// The one in use.
    #[default]
    Current,
    /// The one that is prepared.
    Pending,
    /// The newest.
    Latest,
    /// The one that was in use before.
    Previous,
    /// By its number.
    Number(u64),
    /// By its name.
    Named(String),
}

impl SecretVersion {
    fn query(&self, query: Query) -> Query {
        match self {
            Self::Current => query.text("stage", "CURRENT"),
            Self::Pending => query.text("stage", "PENDING"),
            Self::Latest => query.text("stage", "LATEST"),
            Self::Previous => query.text("stage", "PREVIOUS"),
            Self::Number(number) => query.text("versionNumber", &number.to_string()),
            Self::Named(name) => query.text("secretVersionName", name),
        }
    }
}

/// A secret's content. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretBundle {
    /// OCID of the secret.
    pub secret_id: String,
    /// Number of the version.
    pub version_number: Option<u64>,
    /// Stages of the version, such as `CURRENT`.
    pub stages: Vec<String>,
    /// When it runs out, when it does.
    pub time_of_expiry: Option<Timestamp>,
    content: Vec<u8>,
}

impl SecretBundle {
    /// The content, decoded.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.content
    }

    /// The content as text, when it is UTF-8.
    #[must_use]
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.content).ok()
    }
}

impl fmt::Debug for SecretBundle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("SecretBundle");
        shown.field("secret_id", &self.secret_id).field("version_number", &self.version_number);
        shown.field("stages", &self.stages).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    secret_id: String,
    version_number: Option<u64>,
    stages: Option<Vec<String>>,
    time_of_expiry: Option<Timestamp>,
    secret_bundle_content: Option<Content>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    content_type: String,
    content: Option<String>,
}

impl Secrets {
    /// `GetSecretBundle`.
    ///
    /// # Errors
    /// [`Error`]; 404 when there is none or it is not to be read.
    pub async fn bundle(&self, secret_id: &str, version: &SecretVersion) -> Result<SecretBundle, Error> {
        let ask = self.ask("GetSecretBundle", Method::GET).path("/secretbundles/{s}", &[("s", secret_id)]);
        read(&ask.query(&version.query(Query::new())).send().await?)
    }

    /// `GetSecretBundleByName`, which is a POST without a body.
    ///
    /// # Errors
    /// As [`bundle`](Self::bundle).
    pub async fn bundle_by_name(
        &self,
        vault_id: &str,
        name: &str,
        version: &SecretVersion,
    ) -> Result<SecretBundle, Error> {
        let query = Query::new().text("secretName", name).text("vaultId", vault_id);
        let ask = self.ask("GetSecretBundleByName", Method::POST).path("/secretbundles/actions/getByName", &[]);
        let ask = ask.query(&version.query(query)).idempotency(Idempotency::Idempotent);
        read(&ask.send().await?)
    }

    fn ask(&self, operation: &'static str, method: Method) -> Ask {
        self.client.ask(Site::Known(Service::Secrets), operation, method)
    }
}

/// No part of the content gets into an error.
fn read(answer: &Answer) -> Result<SecretBundle, Error> {
    let wire: Wire = answer.json()?;
    let content = wire.secret_bundle_content.ok_or_else(|| answer.unusable("the bundle has no content"))?;
    if content.content_type != "BASE64" {
        return Err(answer.unusable("the bundle's content is of an unknown type"));
    }
    let text = content.content.ok_or_else(|| answer.unusable("the bundle has no content"))?;
    let content = BASE64_STANDARD.decode(&text).map_err(|_| answer.unusable("the bundle's content is no base64"))?;
    let (stages, time_of_expiry) = (wire.stages.unwrap_or_default(), wire.time_of_expiry);
    Ok(SecretBundle { secret_id: wire.secret_id, version_number: wire.version_number, stages, time_of_expiry, content })
}

//! Lifecycle policies: what happens to objects by their age.

use http::Method;
use serde::{Deserialize, Serialize};

use super::{Condition, ObjectStorage};
use crate::Error;

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LifecycleAction {
    /// Moves to the Archive tier.
    Archive,
    /// Moves to the InfrequentAccess tier. Not together with auto-tiering.
    InfrequentAccess,
    /// Deletes.
    Delete,
    /// Drops uploads that were not finished.
    Abort,
}

/// Unit of a rule's age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TimeUnit {
    /// Days, which end at midnight UTC.
    Days,
    /// Years of 365.2425 days.
    Years,
}

/// Names that a rule is for: those of an inclusion, if there is one, without those of an exclusion.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NameFilter {
    /// Beginnings of names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inclusion_prefixes: Option<Vec<String>>,
    /// Patterns with `*`, `?` and `[..]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inclusion_patterns: Option<Vec<String>>,
    /// Patterns of names that are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclusion_patterns: Option<Vec<String>>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LifecycleRule {
    /// Its name.
    pub name: String,
    /// `objects`, `multipart-uploads` or `previous-object-versions`; objects when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What it does.
    pub action: LifecycleAction,
    /// At which age, counted from the last change.
    pub time_amount: u32,
    /// Unit of the age.
    pub time_unit: TimeUnit,
    /// Whether it is in force.
    pub is_enabled: bool,
    /// Which names; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_name_filter: Option<NameFilter>,
}

impl LifecycleRule {
    /// Deletes objects whose names start with `prefix` some days after their last change.
    #[must_use]
    pub fn delete_after_days(name: &str, prefix: &str, days: u32) -> Self {
        let inclusion_prefixes = Some(vec![prefix.to_owned()]);
        Self {
            name: name.to_owned(),
            target: Some("objects".to_owned()),
            action: LifecycleAction::Delete,
            time_amount: days,
            time_unit: TimeUnit::Days,
            is_enabled: true,
            object_name_filter: Some(NameFilter { inclusion_prefixes, ..NameFilter::default() }),
        }
    }
}

/// The rules of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifecyclePolicy {
    /// The rules.
    pub items: Vec<LifecycleRule>,
    /// Names this state, for conditional changes.
    pub etag: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Items {
    items: Vec<LifecycleRule>,
}

const LIFECYCLE: &str = "/b/{b}/l";

impl ObjectStorage {
    /// `GetObjectLifecyclePolicy`.
    ///
    /// # Errors
    /// [`Error`]; 404 when the bucket has none.
    pub async fn lifecycle(&self, bucket: &str) -> Result<LifecyclePolicy, Error> {
        let ask = self.ask("GetObjectLifecyclePolicy", Method::GET, LIFECYCLE, &[("b", bucket)]).await?;
        let answer = ask.send().await?;
        Ok(LifecyclePolicy { items: answer.json::<Items>()?.items, etag: answer.text("etag") })
    }

    /// `PutObjectLifecyclePolicy`: replaces all rules. The service `objectstorage-<region>` must be allowed to manage
    /// the bucket's objects by a policy.
    ///
    /// # Errors
    /// [`Error`]; 412 when the condition does not hold.
    pub async fn put_lifecycle(
        &self,
        bucket: &str,
        rules: &[LifecycleRule],
        condition: &Condition,
    ) -> Result<LifecyclePolicy, Error> {
        let ask = self.ask("PutObjectLifecyclePolicy", Method::PUT, LIFECYCLE, &[("b", bucket)]).await?;
        let answer = condition.on(ask).json(&Items { items: rules.to_vec() }).send().await?;
        Ok(LifecyclePolicy { items: answer.json::<Items>()?.items, etag: answer.text("etag") })
    }

    /// `DeleteObjectLifecyclePolicy`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn delete_lifecycle(&self, bucket: &str) -> Result<(), Error> {
        let ask = self.ask("DeleteObjectLifecyclePolicy", Method::DELETE, LIFECYCLE, &[("b", bucket)]).await?;
        ask.send().await.map(drop)
    }
}

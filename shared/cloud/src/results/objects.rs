//! Results as objects: one JSON for each run, and an index by month.

use std::sync::Arc;

use async_trait::async_trait;
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use object_store::path::Path;
use object_store::{Error, ObjectStoreExt, PutMode, PutOptions};
use serde::{Deserialize, Serialize};

use super::{Mode, Results, RunResult, Step, StepOutcome};
use crate::state::{Clock, Documents, StateError};
use crate::{Objects, object_path};

/// Most entries of one document of the index; a month with more has several.
const PAGE: usize = 1000;
/// Most documents of one month.
const MAX_PAGES: usize = 1000;
/// Name of the rule by which old results go.
const RULE: &str = "causeway-results-expire";

/// Rules of a bucket by which objects go when they are old.
#[async_trait]
pub trait Retention: Send + Sync {
    /// Sets the rule of this name and leaves all others alone. With [`Mode::Plan`] nothing is changed.
    ///
    /// # Errors
    /// The service's.
    async fn expire(&self, rule: &Expiry, mode: Mode, deadline: Deadline) -> Result<Step, ServiceFailure>;
}

/// A rule by which objects go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// Its name in the bucket.
    pub name: String,
    /// What the names of the objects begin with.
    pub prefix: String,
    /// Days after the last change of an object.
    pub days: u32,
}

/// Results as objects below a prefix: `<prefix>/<run_id>.json`, and `<prefix>/index/<year>-<month>.json`, where a month
/// with more than 1,000 runs goes on in `<year>-<month>-2.json`.
pub struct ObjectResults {
    objects: Objects,
    prefix: String,
    index: Documents,
    retention: Option<Arc<dyn Retention>>,
}

/// A run in the index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndexEntry {
    /// Name of the run.
    pub run_id: String,
    /// The kind of analysis.
    pub analysis_type: String,
    /// `success`, `partial` or `error`.
    pub status: String,
    /// When it began, ISO 8601 in UTC.
    pub started: String,
    /// When its last part ended.
    pub ended: String,
    /// 0 to 100.
    pub business_health: Option<f64>,
    /// Its object.
    pub object: String,
}

/// One document of the index, newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Page {
    runs: Vec<IndexEntry>,
}

impl ObjectResults {
    /// Results below `prefix` of the bucket `objects`; `retention` sets the rules of that bucket, where it has any.
    #[must_use]
    pub fn new(objects: Objects, prefix: &str, clock: Arc<dyn Clock>, retention: Option<Arc<dyn Retention>>) -> Self {
        let index = Documents::new(Arc::clone(&objects), format!("{prefix}/index"), clock);
        Self { objects, prefix: prefix.to_owned(), index, retention }
    }

    /// Runs that began in a month, such as `2026-03`, newest first.
    ///
    /// # Errors
    /// The store's, and [`StateError::BadKey`] for what is no month.
    pub async fn month(&self, month: &str) -> Result<Vec<IndexEntry>, StateError> {
        let mut runs = Vec::new();
        for page in 1..=MAX_PAGES {
            let Some(found) = self.index.get::<Page>(&page_key(month, page)).await? else { break };
            runs.splice(0..0, found.value.runs);
        }
        Ok(runs)
    }

    /// Writes the run into the last document of its month. A run that is in the index stays as it is.
    async fn list(&self, month: &str, entry: &IndexEntry) -> Result<(), StateError> {
        for page in 1..=MAX_PAGES {
            let mut is_full = false;
            let add = |old: Option<Page>| {
                let mut page = old.unwrap_or_default();
                let is_there = page.runs.iter().any(|run| run.run_id == entry.run_id);
                is_full = !is_there && page.runs.len() >= PAGE;
                if !is_there && !is_full {
                    let at = page.runs.partition_point(|run| run.started > entry.started);
                    page.runs.insert(at, entry.clone());
                }
                Ok::<_, StateError>(page)
            };
            self.index.update(&page_key(month, page), add).await?;
            if !is_full {
                return Ok(());
            }
        }
        Err(StateError::TooLarge { key: month.to_owned(), bytes: u64::MAX, max: (PAGE * MAX_PAGES) as u64 })
    }
}

impl ObjectResults {
    /// Refuses a result in whose place another one is kept.
    async fn is_the_same(&self, path: &Path, result: &RunResult) -> Result<(), ServiceFailure> {
        let kept = self.objects.get(path).await.map_err(StateError::Store)?;
        let bytes = kept.meta.size;
        // Of another size it is another one, however large; nothing is read then.
        let is_same =
            bytes == result.document.len() as u64 && kept.bytes().await.map_err(StateError::Store)? == result.document;
        if is_same {
            return Ok(());
        }
        let text = format!(
            "{path} holds another result, of {bytes} bytes, than that of the run {} of {}, of {} bytes",
            result.run_id,
            result.started,
            result.document.len()
        );
        Err(ServiceFailure::new(Kind::Invalid, "results", "store", text))
    }
}

fn page_key(month: &str, page: usize) -> String {
    if page == 1 { month.to_owned() } else { format!("{month}-{page}") }
}

#[async_trait]
impl Results for ObjectResults {
    async fn store(&self, result: &RunResult, _: Deadline) -> Result<(), ServiceFailure> {
        let name = format!("{}/{}.json", self.prefix, result.run_id);
        let wrong = |error: crate::Error| ServiceFailure::new(Kind::Invalid, "results", "store", error.to_string());
        let path = object_path(&name).map_err(wrong)?;
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.objects.put_opts(&path, result.document.clone().into(), options).await {
            Ok(_) => {}
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => self.is_the_same(&path, result).await?,
            Err(other) => return Err(StateError::Store(other).into()),
        }
        let entry = IndexEntry {
            run_id: result.run_id.clone(),
            analysis_type: result.analysis_type.clone(),
            status: result.status.clone(),
            started: result.started.to_string(),
            ended: result.ended.to_string(),
            business_health: result.business_health,
            object: name,
        };
        Ok(self.list(&result.started.strftime("%Y-%m").to_string(), &entry).await?)
    }

    async fn prepare(&self, retention_days: u32, mode: Mode, deadline: Deadline) -> Result<Vec<Step>, ServiceFailure> {
        let rule = Expiry { name: RULE.to_owned(), prefix: format!("{}/", self.prefix), days: retention_days };
        let step = match &self.retention {
            Some(retention) => retention.expire(&rule, mode, deadline).await?,
            None => Step {
                what: format!("delete objects below {} after {retention_days} days", rule.prefix),
                outcome: StepOutcome::NotHere("set a lifecycle rule with the tools of this store".to_owned()),
            },
        };
        Ok(vec![step])
    }
}

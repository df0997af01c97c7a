//! Results of analyses, kept where people and dashboards look for them.
//!
//! Two places: [`ObjectResults`] keeps a JSON object for each run and an index of them by month; [`TableResults`] keeps
//! a row for each run in a database that takes [`Sql`]. [`AllResults`] keeps them in several. A run is stored once:
//! storing it again changes nothing, so a store whose fate is unknown is simply repeated.

mod objects;
mod sql;
mod table;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use causeway_resilience::{Deadline, ServiceFailure};
use jiff::Timestamp;

pub use objects::{Expiry, IndexEntry, ObjectResults, Retention};
pub use sql::{Bind, BindValue, Sql, SqlError, SqlFailure};
pub use table::{Statements, TableResults};

/// A place for results.
#[async_trait]
pub trait Results: Send + Sync {
    /// Keeps the result of a run. One that is kept already stays as it is.
    ///
    /// # Errors
    /// The service's; whether the result is kept is then unknown, and storing it again is safe. [`Kind::Invalid`] when
    /// another result is kept under the run's name.
    ///
    /// [`Kind::Invalid`]: causeway_resilience::service::Kind::Invalid
    async fn store(&self, result: &RunResult, deadline: Deadline) -> Result<(), ServiceFailure>;

    /// Makes the place ready: tables, or the rule by which old results go. With [`Mode::Plan`] nothing is changed.
    ///
    /// # Errors
    /// The service's; steps before the one that failed were carried out.
    async fn prepare(&self, retention_days: u32, mode: Mode, deadline: Deadline) -> Result<Vec<Step>, ServiceFailure>;

    /// Removes results whose days are over, where the place has no rule of its own that does so.
    ///
    /// # Errors
    /// The service's.
    async fn remove_old(&self, deadline: Deadline) -> Result<(), ServiceFailure> {
        let _ = deadline;
        Ok(())
    }
}

/// Whether infrastructure is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Say what would be done.
    Plan,
    /// Do it.
    Apply,
}

/// A step of making a place ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it does, such as `create table analysis_results`.
    pub what: String,
    /// What became of it.
    pub outcome: StepOutcome,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepOutcome {
    /// It would be done.
    Planned,
    /// It was done.
    Done,
    /// It was as it should be.
    AlreadyDone,
    /// It cannot be done here; what to do instead.
    NotHere(String),
}

/// The result of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunResult {
    /// Name of the run: letters, digits, `.`, `_` and `-`.
    pub run_id: String,
    /// The kind of analysis.
    pub analysis_type: String,
    /// `success`, `partial` or `error`.
    pub status: String,
    /// When it began.
    pub started: Timestamp,
    /// When its last part ended.
    pub ended: Timestamp,
    /// Results by agent, JSON.
    pub agent_results: String,
    /// The summary, JSON.
    pub executive_summary: String,
    /// 0 to 100; absent when nothing supports it.
    pub business_health: Option<f64>,
    /// The whole, JSON.
    pub document: Bytes,
    /// Days that it is kept.
    pub retention_days: u32,
}

/// Several places; a result is stored in all of them.
pub struct AllResults(pub Vec<Arc<dyn Results>>);

#[async_trait]
impl Results for AllResults {
    async fn store(&self, result: &RunResult, deadline: Deadline) -> Result<(), ServiceFailure> {
        for place in &self.0 {
            place.store(result, deadline).await?;
        }
        Ok(())
    }

    async fn prepare(&self, retention_days: u32, mode: Mode, deadline: Deadline) -> Result<Vec<Step>, ServiceFailure> {
        let mut steps = Vec::new();
        for place in &self.0 {
            steps.extend(place.prepare(retention_days, mode, deadline).await?);
        }
        Ok(steps)
    }

    async fn remove_old(&self, deadline: Deadline) -> Result<(), ServiceFailure> {
        for place in &self.0 {
            place.remove_old(deadline).await?;
        }
        Ok(())
    }
}

/// Where a deployment wants its results.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultsAt {
    /// Bucket of the objects. A local directory stands in for every bucket.
    pub bucket: String,
    /// Folder of the objects in the bucket.
    pub prefix: String,
    /// Whether objects are written.
    pub objects: bool,
    /// The database, where rows are written.
    pub database: Option<Database>,
}

/// A database that is reached by Oracle REST Data Services.
#[derive(Debug, Clone, PartialEq)]
pub struct Database {
    /// The REST-enabled SQL service of a schema: `https://<host>/ords/<schema>/_/sql`.
    pub url: String,
    /// How callers prove who they are.
    pub login: Login,
    /// Reference of the vault's secret with the credentials, as a JSON object: `username` and `password`, or
    /// `client_id` and `client_secret`.
    pub secret: String,
    /// Names of members that Oracle's documentation does not fix for every release: ours, then the server's.
    pub members: std::collections::BTreeMap<String, String>,
    /// What is executed.
    pub statements: Statements,
}

/// How callers of a database prove who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// HTTP Basic with the schema's user.
    Basic,
    /// OAuth 2 client credentials.
    ClientCredentials {
        /// Where tokens are issued.
        token_url: String,
    },
}

#[cfg(test)]
mod tests;

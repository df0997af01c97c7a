//! What a caller is told.

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::Report;

/// The reply: the report, and how the run went.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Reply {
    /// What is known of the month.
    #[serde(flatten)]
    pub report: Report,
    /// Something of the run was not done or is not known: see `deferred`, `warnings` and `reasons`. Any `status` but
    /// `ok` is partial, except that of a month that is too young to be known.
    pub partial: bool,
    /// Nothing was written and nobody was told.
    pub dry_run: bool,
    /// What became of each alert, in the order of `alerts`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub published: Vec<Published>,
    /// What there was no time for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deferred: Vec<String>,
    /// What was not as it should be, for people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Documents of the state that cannot be read and were left as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quarantined: Vec<String>,
    /// The object with the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<String>,
    /// The same of AWS while both clouds are in use; nothing of it is in any number above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws: Option<Box<Report>>,
    /// The report as a page, when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
}

/// What became of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Published {
    /// Its key.
    pub key: String,
    /// What became of it.
    pub outcome: Outcome,
    /// The service's id of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
}

/// What became of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is out.
    Sent,
    /// It was out before.
    AlreadySent,
    /// It is in the log alone: no topic is configured.
    Logged,
    /// Another run is at it, or died at it: a later run looks again.
    Claimed,
    /// It is certainly not out: the next run sends it.
    Failed,
    /// Nobody knows whether it is out: a run in ten minutes sends it again.
    Unknown,
}

impl Reply {
    /// One of a report alone.
    pub(crate) fn of(report: Report, dry_run: bool) -> Self {
        Self {
            report,
            partial: false,
            dry_run,
            published: Vec::new(),
            deferred: Vec::new(),
            warnings: Vec::new(),
            quarantined: Vec::new(),
            history: None,
            aws: None,
            html: None,
        }
    }

    /// Partial is not success, and unknown is not fine.
    pub(crate) fn finished(mut self) -> Self {
        let is_out =
            |published: &Published| matches!(published.outcome, Outcome::Sent | Outcome::AlreadySent | Outcome::Logged);
        let is_whole = self.deferred.is_empty()
            && self.warnings.is_empty()
            && self.quarantined.is_empty()
            && self.published.iter().all(is_out)
            && self.report.is_whole()
            && self.aws.as_deref().is_none_or(Report::is_whole);
        self.partial = !is_whole;
        self
    }
}

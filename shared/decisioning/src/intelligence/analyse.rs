//! The whole job: finds the tables and their roles, reads each once, computes, and says what was left.

use std::collections::BTreeSet;

use causeway_cloud::object_store::GetOptions;
use causeway_cloud::object_store::path::Path;
use causeway_cloud::{Objects, object_path};

use super::Answer;
use super::catalogue::{Catalogue, Table};
use super::choose::{apply, choose};
use super::data::{NotUsed, Note};
use super::gather::Gather;
use super::ledger::Ledger;
use super::limits::Limits;
use super::metrics::{self, Inputs, compute};
use super::partition::join;
use super::parts::Areas;
use super::report;
use super::request::{CatalogueFrom, Request, wrong};
use crate::budget::{Budget, Clock};
use crate::discovery::{self, RequestError};

/// Name of the agent in its envelope.
pub const AGENT: &str = "intelligence";
/// Largest catalogue that is read, in bytes.
const MAX_CATALOGUE_BYTES: u64 = 16 << 20;

/// A table that was read.
pub(crate) struct Read {
    pub(crate) table: Table,
    /// The objects that it lies in, with the rows of each.
    pub(crate) objects: Vec<(String, u64)>,
    pub(crate) areas: Areas,
    pub(crate) gather: Gather,
    /// Whether all of the object was read.
    pub(crate) is_complete: bool,
    /// Whether only the rows of one currency were used.
    pub(crate) is_filtered: bool,
}

/// Analyses the tables that a request names.
///
/// Work stops at four fifths of the time until `deadline`; the result then lists what was deferred. What cannot be
/// read or computed is flagged in the result and does not end the analysis.
///
/// # Errors
///
/// [`RequestError`] when the request itself cannot be served.
pub async fn analyse(
    objects: &Objects,
    request: &Request,
    configured: &Limits,
    clock: &dyn Clock,
    deadline: Option<jiff::Timestamp>,
) -> Result<Answer, RequestError> {
    let budget = Budget::until(clock, deadline);
    request.check()?;
    let limits = request.limits(configured);
    let (notes, not_used, deferred) = (Vec::new(), Vec::new(), Vec::new());
    let mut job = Job { objects, request, limits: &limits, budget: &budget, notes, not_used, deferred };
    let mut tables = join(job.tables(clock, deadline).await?);
    apply(request, &mut tables)?;
    let choice = choose(tables);
    job.not_used.extend(choice.not_used);
    let reads = job.read_all(&choice.tables).await;
    let mut ledger = Ledger::new(request.groups());
    let inputs = Inputs { reads: &reads, as_of: request.as_of.and_then(days), limits: &limits };
    let data = compute(&inputs, &mut ledger);
    let mut notes = metrics::notes(&inputs, &ledger);
    let Job { notes: met, mut not_used, deferred, .. } = job;
    notes.extend(met);
    not_used.sort_by(|a, b| a.object.cmp(&b.object));
    let outcome = report::Outcome { data, ledger, reads: &reads, not_used, notes, deferred };
    let findings = report::findings(outcome, limits.max_reply_bytes);
    Ok(Answer::close(AGENT, budget.started(), budget.elapsed_seconds(), findings))
}

pub(super) fn days(day: jiff::civil::Date) -> Option<i64> {
    let epoch = jiff::civil::date(1970, 1, 1);
    day.since(epoch).map(|span| i64::from(span.get_days())).ok()
}

/// The work on one request.
pub(super) struct Job<'a> {
    pub(super) objects: &'a Objects,
    pub(super) request: &'a Request,
    pub(super) limits: &'a Limits,
    pub(super) budget: &'a Budget<'a>,
    notes: Vec<Note>,
    pub(super) not_used: Vec<NotUsed>,
    pub(super) deferred: Vec<String>,
}

impl Job<'_> {
    pub(super) fn note(&mut self, object: &str, code: &str, message: &str, loses_data: bool) {
        self.note_many(object, code, message, 1, loses_data);
    }

    pub(super) fn note_many(&mut self, object: &str, code: &str, message: &str, count: u64, loses_data: bool) {
        let (object, code, message) = (object.to_owned(), code.to_owned(), message.to_owned());
        self.notes.push(Note { object, code, message, count, loses_data });
    }

    /// The tables by the catalogue of the request, else by a look at their first rows.
    async fn tables(
        &mut self,
        clock: &dyn Clock,
        deadline: Option<jiff::Timestamp>,
    ) -> Result<Vec<Table>, RequestError> {
        let catalogue = match &self.request.catalogue {
            Some(CatalogueFrom::Result(catalogue)) => (**catalogue).clone(),
            Some(CatalogueFrom::Object(_)) => self.stored_catalogue().await?,
            None => self.peek(clock, deadline).await?,
        };
        for issue in catalogue.data.issues.iter().filter(|issue| issue.loses_data && issue.code != "row_limit") {
            self.note(&issue.object, &issue.code, &issue.message, true);
        }
        let mut seen = BTreeSet::new();
        let prefixes: Vec<Path> = self.request.data_sources.iter().filter_map(|text| object_path(text).ok()).collect();
        let wanted = |table: &Table| {
            let path = object_path(&table.object).ok();
            path.is_some_and(|path| prefixes.is_empty() || prefixes.iter().any(|prefix| path.prefix_matches(prefix)))
        };
        Ok(catalogue.data.tables.into_iter().filter(|t| wanted(t) && seen.insert(t.object.clone())).collect())
    }

    async fn stored_catalogue(&self) -> Result<Catalogue, RequestError> {
        let unreadable = |reason: &str| wrong("catalogue.object", reason.to_owned());
        let Some(path) = self.request.catalogue_object()? else { return Err(unreadable("names no object")) };
        let found = self.objects.get_opts(&path, GetOptions::default()).await;
        let found = found.map_err(|_| unreadable("cannot be read"))?;
        if found.meta.size > MAX_CATALOGUE_BYTES {
            return Err(unreadable("is larger than 16 MiB"));
        }
        let bytes = found.bytes().await.map_err(|_| unreadable("cannot be read"))?;
        serde_json::from_slice(&bytes).map_err(|_| unreadable("is no reply of the discovery agent"))
    }

    async fn peek(&self, clock: &dyn Clock, deadline: Option<jiff::Timestamp>) -> Result<Catalogue, RequestError> {
        let request =
            discovery::Request { data_sources: self.request.data_sources.clone(), ..discovery::Request::default() };
        let limits = discovery::Limits {
            max_objects: self.limits.max_objects,
            sample_rows: self.limits.peek_rows,
            max_record_bytes: self.limits.max_record_bytes,
            max_columns: self.limits.max_columns,
            max_chunk_bytes: self.limits.max_chunk_bytes,
            max_reply_bytes: MAX_CATALOGUE_BYTES as usize,
            ..discovery::Limits::default()
        };
        let found = discovery::survey(self.objects, &request, &limits, clock, deadline).await?;
        let data = serde_json::from_value(found.data).unwrap_or_default();
        Ok(Catalogue { data })
    }
}

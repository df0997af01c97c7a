//! The whole job: finds the tables and their roles, reads each once, computes, and says what was left.

use std::collections::BTreeSet;

use causeway_cloud::object_store::path::Path;
use causeway_cloud::object_store::{GetOptions, ObjectMeta, ObjectStoreExt};
use causeway_cloud::{Objects, object_path};

use super::Answer;
use super::catalogue::{Catalogue, Dates, Table};
use super::choose::{Choice, apply, choose};
use super::data::Note;
use super::gather::Gather;
use super::ledger::Ledger;
use super::limits::Limits;
use super::metrics::{Inputs, compute};
use super::parts::Areas;
use super::report;
use super::request::{CatalogueFrom, Request, wrong};
use super::role::Role;
use crate::budget::{Budget, Clock};
use crate::dataset::{Format, read};
use crate::discovery::{self, RequestError};

/// Name of the agent in its envelope.
pub const AGENT: &str = "intelligence";
/// Largest catalogue that is read, in bytes.
const MAX_CATALOGUE_BYTES: u64 = 16 << 20;

/// A table that was read.
pub(crate) struct Read {
    pub(crate) table: Table,
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
    let mut job = Job { objects, request, limits: &limits, budget: &budget, notes: Vec::new(), deferred: Vec::new() };
    let mut tables = job.tables(clock, deadline).await?;
    apply(request, &mut tables)?;
    let choice = choose(tables);
    let reads = job.read_all(&choice).await;
    let mut ledger = Ledger::new(request.groups());
    let inputs = Inputs { reads: &reads, as_of: request.as_of.and_then(days), limits: &limits };
    let data = compute(&inputs, &mut ledger);
    let Job { notes, deferred, .. } = job;
    let outcome = report::Outcome { data, ledger, reads: &reads, not_used: choice.not_used, notes, deferred };
    let findings = report::findings(outcome, limits.max_reply_bytes);
    Ok(Answer::close(AGENT, budget.started(), budget.elapsed_seconds(), findings))
}

fn days(day: jiff::civil::Date) -> Option<i64> {
    let epoch = jiff::civil::date(1970, 1, 1);
    day.since(epoch).map(|span| i64::from(span.get_days())).ok()
}

struct Job<'a> {
    objects: &'a Objects,
    request: &'a Request,
    limits: &'a Limits,
    budget: &'a Budget<'a>,
    notes: Vec<Note>,
    deferred: Vec<String>,
}

impl Job<'_> {
    fn note(&mut self, object: &str, code: &str, message: &str, loses_data: bool) {
        let (object, code, message) = (object.to_owned(), code.to_owned(), message.to_owned());
        self.notes.push(Note { object, code, message, count: 1, loses_data });
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

    async fn read_all(&mut self, choice: &Choice) -> Vec<Read> {
        let mut reads = Vec::new();
        for (table, areas) in &choice.tables {
            if self.budget.exhausted() {
                self.note(&table.object, "time_limit", "the time was used up; the object was not read", true);
                self.deferred.push(table.object.clone());
                continue;
            }
            reads.extend(self.read_one(table, *areas).await);
        }
        reads
    }

    async fn read_one(&mut self, table: &Table, areas: Areas) -> Option<Read> {
        let path = object_path(&table.object).ok()?;
        let Ok(meta) = self.objects.head(&path).await else {
            self.note(&table.object, "object_not_found", "the object is not there any more or may not be read", true);
            return None;
        };
        let mut table = table.clone();
        let (mut gather, mut report) = self.gather(&meta, &table, areas).await;
        let mistaken = gather.mistaken();
        if !mistaken.is_empty() && !report.out_of_time {
            for column in table.columns.iter_mut().filter(|column| mistaken.contains(&column.name)) {
                let is_day_first =
                    gather.wanted.iter().any(|wanted| wanted.column == column.name && wanted.is_day_first());
                let order = if is_day_first { "month_first" } else { "day_first" };
                column.dates = Some(Dates { day_month_order: Some(order.to_owned()) });
            }
            (gather, report) = self.gather(&meta, &table, areas).await;
        }
        if report.out_of_time {
            self.note(&table.object, "time_limit", "the time was used up in the middle of the object", true);
            self.deferred.push(table.object.clone());
        }
        for issue in &report.issues {
            self.notes.push(Note {
                object: table.object.clone(),
                code: issue.code.to_owned(),
                message: issue.message.clone(),
                count: issue.count,
                loses_data: issue.loses_data,
            });
        }
        if self.request.currency.is_some() && gather.of(Role::Currency).is_none() {
            let message = "no column plays the part of currency, so that the rows could not be chosen by it";
            self.note(&table.object, "currency_not_told", message, false);
        }
        gather.parts.close();
        let is_complete = report.is_complete();
        let is_filtered = self.request.currency.is_some();
        Some(Read { table, areas, gather, is_complete, is_filtered })
    }

    async fn gather(&self, meta: &ObjectMeta, table: &Table, areas: Areas) -> (Gather, crate::dataset::ReadReport) {
        let mut gather = Gather::new(table, areas, self.request.currency.as_deref(), self.limits);
        if let Some(receivables) = &mut gather.parts.receivables {
            receivables.as_of(self.request.as_of.and_then(days));
        }
        let report = read::object(self.objects, meta, self.limits.reading(), self.budget, &mut gather).await;
        debug_assert!(report.format.is_none_or(|format| format != Format::Csv) || gather.rows == report.rows);
        (gather, report)
    }
}

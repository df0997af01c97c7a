//! The whole job: lists the objects, reads and profiles each table, links them, and says what was left.

use std::collections::{BTreeMap, BTreeSet};

use causeway_cloud::Objects;
use causeway_cloud::object_store::path::Path;
use causeway_cloud::object_store::{self, ObjectMeta, ObjectStoreExt};
use futures_util::StreamExt;

use super::column::Column;
use super::dictionary::Dictionary;
use super::limits::Limits;
use super::links::{self, LinkColumn};
use super::profile::{ColumnProfile, LogicalType, Semantics, TableProfile};
use super::quality::{self, Basis};
use super::report::{self, Survey};
use super::request::{Request, RequestError};
use super::table::Table;
use super::{Answer, alerts, domains, keys, summarise};
use crate::budget::{Budget, Clock, yield_now};
use crate::dataset::read;
use crate::dataset::{Issue, ReadReport};

/// Name of the agent in its envelope.
pub const AGENT: &str = "discovery";
/// Objects that are listed between two looks at the clock: a page of the stores' own listings.
const LISTED_BETWEEN_CHECKS: usize = 1000;

/// Surveys the tables that a request names.
///
/// Work stops at four fifths of the time until `deadline`; the result then lists what was deferred.
/// What cannot be read is flagged in the result and does not end the survey.
///
/// # Errors
///
/// [`RequestError`] when the request itself cannot be served; nothing was read then.
pub async fn survey(
    objects: &Objects,
    request: &Request,
    configured: &Limits,
    clock: &dyn Clock,
    deadline: Option<jiff::Timestamp>,
) -> Result<Answer, RequestError> {
    let budget = Budget::until(clock, deadline);
    let prefixes = request.prefixes()?;
    let limits = request.limits(configured);
    let mut job = Job::new(objects, limits, &budget, request);
    let listed = job.list(&prefixes).await;
    job.read_all(listed).await;
    let findings = report::findings(job.finish());
    Ok(Answer::close(AGENT, budget.started(), budget.elapsed_seconds(), findings))
}

struct Job<'a> {
    objects: &'a Objects,
    limits: Limits,
    budget: &'a Budget<'a>,
    as_of_days: Option<i64>,
    tables: Vec<TableProfile>,
    link_columns: Vec<LinkColumn>,
    issues: Vec<Issue>,
    deferred: Vec<String>,
    listed: usize,
    names: BTreeSet<String>,
}

impl<'a> Job<'a> {
    fn new(objects: &'a Objects, limits: Limits, budget: &'a Budget<'a>, request: &Request) -> Self {
        let epoch = jiff::civil::date(1970, 1, 1);
        let days = |day: jiff::civil::Date| day.since(epoch).map(|span| i64::from(span.get_days())).ok();
        Self {
            objects,
            limits,
            budget,
            as_of_days: request.as_of.and_then(days),
            tables: Vec::new(),
            link_columns: Vec::new(),
            issues: Vec::new(),
            deferred: Vec::new(),
            listed: 0,
            names: BTreeSet::new(),
        }
    }

    fn flag(&mut self, object: &str, code: &'static str, message: &str, loses_data: bool) {
        let (object, message) = (object.to_owned(), message.to_owned());
        self.issues.push(Issue { object, code, message, count: 1, first_lines: Vec::new(), loses_data });
    }

    /// The objects under the prefixes in name order, each once.
    async fn list(&mut self, prefixes: &[Path]) -> Vec<ObjectMeta> {
        let mut found: BTreeMap<Path, ObjectMeta> = BTreeMap::new();
        for prefix in prefixes {
            let before = found.len() + self.issues.len();
            // A source may name one object; an object has no others below it.
            if !prefix.as_ref().is_empty()
                && let Ok(meta) = self.objects.head(prefix).await
            {
                found.insert(meta.location.clone(), meta);
                continue;
            }
            let mut listing = self.objects.list(Some(prefix));
            while let Some(item) = listing.next().await {
                if found.len() % LISTED_BETWEEN_CHECKS == LISTED_BETWEEN_CHECKS - 1 && self.budget.exhausted() {
                    self.flag(prefix.as_ref(), "time_limit", "the time was used up while objects were listed", true);
                    break;
                }
                match item {
                    Ok(meta) => drop(found.insert(meta.location.clone(), meta)),
                    Err(error) => self.flag_listing(&error),
                }
            }
            if found.len() + self.issues.len() == before {
                self.flag(prefix.as_ref(), "nothing_found", "there is no object under this source", true);
            }
        }
        self.issues.sort_by(|a, b| a.object.cmp(&b.object));
        self.listed = found.len();
        found.into_values().collect()
    }

    fn flag_listing(&mut self, error: &object_store::Error) {
        match error {
            object_store::Error::PermissionDenied { path, source } => {
                let refused = source.downcast_ref::<causeway_cloud::Error>().map(ToString::to_string);
                let message = refused.unwrap_or_else(|| "access is denied".to_owned());
                self.flag(path, "object_refused", &message, true);
            }
            _ => self.flag("", "listing_failed", "the object store failed while it listed objects", true),
        }
    }

    async fn read_all(&mut self, listed: Vec<ObjectMeta>) {
        let allowed = self.limits.max_objects;
        for (index, meta) in listed.iter().enumerate() {
            if index >= allowed {
                self.flag(
                    "",
                    "object_limit",
                    "there are more objects than max_objects; the last ones in name order were not read",
                    true,
                );
                self.deferred.extend(listed[index..].iter().map(|m| m.location.to_string()));
                return;
            }
            if self.budget.exhausted() {
                self.deferred.extend(listed[index..].iter().map(|m| m.location.to_string()));
                self.flag("", "time_limit", "the time was used up; the deferred objects were not read", true);
                return;
            }
            self.read_one(meta).await;
            yield_now().await;
        }
    }

    async fn read_one(&mut self, meta: &ObjectMeta) {
        let mut table = Table::new(&self.limits);
        let read = read::object(self.objects, meta, self.limits.reading(), self.budget, &mut table).await;
        table.close();
        let object = meta.location.to_string();
        if read.out_of_time {
            self.flag(&object, "time_limit", "the time was used up in the middle of the object", true);
            self.deferred.push(object.clone());
        }
        self.issues.extend(read.issues.iter().cloned().map(|issue| Issue { object: object.clone(), ..issue }));
        // Without columns there is nothing to profile; the reason is among the issues.
        if read.format.is_some() && !table.columns.is_empty() {
            self.profile(object, table, &read);
        } else if read.format.is_some() && read.issues.is_empty() {
            self.flag(&object, "no_columns", "the object holds no column", true);
        }
    }

    fn profile(&mut self, object: String, table: Table, read: &ReadReport) {
        let columns: Vec<ColumnProfile> = table.columns.iter().map(|c| summarise::column(c, &self.limits)).collect();
        let duplicates = keys::duplicates(&table, &columns);
        let roles = domains::roles(&columns);
        let malformed_rows = read.malformed_rows;
        let basis = Basis {
            table: &table,
            columns: &columns,
            roles: &roles,
            duplicates: &duplicates,
            malformed_rows,
            as_of_days: self.as_of_days,
        };
        let quality = quality::table(&basis);
        let candidate_keys = keys::candidate_keys(&table, &columns);
        let alerts = alerts::find(&table, &columns, &duplicates);
        let complete = read.is_complete();
        if let (Some(declared), true) = (read.declared_rows, complete)
            && declared != table.rows
        {
            self.flag(&object, "row_count_mismatch", "the footer declares another number of rows than was found", true);
        }
        let Some(format) = read.format else { return };
        let profile = TableProfile {
            name: self.table_name(&object),
            object,
            format,
            compression: read.compression,
            delimiter: read.delimiter,
            has_header: read.has_header,
            complete,
            row_count: table.rows,
            declared_rows: read.declared_rows,
            column_count: columns.len(),
            malformed_rows,
            columns,
            duplicates,
            candidate_keys,
            roles,
            alerts,
            quality,
        };
        self.keep_for_links(table.columns, &profile);
        self.tables.push(profile);
    }

    /// The file name without extensions; with them, and then the whole path, where that is taken.
    fn table_name(&mut self, object: &str) -> String {
        let file = object.rsplit('/').next().unwrap_or(object);
        let stem = file.split('.').next().filter(|s| !s.is_empty()).unwrap_or(file);
        let free = [stem, file, object].into_iter().find(|name| !self.names.contains(*name));
        let name = free.unwrap_or(object).to_owned();
        self.names.insert(name.clone());
        name
    }

    fn keep_for_links(&mut self, columns: Vec<Column>, profile: &TableProfile) {
        let table = self.tables.len();
        let is_key =
            |name: &String| profile.candidate_keys.iter().any(|k| k.columns.len() == 1 && k.columns[0] == *name);
        for (index, (column, p)) in columns.into_iter().zip(&profile.columns).enumerate() {
            if may_link(p) {
                let dictionary: Dictionary = column.dictionary;
                self.link_columns.push(LinkColumn { table, column: index, is_key: is_key(&p.name), dictionary });
            }
        }
        links::fit(&mut self.link_columns, self.limits.max_link_bytes);
    }

    fn finish(self) -> Survey {
        Survey {
            links: links::find(&self.tables, &self.link_columns),
            tables: self.tables,
            issues: self.issues,
            deferred: self.deferred,
            listed: self.listed,
        }
    }
}

fn may_link(p: &ColumnProfile) -> bool {
    matches!(p.logical_type, LogicalType::Text | LogicalType::Integer)
        && p.distinct.value > 1
        && !(p.semantics == Semantics::Measure && p.unique != Some(true))
}

#[cfg(test)]
mod tests;

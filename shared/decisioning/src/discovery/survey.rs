//! The whole job: lists the objects, reads and profiles each table, links them, and says what was left.

use std::collections::BTreeSet;

use causeway_cloud::Objects;
use causeway_cloud::object_store::ObjectMeta;
use causeway_cloud::object_store::path::Path;

use self::listing::Listed;
use super::bounds::{Issues, Names};
use super::column::Column;
use super::dictionary::Dictionary;
use super::drift::Comparison;
use super::drift::baseline::{self, CompareWith};
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

mod listing;

/// Name of the agent in its envelope.
pub const AGENT: &str = "discovery";

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
    let (prefixes, baseline) = (request.prefixes()?, request.baseline()?);
    let limits = request.limits(configured);
    let mut job = Job::new(objects, limits.clone(), &budget, request);
    job.read_baseline(request, baseline).await;
    let listed = job.list(&prefixes).await;
    job.read_all(&listed).await;
    let findings = report::findings(job.finish(&listed, &prefixes).await, limits.max_reply_bytes);
    Ok(Answer::close(AGENT, budget.started(), budget.elapsed_seconds(), findings))
}

struct Job<'a> {
    objects: &'a Objects,
    limits: Limits,
    budget: &'a Budget<'a>,
    as_of_days: Option<i64>,
    tables: Vec<TableProfile>,
    link_columns: Vec<LinkColumn>,
    issues: Issues,
    deferred: Names,
    /// Columns of all tables so far.
    columns: usize,
    names: BTreeSet<String>,
    /// An object that is read besides and is no data.
    baseline: Option<Path>,
    comparison: Option<Comparison>,
    /// Whether there is one object to read.
    is_only: bool,
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
            issues: Issues::default(),
            deferred: Names::default(),
            columns: 0,
            names: BTreeSet::new(),
            baseline: None,
            comparison: None,
            is_only: false,
        }
    }

    async fn read_baseline(&mut self, request: &Request, place: Option<Path>) {
        if let Some(CompareWith::Result(result)) = &request.compare_with {
            self.comparison = Some(Comparison::new((**result).clone()));
        }
        let Some(place) = place else { return };
        match baseline::read(self.objects, &place).await {
            Ok(result) => self.comparison = Some(Comparison::new(result)),
            Err(reason) => self.flag(place.as_ref(), "baseline_unreadable", reason, true),
        }
        self.baseline = Some(place);
    }

    fn flag(&mut self, object: &str, code: &'static str, message: &str, loses_data: bool) {
        let (object, message) = (object.to_owned(), message.to_owned());
        self.issues.push(Issue { object, code, message, count: 1, first_lines: Vec::new(), loses_data });
    }

    async fn read_all(&mut self, listed: &Listed) {
        self.is_only = listed.count == 1;
        for (index, meta) in listed.objects.iter().enumerate() {
            if let Some((code, message)) = self.reason_to_end(index) {
                self.flag("", code, message, true);
                let left = listed.count - index as u64;
                self.deferred.extend(listed.objects[index..].iter().map(|m| m.location.to_string()), left);
                return;
            }
            self.read_one(meta).await;
            yield_now().await;
        }
    }

    /// Why the object at this place and all after it are not read, if so.
    fn reason_to_end(&self, index: usize) -> Option<(&'static str, &'static str)> {
        if index >= self.limits.max_objects {
            let message = "there are more objects than max_objects; the last ones in name order were not read";
            return Some(("object_limit", message));
        }
        if self.columns >= self.limits.max_total_columns {
            let message = "the tables have max_total_columns together; the last objects in name order were not read";
            return Some(("column_limit", message));
        }
        self.budget.exhausted().then_some(("time_limit", "the time was used up; the deferred objects were not read"))
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
        for issue in &read.issues {
            self.issues.push(Issue { object: object.clone(), ..issue.clone() });
        }
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
        let mut alerts = alerts::find(&table, &columns, &duplicates);
        if alerts.len() > alerts::MAX_ALERTS {
            alerts.truncate(alerts::MAX_ALERTS);
            self.flag(
                &object,
                "alert_limit",
                "the table has more alerts than are kept; the last ones were left out",
                false,
            );
        }
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
            blank_lines: read.blank_lines,
            columns,
            duplicates,
            candidate_keys,
            roles,
            alerts,
            quality,
        };
        if let Some(comparison) = &mut self.comparison {
            comparison.take(&profile, &table, self.is_only);
        }
        self.columns += profile.column_count;
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

    async fn finish(mut self, listed: &Listed, prefixes: &[Path]) -> Survey {
        let (links, is_whole) = links::find(&self.tables, &self.link_columns, self.budget).await;
        if !is_whole {
            let message = "time or room was used up while links between tables were looked for";
            self.flag("", "links_incomplete", message, true);
        }
        let is_below = |object: &str| {
            let object = Path::parse(object).ok();
            object.is_some_and(|object| prefixes.iter().any(|prefix| object.prefix_matches(prefix)))
        };
        let all_read = self.deferred.count == 0;
        let drift = self.comparison.take().map(|c| c.finish(|object| all_read && is_below(object)));
        Survey { links, tables: self.tables, issues: self.issues, deferred: self.deferred, listed: listed.count, drift }
    }
}

fn may_link(p: &ColumnProfile) -> bool {
    matches!(p.logical_type, LogicalType::Text | LogicalType::Uuid | LogicalType::Integer)
        && p.distinct.value > 1
        && !(p.semantics == Semantics::Measure && p.unique != Some(true))
}

#[cfg(test)]
mod tests;

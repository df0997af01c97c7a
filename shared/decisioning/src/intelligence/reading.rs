//! Reads the chosen tables, each object once; again only when what was found demands it.

use causeway_cloud::object_path;
use causeway_cloud::object_store::{ObjectMeta, ObjectStoreExt};

use super::analyse::{Job, Read, days};
use super::catalogue::{Dates, Table};
use super::data::NotUsed;
use super::gather::Gather;
use super::overlap::{Finding, Overlap};
use super::partition::{Joined, Part};
use super::parts::Areas;
use super::role::Role;
use crate::dataset::{Format, ReadReport, read};

/// A part that is there.
struct Found<'a> {
    part: &'a Part,
    meta: ObjectMeta,
    /// What is known against it.
    finding: Option<Finding>,
}

/// The parts of a table as they were read.
struct Pass {
    gather: Gather,
    /// Reports by part; a part without one was not read.
    reports: Vec<Option<(ReadReport, u64)>>,
}

impl Pass {
    fn is_out_of_time(&self, parts: &[Found<'_>]) -> bool {
        self.reports.iter().zip(parts).any(|(report, part)| match report {
            Some((report, _)) => report.out_of_time,
            None => !part.is_copy(),
        })
    }
}

impl Found<'_> {
    fn is_copy(&self) -> bool {
        matches!(self.finding, Some(Finding::Copy { .. }))
    }

    /// Whether it may well be a copy of the other part: as many bytes, or the same name in another format.
    fn is_like(&self, other: &Self) -> bool {
        let stem = |part: &Part| {
            let (folder, file) = part.object.rsplit_once('/').unwrap_or(("", &part.object));
            (folder.to_owned(), file.split('.').next().unwrap_or_default().to_owned())
        };
        self.meta.size == other.meta.size || stem(self.part) == stem(other.part)
    }
}

impl Job<'_> {
    pub(super) async fn read_all(&mut self, tables: &[(Joined, Areas)]) -> Vec<Read> {
        let mut reads = Vec::new();
        for (joined, areas) in tables {
            if self.budget.exhausted() {
                joined.parts.iter().for_each(|part| self.defer(part));
                continue;
            }
            reads.extend(self.read_table(joined, *areas).await);
        }
        reads
    }

    fn defer(&mut self, part: &Part) {
        self.note(&part.object, "time_limit", "the time was used up; the object was not read", true);
        self.deferred.push(part.object.clone());
    }

    async fn read_table(&mut self, joined: &Joined, areas: Areas) -> Option<Read> {
        let mut parts = self.find(&joined.parts).await;
        let mut table = joined.table.clone();
        let overlap = (parts.len() > 1).then(|| Overlap::new(parts.len()));
        let mut pass = self.pass(&table, areas, &mut parts, overlap, true).await;
        let is_out_of_time = pass.is_out_of_time(&parts);
        let mistaken = pass.gather.mistaken();
        let mut overlap = pass.gather.overlap.take();
        let repeats = overlap.as_mut().is_some_and(|overlap| judge(overlap, &mut parts, &pass.reports));
        if is_out_of_time && repeats {
            // What was read counts things twice, and there is no time to read it again.
            parts.iter().for_each(|found| self.defer(found.part));
            return None;
        }
        if repeats || !(mistaken.is_empty() || is_out_of_time) {
            turn(&mut table, &pass.gather, &mistaken);
            pass = self.pass(&table, areas, &mut parts, overlap, false).await;
        } else {
            pass.gather.overlap = overlap;
        }
        self.tell(&parts, &pass);
        self.close(table, areas, &parts, pass)
    }

    /// The parts that are still there.
    async fn find<'p>(&mut self, parts: &'p [Part]) -> Vec<Found<'p>> {
        let mut found = Vec::new();
        for part in parts {
            let Ok(path) = object_path(&part.object) else { continue };
            match self.objects.head(&path).await {
                Ok(meta) => found.push(Found { part, meta, finding: None }),
                Err(_) => {
                    let message = "the object is not there any more or may not be read";
                    self.note(&part.object, "object_not_found", message, true);
                }
            }
        }
        found
    }

    /// Reads all parts that are no copies. What looks like a copy is read by itself first.
    async fn pass(
        &self,
        table: &Table,
        areas: Areas,
        parts: &mut [Found<'_>],
        overlap: Option<Overlap>,
        is_first: bool,
    ) -> Pass {
        let mut gather = Gather::new(table, areas, self.request.currency.as_deref(), self.limits);
        if let Some(receivables) = &mut gather.parts.receivables {
            receivables.as_of(self.request.as_of.and_then(days));
        }
        gather.overlap = overlap;
        let mut reports = Vec::new();
        for place in 0..parts.len() {
            let is_suspect = is_first && (0..place).any(|e| !parts[e].is_copy() && parts[place].is_like(&parts[e]));
            if is_suspect && !self.budget.exhausted() {
                self.probe(table, parts, place, &mut gather).await;
            }
            if parts[place].is_copy() || self.budget.exhausted() {
                reports.push(None);
                continue;
            }
            if let Some(overlap) = &mut gather.overlap {
                overlap.begin(place, is_first && !is_suspect);
            }
            let before = gather.rows;
            let report = self.read(&parts[place].meta, &mut gather).await;
            let rows = gather.rows - before;
            debug_assert!(report.format.is_none_or(|format| format != Format::Csv) || rows == report.rows);
            reports.push(Some((report, rows)));
        }
        Pass { gather, reports }
    }

    async fn read(&self, meta: &ObjectMeta, gather: &mut Gather) -> ReadReport {
        let report = read::object(self.objects, meta, self.limits.reading(), self.budget, gather).await;
        gather.flush();
        report
    }

    /// Notes what a part holds without counting it, and whether it is a copy of one before it.
    async fn probe(&self, table: &Table, parts: &mut [Found<'_>], place: usize, gather: &mut Gather) {
        let Some(mut overlap) = gather.overlap.take() else { return };
        overlap.begin(place, true);
        let mut alone = Gather::new(table, Areas::default(), None, self.limits);
        alone.overlap = Some(overlap);
        let report = self.read(&parts[place].meta, &mut alone).await;
        gather.overlap = alone.overlap.take();
        let Some(overlap) = gather.overlap.as_mut().filter(|_| !report.out_of_time) else { return };
        let so_far: Vec<usize> = (0..=place).filter(|part| !parts[*part].is_copy()).collect();
        let own = overlap.findings(&so_far).into_iter().find(|(part, _)| *part == place);
        parts[place].finding = own.map(|(_, finding)| finding).filter(|f| matches!(f, Finding::Copy { .. }));
    }

    /// Tells of parts that repeat others, and of what the reader met.
    fn tell(&mut self, parts: &[Found<'_>], pass: &Pass) {
        for (found, report) in parts.iter().zip(&pass.reports) {
            let object = &found.part.object;
            match (&found.finding, report) {
                (Some(Finding::Copy { of, share }), _) => {
                    let (of, share) = (&parts[*of].part.object, share * 100.0);
                    let reason =
                        format!("repeats {of}: {share:.0} % of its rows or orders are there too; it was not counted");
                    self.not_used.push(NotUsed { object: object.clone(), reason });
                }
                (Some(finding), _) => self.tell_shared(object, finding, parts),
                _ => {}
            }
            match report {
                Some((report, _)) => self.tell_report(object, report),
                None if !found.is_copy() => self.defer(found.part),
                None => {}
            }
        }
    }

    fn tell_shared(&mut self, object: &str, finding: &Finding, parts: &[Found<'_>]) {
        let Finding::Shares { with, repeated, continued, is_exact } = finding else { return };
        let (with, count) = (&parts[*with].part.object, |n: &usize| *n as u64);
        if *repeated > 0 && *is_exact {
            let message = format!("orders are in {with} or another part too, with the same rows; they count once");
            self.note_many(object, "repeated_orders", &message, count(repeated), false);
        }
        if *continued > 0 || !is_exact {
            let message = format!("orders are in {with} or another part too, with other rows; all rows count");
            let sampled =
                "orders of a sample are in another part too; there are too many to tell, so that they count twice";
            let (message, n) =
                if *is_exact { (message.as_str(), count(continued)) } else { (sampled, count(repeated)) };
            self.note_many(object, "orders_in_several_parts", message, n, !is_exact);
        }
    }

    fn tell_report(&mut self, object: &str, report: &ReadReport) {
        if report.out_of_time {
            self.note(object, "time_limit", "the time was used up in the middle of the object", true);
            self.deferred.push(object.to_owned());
        }
        for issue in &report.issues {
            self.note_many(object, issue.code, &issue.message, issue.count, issue.loses_data);
        }
    }

    fn close(&mut self, mut table: Table, areas: Areas, parts: &[Found<'_>], mut pass: Pass) -> Option<Read> {
        let read = || parts.iter().zip(&pass.reports).filter_map(|(found, report)| Some((found, report.as_ref()?)));
        let (first, _) = read().next()?;
        (table.object, table.name) = (first.part.object.clone(), first.part.name.clone());
        let is_whole = read().count() == parts.iter().filter(|found| !found.is_copy()).count();
        let is_complete = is_whole && read().all(|(_, (report, _))| report.is_complete());
        let objects = read().map(|(found, (_, rows))| (found.part.object.clone(), *rows)).collect();
        let is_filtered = self.request.currency.is_some();
        if is_filtered && pass.gather.of(Role::Currency).is_none() {
            let message = "no column plays the part of currency, so that the rows could not be chosen by it";
            self.note(&table.object, "currency_not_told", message, false);
        }
        pass.gather.parts.close();
        Some(Read { table, objects, areas, gather: pass.gather, is_complete, is_filtered })
    }
}

/// Enters what is known against parts that were read; whether they have to be read again.
fn judge(overlap: &mut Overlap, parts: &mut [Found<'_>], reports: &[Option<(ReadReport, u64)>]) -> bool {
    let read: Vec<usize> = (0..parts.len()).filter(|place| reports[*place].is_some()).collect();
    let mut repeats = false;
    for (place, finding) in overlap.findings(&read) {
        repeats |= match &finding {
            Finding::Copy { .. } => true,
            Finding::Shares { repeated, is_exact, .. } => *repeated > 0 && *is_exact,
        };
        parts[place].finding = Some(finding);
    }
    repeats
}

/// Reads the dates of columns in the other order of day and month from now on.
fn turn(table: &mut Table, gather: &Gather, mistaken: &[String]) {
    for column in table.columns.iter_mut().filter(|column| mistaken.contains(&column.name)) {
        let is_day_first = gather.wanted.iter().any(|w| w.column == column.name && w.is_day_first());
        let order = if is_day_first { "month_first" } else { "day_first" };
        column.dates = Some(Dates { day_month_order: Some(order.to_owned()) });
    }
}

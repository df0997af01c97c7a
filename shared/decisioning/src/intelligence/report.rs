//! From what was computed to the agent's answer: `data`, statements with evidence, status and confidence.

use serde_json::json;

use super::analyse::Read;
use super::data::{Confidence, Coverage, Data, Evidence, NotUsed, Note, Source, SourceColumn, SourcePart};
use super::ledger::Ledger;
use super::statements::{self, Statement};
use crate::discovery::fit::bytes;
use crate::result::{Findings, Status};

/// Version of the shape of `data`.
const SCHEMA_VERSION: &str = "1";
/// Objects that are listed as not used, and notes.
const MAX_LISTED: usize = 200;

/// What the analysis brought home.
pub(crate) struct Outcome<'a> {
    pub(crate) data: Data,
    pub(crate) ledger: Ledger,
    pub(crate) reads: &'a [Read],
    pub(crate) not_used: Vec<NotUsed>,
    pub(crate) notes: Vec<Note>,
    pub(crate) deferred: Vec<String>,
}

/// Turns the outcome into findings that take about `max_bytes` as JSON at most.
pub(crate) fn findings(outcome: Outcome<'_>, max_bytes: usize) -> Findings {
    let Outcome { mut data, ledger, reads, mut not_used, mut notes, deferred } = outcome;
    let (requested, computed) = ledger.counts();
    let lost = notes.iter().any(|note| note.loses_data) || reads.iter().any(|read| !read.is_complete);
    let status = match (computed, requested) {
        (0, _) => Status::Error,
        (computed, requested) if computed < requested || lost => Status::Partial,
        _ => Status::Success,
    };
    data.schema_version = SCHEMA_VERSION.to_owned();
    data.sources = reads.iter().map(source).collect();
    data.confidence = confidence(&ledger, reads);
    let lists = [("/coverage/not_used", not_used.len()), ("/issues", notes.len())];
    let shortened =
        lists.iter().filter(|(_, length)| *length > MAX_LISTED).map(|(list, _)| (*list).to_owned()).collect();
    not_used.truncate(MAX_LISTED);
    notes.truncate(MAX_LISTED);
    data.coverage = Coverage {
        groups: ledger.groups().to_vec(),
        requested,
        computed,
        metrics: ledger.records,
        not_used,
        deferred,
        shortened,
    };
    data.issues = notes;
    let (insights, recommendations) = (statements::insights(&data), statements::recommendations(&data));
    data.evidence = insights.iter().map(|said| evidence(said, &data)).collect();
    data.recommendation_evidence = recommendations.iter().map(|said| evidence(said, &data)).collect();
    fit(&mut data, max_bytes);
    let is_shortened = !data.coverage.shortened.is_empty();
    let score = data.confidence.coverage * data.confidence.completeness * data.confidence.sample_adequacy;
    Findings {
        status: if is_shortened && status == Status::Success { Status::Partial } else { status },
        // The data holds only strings, finite numbers and maps with text keys, which always serialise.
        data: serde_json::to_value(&data).unwrap_or_else(|_| json!({})),
        insights: insights.into_iter().map(|said| said.text).collect(),
        recommendations: recommendations.into_iter().map(|said| said.text).collect(),
        confidence_score: score,
    }
}

fn source(read: &Read) -> Source {
    let areas = [
        (read.areas.sales, "sales"),
        (read.areas.delivery, "delivery"),
        (read.areas.receivables, "receivables"),
        (read.areas.work, "work"),
    ];
    let columns = read.gather.wanted.iter().map(|wanted| SourceColumn {
        role: wanted.role.name().to_owned(),
        column: wanted.column.clone(),
        filled: wanted.filled,
        invalid: wanted.invalid,
        absent: read.gather.rows.saturating_sub(wanted.filled + wanted.invalid),
    });
    Source {
        table: read.table.name.clone(),
        object: read.table.object.clone(),
        parts: read.objects.iter().map(|(object, rows)| SourcePart { object: object.clone(), rows: *rows }).collect(),
        areas: areas.iter().filter(|(serves, _)| *serves).map(|(_, area)| (*area).to_owned()).collect(),
        rows: read.gather.rows,
        rows_of_other_currencies: read.gather.parts.other_currency,
        repeated_rows: read.gather.overlap.as_ref().map_or(0, |overlap| overlap.skipped_rows),
        complete: read.is_complete,
        columns: columns.collect(),
    }
}

fn confidence(ledger: &Ledger, reads: &[Read]) -> Confidence {
    let (requested, computed) = ledger.counts();
    let wanted = || reads.iter().flat_map(|read| read.gather.wanted.iter().map(move |wanted| (read, wanted)));
    let all: u64 = wanted().map(|(read, _)| read.gather.rows).sum();
    let filled: u64 = wanted().map(|(_, wanted)| wanted.filled).sum();
    let (sample_adequacy, least_adequate) = ledger.adequacy();
    let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    Confidence {
        coverage: share(computed, requested),
        completeness: share(filled, all).min(1.0),
        sample_adequacy,
        least_adequate,
    }
}

/// What a statement rests on, by its first figure.
fn evidence(said: &Statement, data: &Data) -> Evidence {
    let record =
        data.coverage.metrics.iter().find(|record| Some(record.metric.as_str()) == said.metrics.first().copied());
    let pointers = said.pointers.clone();
    let metrics = said.metrics.iter().map(|metric| (*metric).to_owned()).collect();
    let Some(record) = record else { return Evidence { pointers, metrics, ..Evidence::default() } };
    Evidence {
        pointers,
        metrics,
        table: record.table.clone(),
        columns: record.columns.clone(),
        n: record.n,
        formula: record.formula.clone(),
    }
}

/// A list and what shortens it.
type Shortening = (&'static str, fn(&mut Data));

/// Shortens lists that nothing points into until the data fits; says so when it still does not.
fn fit(data: &mut Data, max_bytes: usize) {
    let shorten: [Shortening; 3] = [
        ("/series", |data| {
            for series in &mut data.series {
                let skipped = series.points.len().saturating_sub(400);
                series.is_cut |= skipped > 0;
                series.points.drain(..skipped);
            }
        }),
        ("/customer_intelligence/cohorts/rows", |data| {
            if let Some(cohorts) = &mut data.customer_intelligence.cohorts {
                let skipped = cohorts.rows.len().saturating_sub(24);
                cohorts.rows.drain(..skipped);
            }
        }),
        ("/issues", |data| data.issues.truncate(20)),
    ];
    for (list, shorten) in &shorten {
        let before = bytes(data);
        if before <= max_bytes {
            return;
        }
        shorten(data);
        if bytes(data) < before {
            data.coverage.shortened.push((*list).to_owned());
        }
    }
    if bytes(data) > max_bytes {
        data.issues.push(too_large(max_bytes));
    }
}

fn too_large(max_bytes: usize) -> Note {
    Note {
        object: String::new(),
        code: "reply_too_large".to_owned(),
        message: format!("the result takes more than {max_bytes} bytes even with its lists shortened"),
        count: 1,
        loses_data: false,
    }
}

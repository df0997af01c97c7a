//! From the survey to the agent's answer: `data`, statements with evidence, status and confidence.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::bounds::{Issues, MAX_NAMES, Names};
use super::data::{
    BusinessEntity, Confidence, Coverage, Data, DataEcosystem, DataRelationships, Ecosystem, KeyMetric, NotComputed,
};
use super::domains::{self, DomainMatch};
use super::drift::Drift;
use super::links::Link;
use super::profile::{ColumnProfile, LogicalType, Semantics, TableProfile};
use super::quality::{self, Score};
use super::statements::{self, Statement};
use super::{alerts, fit, summarise};
use crate::dataset::NO_TABLE;
use crate::result::{Findings, Status};

/// Rows from which a table says something about its columns; the sample adequacy of the confidence.
const ADEQUATE_ROWS: f64 = 100.0;
/// Tables that one table is said to refer to.
const MAX_TARGETS: usize = 20;
/// Version of the shape of `data`.
const SCHEMA_VERSION: &str = "1";

/// What a survey brought home.
pub(crate) struct Survey {
    pub(crate) tables: Vec<TableProfile>,
    pub(crate) links: Vec<Link>,
    pub(crate) issues: Issues,
    pub(crate) deferred: Names,
    pub(crate) listed: u64,
    pub(crate) drift: Option<Drift>,
}

/// Turns the survey into findings that take about `max_bytes` as JSON at most.
pub(crate) fn findings(survey: Survey, max_bytes: usize) -> Findings {
    let status = status(&survey);
    let quality = ecosystem(&survey.tables);
    let confidence = confidence(&survey);
    let domains = domains_of(&survey.tables);
    let insights = statements::insights(&survey, &quality);
    let recommendations = statements::recommendations(&survey);
    let coverage = coverage(&survey);
    let mut data = Data {
        schema_version: SCHEMA_VERSION,
        data_ecosystem: DataEcosystem {
            primary_source: primary_source(&survey.tables),
            total_entities: survey.tables.len(),
            business_domains: domains.iter().map(|d| d.domain.to_owned()).collect(),
            data_quality_score: quality.value,
        },
        business_entities: entities(&survey.tables, &domains),
        data_relationships: relationships(&survey.links),
        anomaly_flags: statements::anomaly_flags(&survey),
        domain_columns: domains,
        drift: survey.drift,
        quality: Ecosystem { score: quality, weights: quality::WEIGHTS.into_iter().collect() },
        coverage,
        evidence: Vec::new(),
        recommendation_evidence: Vec::new(),
        confidence: confidence.clone(),
        issues: survey.issues.into_kept(),
        tables: survey.tables,
    };
    let is_shortened =
        fit::fit(&mut data, statements::bytes(&insights) + statements::bytes(&recommendations), max_bytes);
    // The data holds only strings, finite numbers and maps with text keys, which always serialise.
    let mut data = serde_json::to_value(&data).unwrap_or_else(|_| json!({}));
    let insights = cite(&mut data, "evidence", insights);
    let recommendations = cite(&mut data, "recommendation_evidence", recommendations);
    Findings {
        status: if is_shortened && status == Status::Success { Status::Partial } else { status },
        data,
        insights,
        recommendations,
        confidence_score: confidence.coverage * confidence.completeness * confidence.sample_adequacy,
    }
}

/// Puts the pointers of those statements that rest on something in the data there; returns their texts.
fn cite(data: &mut Value, list: &str, mut statements: Vec<Statement>) -> Vec<String> {
    statements.retain(|statement| statement.pointers().iter().all(|pointer| data.pointer(pointer).is_some()));
    data[list] = json!(statements.iter().map(Statement::pointers).collect::<Vec<_>>());
    texts(statements)
}

fn texts(statements: Vec<Statement>) -> Vec<String> {
    statements.into_iter().map(|s| s.text).collect()
}

fn status(survey: &Survey) -> Status {
    let lost = survey.issues.loses_data() || survey.deferred.count > 0;
    match (survey.tables.is_empty(), lost) {
        (true, _) => Status::Error,
        (false, true) => Status::Partial,
        (false, false) => Status::Success,
    }
}

fn cells(table: &TableProfile) -> u64 {
    table.row_count * table.column_count as u64
}

/// Cells that there are; a footer may declare any number, so nothing here may overflow.
fn size(table: &TableProfile) -> u64 {
    table.records().saturating_mul(table.column_count as u64)
}

fn primary_source(tables: &[TableProfile]) -> Option<String> {
    // The first of equals in name order.
    let largest = tables.iter().reduce(|best, next| if size(next) > size(best) { next } else { best });
    largest.map(|t| t.object.clone())
}

fn ecosystem(tables: &[TableProfile]) -> Score {
    let weighted: Vec<(&Score, u64)> = tables.iter().map(|t| (&t.quality.score, cells(t).max(1))).collect();
    quality::combined(&weighted)
}

/// Coverage: objects read in full or in part; completeness: filled cells; adequacy: rows of the smallest table.
fn confidence(survey: &Survey) -> Confidence {
    let full = survey.tables.iter().filter(|t| t.complete).count() as f64;
    let part = survey.tables.len() as f64 - full;
    let no_tables = survey.issues.counts().get(NO_TABLE).copied().unwrap_or(0);
    let objects = survey.listed.saturating_sub(no_tables).max(1) as f64;
    let all: u64 = survey.tables.iter().map(cells).sum();
    let filled: u64 = survey.tables.iter().flat_map(|t| &t.columns).map(ColumnProfile::filled).sum();
    let rows: Vec<f64> = survey.tables.iter().map(|t| (t.row_count as f64 / ADEQUATE_ROWS).min(1.0)).collect();
    Confidence {
        coverage: ((full + part / 2.0) / objects).min(1.0),
        completeness: summarise::share(filled, all).unwrap_or(0.0),
        sample_adequacy: if rows.is_empty() { 0.0 } else { rows.iter().sum::<f64>() / rows.len() as f64 },
    }
}

/// All domains with their columns as `table.column`, in the order of the dictionary.
fn domains_of(tables: &[TableProfile]) -> Vec<DomainMatch> {
    let mut found: Vec<DomainMatch> = Vec::new();
    for table in tables {
        for matched in domains::domains(&table.name, &table.columns) {
            let columns = matched.columns.iter().map(|c| format!("{}.{c}", table.name));
            match found.iter_mut().find(|d| d.domain == matched.domain) {
                Some(domain) => domain.columns.extend(columns),
                None => found.push(DomainMatch { domain: matched.domain, columns: columns.collect() }),
            }
        }
    }
    found.sort_by_key(|d| d.domain);
    found
}

fn entities(tables: &[TableProfile], domains: &[DomainMatch]) -> BTreeMap<String, BusinessEntity> {
    let entity = |domain: &DomainMatch| {
        let columns: BTreeSet<&str> = domain.columns.iter().map(String::as_str).collect();
        let members: Vec<&TableProfile> = tables
            .iter()
            .filter(|t| domains::domains(&t.name, &t.columns).iter().any(|d| d.domain == domain.domain))
            .collect();
        let metrics = members.iter().flat_map(|t| metrics(t, &columns)).collect();
        BusinessEntity {
            tables: members.iter().map(|t| t.name.clone()).collect(),
            total_records: members.iter().map(|t| t.records()).fold(0, u64::saturating_add),
            key_metrics: metrics,
        }
    };
    domains.iter().map(|d| (d.domain.to_owned(), entity(d))).collect()
}

/// Roles whose columns may be added up; of other measures the mean is given.
const ADDITIVE: [&str; 5] = ["amount", "quantity", "cost", "profit", "budget"];

/// Sums or means of the domain's measures, and distinct counts of its identifiers.
fn metrics(table: &TableProfile, columns: &BTreeSet<&str>) -> Vec<KeyMetric> {
    let belongs = |c: &&ColumnProfile| columns.contains(format!("{}.{}", table.name, c.name).as_str());
    table.columns.iter().filter(belongs).filter_map(|c| metric(table, c)).collect()
}

fn metric(table: &TableProfile, column: &ColumnProfile) -> Option<KeyMetric> {
    let is_additive =
        ADDITIVE.iter().filter_map(|role| table.roles.get(*role)).any(|names| names.contains(&column.name));
    let (metric, value, exact) = match (column.semantics, &column.numeric) {
        (Semantics::Measure, Some(numeric)) if is_additive => ("sum", numeric.sum?, true),
        (Semantics::Measure, Some(numeric)) => ("mean", numeric.mean?, true),
        (Semantics::Identifier, _) => ("distinct", column.distinct.value as f64, column.distinct.exact),
        _ => return None,
    };
    let exact = exact && table.complete;
    Some(KeyMetric { metric, table: table.name.clone(), column: column.name.clone(), value, exact })
}

fn relationships(links: &[Link]) -> DataRelationships {
    let accepted: Vec<&Link> = links.iter().filter(|l| l.accepted).collect();
    let total: f64 = accepted.iter().map(|l| l.row_share).sum();
    DataRelationships {
        strong_links: accepted.len(),
        referential_integrity: (!accepted.is_empty()).then(|| total / accepted.len() as f64),
        business_flow: flow(&accepted),
        links: links.to_vec(),
    }
}

/// Who refers to whom, as `flights -> airlines, planes`.
fn flow(accepted: &[&Link]) -> Option<String> {
    let mut targets: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for link in accepted {
        let list = targets.entry(&link.from_table).or_default();
        if !list.contains(&link.to_table.as_str()) {
            list.push(&link.to_table);
        }
    }
    let line = |(from, mut to): (&str, Vec<&str>)| {
        to.sort_unstable();
        let more = to.len().saturating_sub(MAX_TARGETS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{from} -> {}{more}", to[..to.len().min(MAX_TARGETS)].join(", "))
    };
    let more = targets.len().saturating_sub(MAX_NAMES);
    let mut lines: Vec<String> = targets.into_iter().take(MAX_NAMES).map(line).collect();
    lines.extend((more > 0).then(|| format!("and {more} more tables")));
    (!lines.is_empty()).then(|| lines.join("; "))
}

fn coverage(survey: &Survey) -> Coverage {
    let mut not_computed: Vec<NotComputed> =
        alerts::NOT_COMPUTED.iter().map(|(what, reason)| NotComputed::new(&format!("alerts.{what}"), reason)).collect();
    for table in &survey.tables {
        let parts = table.quality.score.parts.iter();
        not_computed.extend(
            parts.filter_map(|p| Some(NotComputed::new(&format!("quality.{}.{}", table.name, p.name), p.reason?))),
        );
        not_computed.extend(of_nested(table));
        if table.duplicates.ignoring_row_ids.is_none() && !table.duplicates.row_id_columns.is_empty() {
            not_computed.push(without_row_ids(table));
        }
    }
    if survey.links.iter().all(|l| !l.accepted) {
        not_computed
            .push(NotComputed::new("data_relationships.referential_integrity", "no link between tables was found"));
    }
    Coverage {
        objects_listed: survey.listed,
        tables_profiled: survey.tables.len(),
        tables_complete: survey.tables.iter().filter(|t| t.complete).count(),
        deferred: survey.deferred.kept.clone(),
        deferred_count: survey.deferred.count,
        issue_counts: survey.issues.counts().clone(),
        not_computed,
        omitted: Vec::new(),
    }
}

fn holds_nested(table: &TableProfile) -> bool {
    table.columns.iter().any(|column| column.logical_type == LogicalType::Nested)
}

fn of_nested(table: &TableProfile) -> impl Iterator<Item = NotComputed> {
    let nested = table.columns.iter().filter(|column| column.logical_type == LogicalType::Nested);
    let reason = "lists and maps are counted; their entries are not profiled";
    nested.map(move |column| NotComputed::new(&format!("entries.{}.{}", table.name, column.name), reason))
}

fn without_row_ids(table: &TableProfile) -> NotComputed {
    let reason = match table.duplicates.exact {
        _ if holds_nested(table) => "rows may differ in nested columns, which cannot be compared",
        true => "which columns identify rows could not be told from the first rows",
        false => "there are more different rows than max_row_hashes",
    };
    NotComputed::new(&format!("duplicates.{}.ignoring_row_ids", table.name), reason)
}

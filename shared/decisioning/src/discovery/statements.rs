//! Sentences over computed figures, each with JSON pointers to what it rests on.
//!
//! Nothing here judges: a sentence is a template, and a figure that is absent gives no sentence.

use super::alerts::Alert;
use super::drift::TableDrift;
use super::fit;
use super::profile::{ColumnProfile, Semantics, TableProfile};
use super::quality::Score;
use super::report::Survey;

/// Sentences of one kind; the rest is in `data`.
const MOST: usize = 12;
/// Recommendations about tables.
const MOST_ABOUT_TABLES: usize = 60;
/// Null share from which filling a column is recommended.
const MISSING_SHARE: f64 = 0.05;

/// A sentence and the pointers into `data` behind it.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) text: String,
    pointers: Vec<String>,
}

fn says(text: String, pointers: &[String]) -> Statement {
    Statement { text, pointers: pointers.to_vec() }
}

impl Statement {
    pub(crate) fn pointers(&self) -> &[String] {
        &self.pointers
    }
}

/// What statements and their pointers take as JSON.
pub(crate) fn bytes(statements: &[Statement]) -> usize {
    statements.iter().map(|s| fit::bytes(&s.text) + fit::bytes(&s.pointers) + 2).sum()
}

fn plural(count: u64, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

pub(crate) fn insights(survey: &Survey, quality: &Score) -> Vec<Statement> {
    let total = |rows: fn(&TableProfile) -> u64| survey.tables.iter().map(rows).fold(0, u64::saturating_add);
    let (read, there) = (total(|t| t.row_count), total(TableProfile::records));
    let unread = if read < there { format!(" ({read} of them read)") } else { String::new() };
    let mut said = vec![says(
        format!(
            "{} with {}{unread} in {}.",
            plural(survey.tables.len() as u64, "table"),
            plural(there, "row"),
            plural(survey.listed, "object")
        ),
        &["/data_ecosystem/total_entities".into(), "/coverage/objects_listed".into()],
    )];
    if let Some(value) = quality.value {
        let parts = quality.parts.iter().filter_map(|p| Some(format!("{} {:.3}", p.name, p.value?)));
        let parts: Vec<String> = parts.collect();
        said.push(says(
            format!("Data quality is {value:.3} of 1 ({}).", parts.join(", ")),
            &["/quality/value".into(), "/quality/parts".into()],
        ));
    }
    for (index, table) in survey.tables.iter().enumerate() {
        said.extend(of_table(index, table));
    }
    said.truncate(MOST);
    said.extend(of_links(survey));
    said.extend(of_drift(survey).into_iter().take(MOST));
    said
}

fn of_drift(survey: &Survey) -> Vec<Statement> {
    let Some(drift) = &survey.drift else { return Vec::new() };
    let since = drift.baseline_timestamp.as_deref().unwrap_or("the earlier result");
    let of_table = |(index, table): (usize, &TableDrift)| {
        let names: Vec<&str> =
            table.columns.iter().filter(|c| c.drifted).map(|c| c.column.as_str()).take(MOST).collect();
        let (drifted, compared) = (table.drifted_columns, plural(table.columns.len() as u64, "compared column"));
        let names = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
        let text = format!("{drifted} of {compared} of {} drifted since {since}{names}.", table.table);
        says(text, &[format!("/drift/tables/{index}/columns")])
    };
    drift.tables.iter().enumerate().filter(|(_, table)| table.drifted.is_some()).map(of_table).collect()
}

fn of_table(index: usize, table: &TableProfile) -> Vec<Statement> {
    let at = format!("/tables/{index}");
    let mut said = Vec::new();
    let totals: Vec<(usize, &ColumnProfile, f64)> = table
        .roles
        .iter()
        .filter(|(role, _)| matches!(role.as_str(), "amount" | "profit" | "cost"))
        .filter_map(|(_, names)| table.columns.iter().position(|c| Some(&c.name) == names.first()))
        .filter_map(|i| Some((i, &table.columns[i], table.columns[i].numeric.as_ref()?.sum?)))
        .collect();
    for (column, profile, sum) in totals {
        let text =
            format!("{} in {} adds up to {sum:.2} over {}.", profile.name, table.name, plural(profile.filled(), "row"));
        said.push(says(text, &[format!("{at}/columns/{column}/numeric/sum")]));
    }
    let lead = table.roles.get("order_date").or_else(|| table.roles.get("date")).and_then(|n| n.first());
    let dated = table.columns.iter().enumerate().find(|(_, c)| Some(&c.name) == lead);
    if let Some((column, dates)) = dated.and_then(|(i, c)| Some((i, c.dates.as_ref()?))) {
        let text =
            format!("{} covers {} to {} by {}.", table.name, dates.first, dates.last, table.columns[column].name);
        said.push(says(text, &[format!("{at}/columns/{column}/dates")]));
    }
    let repeated = table.duplicates.ignoring_row_ids.unwrap_or(0).max(table.duplicates.row_count);
    if repeated > 0 {
        let besides = if table.duplicates.row_count < repeated { " apart from the row number" } else { "" };
        let about = if table.duplicates.exact { "" } else { "about " };
        let text = format!("Rows of {} that repeat another{besides}: {about}{repeated}.", table.name);
        said.push(says(text, &[format!("{at}/duplicates")]));
    }
    let personal: Vec<usize> = (0..table.columns.len()).filter(|i| !table.columns[*i].pii.is_empty()).collect();
    if !personal.is_empty() {
        let pointers: Vec<String> = personal.iter().take(MOST).map(|i| format!("{at}/columns/{i}/pii")).collect();
        let text = format!("{} of {} may hold personal data.", plural(personal.len() as u64, "column"), table.name);
        said.push(says(text, &pointers));
    }
    said
}

fn of_links(survey: &Survey) -> Vec<Statement> {
    let accepted = survey.links.iter().enumerate().filter(|(_, l)| l.accepted).take(MOST);
    accepted
        .map(|(index, l)| {
            let text = format!(
                "{}.{} refers to {}.{}: {} of the rows and {} of the values are found there.",
                l.from_table,
                l.from_column,
                l.to_table,
                l.to_column,
                percent(l.row_share),
                percent(l.distinct_share)
            );
            says(text, &[format!("/data_relationships/links/{index}")])
        })
        .collect()
}

pub(crate) fn recommendations(survey: &Survey) -> Vec<Statement> {
    let mut said = Vec::new();
    for (index, issue) in survey.issues.kept().iter().enumerate().filter(|(_, i)| i.loses_data).take(MOST) {
        let place = if issue.object.is_empty() { "The listing".to_owned() } else { issue.object.clone() };
        said.push(says(format!("{place} was not used in full: {}.", issue.message), &[format!("/issues/{index}")]));
    }
    let of_tables = survey.tables.iter().enumerate();
    said.extend(of_tables.flat_map(|(i, table)| for_table(i, table).into_iter().take(MOST)).take(MOST_ABOUT_TABLES));
    for (index, l) in survey.links.iter().enumerate().filter(|(_, l)| l.accepted && l.orphan_rows > 0).take(MOST) {
        let (values, rows) = (plural(l.orphan_values, "value"), plural(l.orphan_rows, "row"));
        let text = format!(
            "Add the {values} of {}.{} that {} lacks ({rows}), or correct them.",
            l.from_table, l.from_column, l.to_table
        );
        said.push(says(text, &[format!("/data_relationships/links/{index}/orphan_values")]));
    }
    said
}

fn for_table(index: usize, table: &TableProfile) -> Vec<Statement> {
    let at = format!("/tables/{index}");
    let mut said = Vec::new();
    let repeated = table.duplicates.ignoring_row_ids.unwrap_or(0).max(table.duplicates.row_count);
    if repeated > 0 {
        let text = format!(
            "Check the {} of {} for double entry before adding up.",
            plural(repeated, "repeated row"),
            table.name
        );
        said.push(says(text, &[format!("{at}/duplicates")]));
    }
    for (column, profile) in table.columns.iter().enumerate() {
        if let Some(share) = profile.null_share.filter(|share| *share >= MISSING_SHARE) {
            let text = format!(
                "{}.{} is empty in {} of the rows: fill it or leave it out of figures.",
                table.name,
                profile.name,
                percent(share)
            );
            said.push(says(text, &[format!("{at}/columns/{column}/null_share")]));
        }
    }
    let sure = |c: &ColumnProfile| c.pii.iter().any(|p| p.basis != "header") || c.semantics == Semantics::FreeText;
    let personal: Vec<usize> =
        (0..table.columns.len()).filter(|i| !table.columns[*i].pii.is_empty() && sure(&table.columns[*i])).collect();
    if !personal.is_empty() {
        let names: Vec<&str> = personal.iter().take(MOST).map(|i| table.columns[*i].name.as_str()).collect();
        let more = personal.len() - names.len();
        let more = if more > 0 { format!(" and {} more", plural(more as u64, "column")) } else { String::new() };
        let pointers: Vec<String> = personal.iter().take(MOST).map(|i| format!("{at}/columns/{i}/pii")).collect();
        said.push(says(format!("Review who may read {}{more} in {}.", names.join(", "), table.name), &pointers));
    }
    said
}

/// One line per alert that points to something wrong, and per issue.
pub(crate) fn anomaly_flags(survey: &Survey) -> Vec<String> {
    let is_anomaly = |a: &&Alert| {
        !matches!(a.kind, "unique" | "high_cardinality" | "constant_length" | "uniform" | "high_correlation")
    };
    let of_alert = |t: &TableProfile, a: &Alert| {
        let place = a.columns.iter().map(|c| format!("{}.{c}", t.name)).collect::<Vec<_>>().join(", ");
        let place = if place.is_empty() { t.name.clone() } else { place };
        a.value.map_or_else(|| format!("{}: {place}", a.kind), |v| format!("{}: {place} ({})", a.kind, figure(v)))
    };
    let mut flags: Vec<String> = survey
        .tables
        .iter()
        .flat_map(|t| t.alerts.iter().filter(is_anomaly).map(|a| of_alert(t, a)).collect::<Vec<_>>())
        .collect();
    let broken =
        survey.tables.iter().flat_map(|t| t.quality.checks.iter().filter(|c| c.violations > 0).map(move |c| (t, c)));
    flags.extend(broken.map(|(t, c)| format!("{}: {} ({} of {} rows)", c.rule, t.name, c.violations, c.rows)));
    let issues = survey.issues.kept().iter().map(|i| {
        let object = if i.object.is_empty() { "listing" } else { &i.object };
        format!("{}: {object} ({})", i.code, i.count)
    });
    flags.extend(issues);
    for table in survey.drift.iter().flat_map(|drift| &drift.tables) {
        let drifted = table.columns.iter().filter(|column| column.drifted);
        flags.extend(
            drifted.map(|c| format!("drift: {}.{} ({} {})", table.table, c.column, c.measure, figure(c.statistic))),
        );
        flags.extend(table.columns_removed.iter().map(|column| format!("column_removed: {}.{column}", table.table)));
        flags.extend(table.types_changed.iter().map(|c| format!("type_changed: {}.{}", table.table, c.column)));
    }
    flags
}

fn figure(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.4}") }
}

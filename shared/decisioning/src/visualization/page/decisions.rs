//! What to decide, with what each proposal rests on.

use maud::{Markup, html};
use serde_json::Value;

use super::{DECISION, absent, evidence};
use super::table::{Column, left_out, name, table};
use crate::visualization::doc::Doc;
use crate::visualization::format::{Unit, clean};

const MOST: usize = 12;

pub(super) fn section(doc: &Doc<'_>) -> Markup {
    let place = format!("{DECISION}/strategic_decision_framework");
    let lists = [("immediate_decisions", "To decide now"), ("strategic_decisions", "To decide this year")];
    html! {
        section id="decisions" aria-labelledby="decisions-title" {
            h2 #decisions-title { "Decisions" }
            @if doc.at(&place).is_none() { (absent(&doc.reason(&place))) }
            @else {
                div.grid { @for (field, title) in lists { (list(doc, &format!("{place}/{field}"), title)) } }
            }
        }
    }
}

fn list(doc: &Doc<'_>, place: &str, title: &str) -> Markup {
    const COLUMNS: [Column; 5] = [
        Column::long("Decision"),
        Column::text("When"),
        Column::long("Expected impact"),
        Column::text("Risk"),
        Column::number("Confidence"),
    ];
    let all = doc.list(place);
    let word = |one: &Value, field: &str| one[field].as_str().map(clean).unwrap_or_else(|| "–".to_owned());
    let row = |(index, one): (usize, &Value)| {
        let at = format!("{place}/{index}");
        vec![
            html! { b { (name(&word(one, "decision"))) } " " span.note { (name(&word(one, "rationale"))) } (evidence(doc, pointers(one))) },
            html! { (word(one, "timeline")) },
            html! { @if one["expected_impact"].is_number() { (doc.figure(&format!("{at}/expected_impact"), Unit::Money).short()) }
                @else { (word(one, "expected_impact")) } },
            html! { span.tag { (word(one, "risk_level")) } },
            doc.figure(&format!("{at}/confidence"), Unit::Share).short(),
        ]
    };
    html! {
        div.card {
            h3 { (title) }
            @if all.is_empty() { p { "Nothing that the figures call for." } }
            @else {
                (table(title, &COLUMNS, all.iter().take(MOST).enumerate().map(row).collect()))
                (left_out(all.len().min(MOST), all.len() as u64, "decisions"))
            }
        }
    }
}

/// What a proposal rests on, as pointers into the document.
fn pointers(one: &Value) -> impl Iterator<Item = String> + '_ {
    let list = |name: &str| one["evidence"][name].as_array().into_iter().flatten().filter_map(Value::as_str);
    let own = list("pointers").map(|pointer| format!("{DECISION}{pointer}"));
    let others = list("sources").filter_map(|source| {
        let (agent, pointer) = source.split_once('#')?;
        Some(format!("/agent_results/{agent}/data{pointer}"))
    });
    own.chain(others)
}

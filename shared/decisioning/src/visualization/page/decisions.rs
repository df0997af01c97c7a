//! What to decide, with what each proposal rests on.

use maud::{Markup, html};

use super::table::{Column, left_out, name, table};
use super::{DECISION, absent, evidence, source};
use crate::decision::data::{Decision, Scenario};
use crate::visualization::doc::Doc;
use crate::visualization::format::{Unit, clean, words};

const MOST: usize = 12;

pub(super) fn section(doc: &Doc<'_>) -> Markup {
    let place = format!("{DECISION}/strategic_decision_framework");
    let lists = [("immediate_decisions", "To decide now"), ("strategic_decisions", "To decide later")];
    html! {
        section id="decisions" aria-labelledby="decisions-title" {
            h2 #decisions-title { "Decisions" }
            @if doc.at(&place).is_none() { (absent(&doc.reason(&place))) }
            @else {
                div.grid {
                    @for (field, title) in lists { (list(doc, &format!("{place}/{field}"), title)) }
                    (scenario(doc))
                }
            }
        }
    }
}

fn list(doc: &Doc<'_>, place: &str, title: &str) -> Markup {
    const COLUMNS: [Column; 6] = [
        Column::long("Decision"),
        Column::text("When"),
        Column::text("Who"),
        Column::number("At stake"),
        Column::text("Risk"),
        Column::number("Confidence"),
    ];
    let all: Vec<Decision> = doc.typed(place).unwrap_or_default();
    let row = |(index, one): (usize, &Decision)| {
        let figure = |field: &str, unit| doc.figure(&format!("{place}/{index}/{field}"), unit).short();
        vec![
            html! {
                b { (one.rank) ". " (name(&one.decision)) }
                span.note { " " (name(&one.rationale)) }
                @if let Some(reason) = &one.score_reason { span.note { " Not scored: " (name(reason)) "." } }
                (evidence(doc, pointers(one)))
            },
            html! { (clean(&one.timeline)) },
            html! { (words(&one.owner)) },
            figure("impact", Unit::Money),
            html! { span.tag { (words(&one.risk_level).to_lowercase()) } },
            figure("confidence", Unit::Share),
        ]
    };
    html! {
        div.card {
            h3 { (title) }
            @if all.is_empty() { p { "Nothing that the figures call for." } }
            @else {
                (table("Numbered by rank; evidence leads to the figures on this page", &COLUMNS, all.iter().take(MOST).enumerate().map(row).collect()))
                (left_out(all.len().min(MOST), all.len() as u64, "decisions"))
            }
        }
    }
}

/// What a proposal rests on, as pointers into the document.
fn pointers(one: &Decision) -> impl Iterator<Item = String> + '_ {
    let own = one.evidence.pointers.iter().map(|pointer| format!("{DECISION}{pointer}"));
    own.chain(one.evidence.sources.iter().filter_map(|text| source(text)))
}

fn scenario(doc: &Doc<'_>) -> Markup {
    let place = format!("{DECISION}/executive/financial_projections");
    let found: Option<Scenario> = doc.typed(&format!("{place}/projected_improvement"));
    let figure = |field: &str| doc.figure(&format!("{place}/projected_improvement/{field}"), Unit::Money).short();
    let reason = doc.text(&format!("{place}/projected_improvement_reason"));
    html! {
        @match found {
            Some(found) => div.card {
                h3 { "What one decision would change" }
                p { (words(&found.decision)) ": profit " (figure("gross_profit")) " would become " b { (figure("gross_profit_then")) } ", a gain of " (figure("gain")) "." }
                p.note { "Assumption: " (name(&found.assumption)) ". Note: " (name(&found.note)) "." }
            },
            None => @if let Some(reason) = reason { div.card { h3 { "What one decision would change" } (absent(reason)) } },
        }
    }
}

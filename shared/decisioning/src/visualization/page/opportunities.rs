//! What could be done, with the money at stake.

use maud::{Markup, html};

use super::table::{Column, left_out, name, table};
use super::{STRATEGY, absent, evidence, source};
use crate::strategy::data::Opportunity;
use crate::visualization::doc::Doc;
use crate::visualization::format::{Unit, words};

const MOST: usize = 10;

pub(super) fn section(doc: &Doc<'_>) -> Markup {
    let place = format!("{STRATEGY}/transformation_opportunities");
    let lists = [
        ("quick_wins", "Within weeks"),
        ("strategic_initiatives", "Within months"),
        ("innovation_opportunities", "New ways of working"),
    ];
    let has_any = lists.iter().any(|(field, _)| !doc.list(&format!("{place}/{field}")).is_empty());
    html! {
        section id="opportunities" aria-labelledby="opportunities-title" {
            h2 #opportunities-title { "Opportunities" }
            @if doc.at(&place).is_none() { (absent(&doc.reason(&place))) }
            @else if !has_any { p { "None that the figures speak for." } }
            @else { div.card { @for (field, title) in lists { (list(doc, &format!("{place}/{field}"), title)) } } }
        }
    }
}

fn list(doc: &Doc<'_>, place: &str, title: &str) -> Markup {
    const COLUMNS: [Column; 4] = [
        Column::long("Opportunity"),
        Column::text("Moves"),
        Column::number("At stake"),
        Column::long("How that is computed"),
    ];
    let all: Vec<Opportunity> = doc.typed(place).unwrap_or_default();
    let row = |(index, one): (usize, &Opportunity)| {
        let own = one.evidence.pointers.iter().map(|pointer| format!("{STRATEGY}{pointer}"));
        let others = one.evidence.sources.iter().filter_map(|text| source(text));
        vec![
            html! { b { (words(&one.id)) } " " span.note { (name(&one.text)) } (evidence(doc, own.chain(others))) },
            html! { (words(&one.lever)) },
            doc.figure(&format!("{place}/{index}/amount"), Unit::Money).short(),
            html! { (name(&one.amount_basis)) },
        ]
    };
    html! {
        @if !all.is_empty() {
            (table(title, &COLUMNS, all.iter().take(MOST).enumerate().map(row).collect()))
            (left_out(all.len().min(MOST), all.len() as u64, "opportunities"))
        }
    }
}

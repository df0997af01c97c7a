//! What may go wrong.

use maud::{Markup, html};

use super::table::{Column, left_out, table};
use super::{STRATEGY, absent, evidence, source};
use crate::strategy::data::Risk;
use crate::visualization::charts::{Caption, Levels, Place, matrix};
use crate::visualization::doc::Doc;
use crate::visualization::format::{Unit, clean, words};

const MOST_RISKS: usize = 20;

pub(super) fn section(doc: &Doc<'_>) -> Markup {
    let place = format!("{STRATEGY}/risk_assessment/risks");
    let risks: Vec<Risk> = doc.typed(&place).unwrap_or_default();
    let known = doc.at(&place).is_some();
    html! {
        section id="risks" aria-labelledby="risks-title" {
            h2 #risks-title { "Risks" }
            @if !known { (absent(&doc.reason(&place))) }
            @else if risks.is_empty() { p { "The register is empty: no finding amounts to a risk." } }
            @else {
                div.grid {
                    div."card half" {
                        h3 { "Likelihood and impact" }
                        p.note { "The numbers are those of the register. Impact is the share of revenue, or of what the risk is about." }
                        (matrix(&Caption { id: "risk-matrix", title: "Risks by likelihood and impact",
                            description: "A field with the number of each risk; curves part low, medium and high scores; the register has the figures." },
                            &risks.iter().take(MOST_RISKS).enumerate().map(place_of).collect::<Vec<_>>(),
                            Levels { medium: level(doc, "medium"), high: level(doc, "high") }))
                    }
                    div."card half" { (register(doc, &place, &risks)) }
                }
            }
        }
    }
}

fn level(doc: &Doc<'_>, name: &str) -> Option<f64> {
    doc.number(&format!("{STRATEGY}/risk_assessment/levels/{name}"))
}

fn place_of((index, risk): (usize, &Risk)) -> Place {
    Place { number: index + 1, likelihood: risk.likelihood, impact: risk.impact_share }
}

fn register(doc: &Doc<'_>, place: &str, risks: &[Risk]) -> Markup {
    const COLUMNS: [Column; 5] = [
        Column::long("Risk"),
        Column::text("Level"),
        Column::number("Likelihood"),
        Column::number("Impact"),
        Column::number("Amount"),
    ];
    let row = |(index, risk): (usize, &Risk)| {
        let figure = |field: &str, unit| doc.figure(&format!("{place}/{index}/{field}"), unit).short();
        let pointers = risk.evidence.pointers.iter().map(|pointer| format!("{STRATEGY}{pointer}"));
        let sources = risk.evidence.sources.iter().filter_map(|text| source(text));
        vec![
            html! { b { (index + 1) ". " (words(&risk.id)) } " " span.note { (clean(&risk.text)) } (evidence(doc, pointers.chain(sources))) },
            html! { span.tag { (risk.level) } },
            figure("likelihood", Unit::Share),
            figure("impact_share", Unit::Share),
            figure("impact_amount", Unit::Money),
        ]
    };
    html! {
        h3 { "Register" }
        (table("Risks, the highest score first", &COLUMNS, risks.iter().take(MOST_RISKS).enumerate().map(row).collect()))
        (left_out(risks.len().min(MOST_RISKS), risks.len() as u64, "risks"))
    }
}

//! The page: one HTML file that asks nobody for anything and runs no script.

mod contribution;
mod customers;
mod decisions;
mod headline;
mod health;
mod margin;
mod opportunities;
mod quality;
mod revenue;
mod risks;
mod run;
mod statements;
mod table;

use std::collections::BTreeSet;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::alerts::{AlertSystem, State};
use super::charts::Paint;
use super::doc::{AGENTS, Doc};
use super::format::{clean, clean_lines, words};

/// Where the agents' data stands in the document.
pub(crate) const DISCOVERY: &str = "/agent_results/discovery/data";
pub(crate) const INTELLIGENCE: &str = "/agent_results/intelligence/data";
pub(crate) const STRATEGY: &str = "/agent_results/strategy/data";
pub(crate) const DECISION: &str = "/agent_results/decision/data";

/// Pointers that a statement shows.
const MOST_EVIDENCE: usize = 6;

/// What is known of the run beside the results.
pub(crate) struct About<'a> {
    pub(crate) run_id: &'a str,
    pub(crate) analysis_type: Option<&'a str>,
    pub(crate) alerts: &'a AlertSystem,
}

/// The page as text.
pub(crate) fn page(doc: &Doc<'_>, about: &About<'_>) -> String {
    // Figures first: statements link to them.
    let figures = [
        headline::section(doc),
        revenue::section(doc),
        contribution::section(doc),
        margin::section(doc),
        customers::section(doc),
        risks::section(doc),
        opportunities::section(doc),
    ];
    let quality = quality::section(doc);
    let health = health::section(doc);
    let decisions = decisions::section(doc);
    let statements = statements::section(doc);
    let run = run::section(doc, about);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:";
                title { "Business dashboard, " (clean(about.run_id)) }
                link rel="icon" href="data:,";
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                (hatch())
                (header(doc, about))
                main id="content" {
                    (health)
                    (decisions)
                    @for section in &figures { (section) }
                    (quality)
                    (statements)
                    (run)
                }
                footer { p { "Written by Causeway " (env!("CARGO_PKG_VERSION")) ". All figures are in export.json beside this page." } }
            }
        }
    };
    // Whatever the results hold anywhere, such as in a month's name.
    clean_lines(&page.into_string())
}

/// The pattern of losses, which is told from profits without colour.
fn hatch() -> Markup {
    html! {
        svg width="0" height="0" style="position:absolute" aria-hidden="true" focusable="false" { defs {
            pattern #hatch width="20" height="20" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                rect.hatch-ground width="20" height="20" {}
                rect.hatch-line width="12" height="20" {}
            }
        } }
    }
}

const LINKS: [(&str, &str); 10] = [
    ("decisions", "Decisions"),
    ("headline", "At a glance"),
    ("revenue", "Revenue"),
    ("contribution", "Contribution"),
    ("margin", "Margin"),
    ("customers", "Customers"),
    ("risks", "Risks"),
    ("opportunities", "Opportunities"),
    ("quality", "Data quality"),
    ("run", "This run"),
];

fn header(doc: &Doc<'_>, about: &About<'_>) -> Markup {
    let state = |agent: &str| match doc.at(&format!("/agent_results/{agent}")) {
        None => ("?", "no result"),
        Some(result) => match result["status"].as_str() {
            Some("success") => ("✓", "complete"),
            Some("partial") => ("◐", "partial"),
            Some("error") => ("✗", "error"),
            _ => ("?", "unknown"),
        },
    };
    let partial: Vec<&str> = AGENTS.into_iter().filter(|agent| state(agent).1 != "complete").collect();
    let active: Vec<&str> =
        about.alerts.rules.iter().filter(|rule| rule.state == State::Alert).map(|rule| rule.name.as_str()).collect();
    html! {
        header {
            h1 { "Business dashboard" }
            p.sub { "Run " (table::name(about.run_id)) @if let Some(kind) = about.analysis_type { ", " (words(kind).to_lowercase()) }
                @if let Some(source) = doc.text(&format!("{DISCOVERY}/data_ecosystem/primary_source")) { ", from " (table::name(source)) } }
            ul.chips aria-label="Agents" {
                @for agent in AGENTS { @let (mark, word) = state(agent); li { (mark) " " (words(agent)) ": " (word) } }
            }
            nav aria-label="Sections" { ul { @for (id, text) in LINKS { li { a href={"#" (id)} { (text) } } } } }
            @if !partial.is_empty() {
                div.notice { p { b { "Not everything could be computed. " } "Figures that are missing say why; the whole list is under "
                    a href="#coverage" { "what is missing" } "." } }
            }
            @if !active.is_empty() {
                div.notice { p { b { "▲ Alerts: " } @for (index, name) in active.iter().enumerate() { @if index > 0 { ", " } (words(name).to_lowercase()) }
                    ". " a href="#alerts" { "Thresholds" } } }
            }
        }
    }
}

/// Why a part of the page is missing.
fn absent(reason: &str) -> Markup {
    html! { p.absent { "Not available: " (clean(reason)) "." } }
}

/// What the lines of a chart mean, with a sample of each.
fn legend(entries: &[(Paint, &str)]) -> Markup {
    html! { ul.legend { @for (paint, text) in entries { li { (sample(*paint)) (text) } } } }
}

/// What the bars of a chart mean.
fn bar_legend(entries: &[(Paint, &str)]) -> Markup {
    let class = |paint: Paint| match paint {
        Paint::Second => "f-second",
        Paint::Gain => "f-gain",
        Paint::Loss => "f-loss",
        _ => "f-main",
    };
    html! { ul.legend { @for (paint, text) in entries { li {
        svg viewBox="0 0 104 48" aria-hidden="true" { rect class=(class(*paint)) y="8" width="104" height="32" {} }
        (text)
    } } } }
}

fn sample(paint: Paint) -> Markup {
    let line = |class: &str| html! { line class=(class) x1="0" y1="24" x2="104" y2="24" stroke-width="10" {} };
    html! {
        svg viewBox="0 0 104 48" aria-hidden="true" {
            @match paint {
                Paint::Main => (line("s-main")),
                Paint::Flag => polygon.f-flag points="52,2 74,24 52,46 30,24" {},
                Paint::Second => (line("s-second")),
                Paint::Forecast => { rect.f-band width="104" height="48" {} (line("s-forecast")) }
                _ => (line("s-soft")),
            }
        }
    }
}

/// The place in the document of a figure that another agent names as `agent#pointer`.
fn source(text: &str) -> Option<String> {
    let (agent, pointer) = text.split_once('#')?;
    Some(format!("/agent_results/{agent}/data{pointer}"))
}

/// Links to the figures that something rests on.
fn evidence(doc: &Doc<'_>, pointers: impl Iterator<Item = String>) -> Markup {
    let mut seen = BTreeSet::new();
    let all: Vec<(String, Option<String>)> =
        pointers.map(|pointer| (doc.anchor_of(&pointer), pointer)).map(|(anchor, pointer)| (pointer, anchor)).collect();
    // Several pointers may lead to one place.
    let all: Vec<_> = all
        .into_iter()
        .filter(|(pointer, anchor)| seen.insert(anchor.clone().unwrap_or_else(|| pointer.clone())))
        .collect();
    let label = |pointer: &str| {
        let parts: Vec<&str> = pointer.rsplit('/').filter(|part| part.parse::<u32>().is_err()).take(2).collect();
        match parts.as_slice() {
            [last, "data" | ""] | [last] => words(last),
            [last, outer] => format!("{}: {}", words(outer), words(last).to_lowercase()),
            _ => "figure".to_owned(),
        }
    };
    html! {
        @if !all.is_empty() {
            span.evidence { "Evidence: "
                @for (index, (pointer, anchor)) in all.iter().take(MOST_EVIDENCE).enumerate() {
                    @if index > 0 { ", " }
                    @match anchor {
                        Some(anchor) => a href={"#" (anchor)} title=(pointer) { (label(pointer)) },
                        None => span title=(clean(pointer)) { (label(pointer)) " (export.json)" },
                    }
                }
                @if all.len() > MOST_EVIDENCE { " +" (all.len() - MOST_EVIDENCE) " more" }
            }
        }
    }
}

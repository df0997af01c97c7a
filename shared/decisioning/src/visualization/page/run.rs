//! How the figures came about: the agents, what is missing, thresholds.

use maud::{Markup, html};
use serde_json::Value;

use super::About;
use super::table::{Column, folded, left_out, name, table};
use crate::visualization::alerts::{Rule, State};
use crate::visualization::doc::{AGENTS, Doc};
use crate::visualization::format::{Unit, words};

const MOST: usize = 100;

pub(super) fn section(doc: &Doc<'_>, about: &About<'_>) -> Markup {
    html! {
        section id="run" aria-labelledby="run-title" {
            h2 #run-title { "This run" }
            div.grid {
                div.card { h3 { "Agents" } (agents(doc)) }
                div.card id="alerts" { h3 { "Alerts" } (alerts(doc, &about.alerts.rules)) }
                div.card id="coverage" { h3 { "What is missing" } (missing(doc)) }
            }
        }
    }
}

fn agents(doc: &Doc<'_>) -> Markup {
    const COLUMNS: [Column; 6] = [
        Column::text("Agent"),
        Column::text("Status"),
        Column::text("Task"),
        Column::text("Began"),
        Column::number("Took"),
        Column::number("Confidence"),
    ];
    let row = |agent: &str| {
        let at = format!("/agent_results/{agent}");
        let word = |field: &str| html! { (name(doc.text(&format!("{at}/{field}")).unwrap_or("–"))) };
        vec![
            html! { (words(agent)) },
            html! { @if doc.at(&at).is_some() { (word("status")) } @else { "no result" } },
            word("task_id"),
            word("timestamp"),
            doc.figure(&format!("{at}/execution_time"), Unit::Seconds).short(),
            doc.figure(&format!("{at}/confidence_score"), Unit::Share).short(),
        ]
    };
    table("The agents whose results are shown", &COLUMNS, AGENTS.into_iter().map(row).collect())
}

fn alerts(doc: &Doc<'_>, rules: &[Rule]) -> Markup {
    const COLUMNS: [Column; 4] =
        [Column::text("Figure"), Column::number("Value"), Column::text("Alert when"), Column::long("State")];
    let row = |rule: &Rule| {
        let (class, word) = match rule.state {
            State::Alert => ("alert", "alert"),
            State::Ok => ("ok", "no alert"),
            State::Unknown => ("unknown", "unknown"),
        };
        vec![
            html! { (words(&rule.name)) },
            doc.figure(&rule.pointer, rule.unit()).short(),
            html! { (rule.comparison.words()) " " (rule.unit().text(rule.threshold).unwrap_or_default()) },
            html! { span class=(class) { (word) } @if let Some(reason) = &rule.reason { span.why { " " (name(reason)) } } },
        ]
    };
    table("Thresholds and what they say of this run", &COLUMNS, rules.iter().map(row).collect())
}

fn missing(doc: &Doc<'_>) -> Markup {
    let mut rows = Vec::new();
    for agent in AGENTS {
        let coverage = format!("/agent_results/{agent}/data/coverage");
        if doc.at(&format!("/agent_results/{agent}")).is_none() {
            rows.push(vec![
                html! { (words(agent)) },
                html! { "everything" },
                html! { "there is no result of this agent" },
            ]);
        }
        let records = ["metrics", "not_computed"].into_iter().flat_map(|list| doc.list(&format!("{coverage}/{list}")));
        for record in records {
            let text = |field: &str| record[field].as_str();
            if let (Some(figure), Some(reason)) = (text("metric").or_else(|| text("figure")), text("reason")) {
                let about = if text("status") == Some("not_applicable") { "does not apply: " } else { "" };
                rows.push(vec![
                    html! { (words(agent)) },
                    html! { (words(&figure.replace('.', ": "))) },
                    html! { (about) (name(reason)) },
                ]);
            }
        }
        for object in doc.list(&format!("{coverage}/deferred")).iter().filter_map(Value::as_str) {
            rows.push(vec![html! { (words(agent)) }, name(object), html! { "was deferred for want of time" }]);
        }
    }
    let total = rows.len();
    rows.truncate(MOST);
    let shown = rows.len();
    html! {
        @if rows.is_empty() { p { "Nothing." } }
        @else {
            (folded(&format!("{total} figures and why they are missing"), &html! {
                (table("Figures that could not be computed, and why", &[Column::text("Agent"), Column::text("Figure"), Column::long("Why")], rows))
                (left_out(shown, total as u64, "figures"))
            }))
        }
    }
}

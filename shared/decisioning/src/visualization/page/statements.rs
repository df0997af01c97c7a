//! What the agents say, each sentence with what it rests on.

use maud::{Markup, html};
use serde_json::Value;

use super::table::{left_out, name};
use super::{evidence, source};
use crate::visualization::doc::{AGENTS, Doc};
use crate::visualization::format::words;

const MOST: usize = 40;

pub(super) fn section(doc: &Doc<'_>) -> Markup {
    html! {
        section id="insights" aria-labelledby="insights-title" {
            h2 #insights-title { "What the agents say" }
            div.columns {
                @for agent in AGENTS {
                    @if doc.at(&format!("/agent_results/{agent}")).is_some() {
                        div.card {
                            h3 { (words(agent)) }
                            (list(doc, agent, "insights", "evidence", "Insights"))
                            (list(doc, agent, "recommendations", "recommendation_evidence", "Recommendations"))
                        }
                    }
                }
            }
        }
    }
}

fn list(doc: &Doc<'_>, agent: &str, field: &str, proof: &str, title: &str) -> Markup {
    let all = doc.list(&format!("/agent_results/{agent}/{field}"));
    let proofs = doc.list(&format!("/agent_results/{agent}/data/{proof}"));
    html! {
        details open[field == "insights" && all.len() <= 8] {
            summary { (title) " (" (all.len()) ")" }
            ul.items {
                @for (index, said) in all.iter().enumerate().take(MOST) {
                    li { (name(said.as_str().unwrap_or_default())) @if let Some(proof) = proofs.get(index) { (evidence(doc, pointers(agent, proof))) } }
                }
            }
            (left_out(all.len().min(MOST), all.len() as u64, "sentences"))
        }
    }
}

/// Evidence is a list of pointers, or an object with such a list and figures of other agents.
fn pointers(agent: &str, proof: &Value) -> impl Iterator<Item = String> {
    let own = proof.as_array().or_else(|| proof["pointers"].as_array()).into_iter().flatten().filter_map(Value::as_str);
    let sources = proof["sources"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let here = own.map(|pointer| format!("/agent_results/{agent}/data{pointer}"));
    let there = sources.filter_map(source);
    here.chain(there).collect::<Vec<_>>().into_iter()
}

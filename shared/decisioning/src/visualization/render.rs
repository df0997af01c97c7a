//! From results to files: nothing is read or written here, and the same results always give the same bytes.

use std::collections::BTreeMap;

use causeway_cloud::object_path;
use schemars::schema_for;
use serde_json::{Value, json};

use super::alerts::{self, AlertSystem};
use super::analytics_cloud;
use super::artifacts::{File, sha256};
use super::components;
use super::data::{Component, Export, GeneratedBy, Results, Run};
use super::doc::{AGENTS, Doc};
use super::page::{self, About};
use super::request::{Envelope, Format, Request};
use super::sql;

/// Version of the shapes of the reply and the export.
pub(crate) const SCHEMA_VERSION: &str = "1";

/// How a deployment wants its dashboards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Folder of all dashboards.
    pub prefix: String,
    /// Address of the bucket for people, without a slash at the end; without it there is no `dashboard_url`.
    pub base_url: Option<String>,
    /// Database schema that the SQL names.
    pub schema: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { prefix: "dashboards".to_owned(), base_url: None, schema: "decisioning_prod".to_owned() }
    }
}

impl Options {
    /// What is wrong with them, each beginning with the name of the setting without its prefix.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '#');
        let named = self.schema.starts_with(|c: char| c.is_ascii_alphabetic()) && self.schema.chars().all(is_name);
        let addressed = |url: &String| ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme));
        let mut problems = Vec::new();
        if let Err(error) = object_path(&self.prefix) {
            problems.push(format!("PREFIX is no folder of a bucket: {error}"));
        }
        if self.base_url.as_ref().is_some_and(|url| !addressed(url)) {
            problems.push("BASE_URL must begin with https:// or http://".to_owned());
        }
        if !named || self.schema.len() > 128 {
            problems.push("DATABASE_SCHEMA must be a name: a letter, then letters, digits, _, $ or #".to_owned());
        }
        problems
    }
}

/// A dashboard before it is stored.
#[derive(Debug, Clone)]
pub struct Dashboard {
    /// The run.
    pub run_id: String,
    /// The files in the order in which they are written; the page comes last, so that what it points to is there.
    pub files: Vec<File>,
    /// The parts of the page.
    pub components: BTreeMap<String, Component>,
    /// Thresholds over figures.
    pub alerts: AlertSystem,
    /// How each agent's work ended.
    pub agents: BTreeMap<String, Option<String>>,
    /// The lowest confidence of the agents.
    pub weakest_agent: f64,
    /// Figures on the page.
    pub figures: u64,
    /// Those without a number.
    pub figures_absent: u64,
}

/// The results of the agents by name.
pub type Given = BTreeMap<&'static str, Envelope>;

/// Makes the files that a request asks for.
#[must_use]
pub fn render(request: &Request, results: &Given, options: &Options) -> Dashboard {
    let result =
        |agent: &str| results.get(agent).map_or(Value::Null, |one| serde_json::to_value(one).unwrap_or_default());
    let all: BTreeMap<&str, Value> = AGENTS.into_iter().map(|agent| (agent, result(agent))).collect();
    let root = json!({ "agent_results": all });
    let doc = Doc::new(&root);
    let run_id = request.run_id.clone().unwrap_or_else(|| id_of(&root));
    let analysis_type =
        request.analysis_type.and_then(|kind| serde_json::to_value(kind).ok()?.as_str().map(str::to_owned));
    let (alerts, components) = (alerts::alerts(&doc), components::components(&doc));
    let about = About { run_id: &run_id, analysis_type: analysis_type.as_deref(), alerts: &alerts };
    let page = page::page(&doc, &about);
    let (figures, figures_absent) = doc.counts();
    let export = Export {
        schema_version: SCHEMA_VERSION.to_owned(),
        generated_by: GeneratedBy { name: "causeway".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        run: Run { run_id: run_id.clone(), analysis_type: analysis_type.clone() },
        agent_results: Results {
            discovery: result("discovery"),
            intelligence: result("intelligence"),
            strategy: result("strategy"),
            decision: result("decision"),
        },
        alert_system: alerts.clone(),
        dashboard_components: components.clone(),
    };
    let file = |format: &Format| match format {
        Format::Html => vec![html(&page)],
        Format::AnalyticsCloud => vec![json_file("analytics_cloud.json", &analytics_cloud::specification(options))],
        Format::ApexDashboard => vec![text("apex_regions.sql", "application/sql", sql::apex(&options.schema))],
        Format::JsonExport => {
            let exported = serde_json::to_value(&export).unwrap_or_default();
            vec![json_file("export.schema.json", &export_schema()), json_file("export.json", &exported)]
        }
    };
    let mut files: Vec<File> = request.formats().iter().flat_map(file).collect();
    files.sort_by_key(|file| file.name == PAGE);
    Dashboard {
        agents: AGENTS.into_iter().map(|agent| (agent.to_owned(), status(&doc, agent))).collect(),
        weakest_agent: results.values().filter_map(|one| one.confidence_score).fold(1.0, f64::min).clamp(0.0, 1.0),
        run_id,
        files,
        components,
        alerts,
        figures,
        figures_absent,
    }
}

/// The page's name.
pub(crate) const PAGE: &str = "dashboard.html";

/// The JSON Schema of `export.json`.
#[must_use]
pub fn export_schema() -> Value {
    schema_for!(Export).to_value()
}

fn status(doc: &Doc<'_>, agent: &str) -> Option<String> {
    let envelope = format!("/agent_results/{agent}");
    doc.at(&envelope).map(|_| doc.text(&format!("{envelope}/status")).unwrap_or("unknown").to_owned())
}

/// An id for results that come without one.
fn id_of(root: &Value) -> String {
    let digest = sha256(root.to_string().as_bytes());
    format!("visualization_{}", &digest[..16])
}

fn html(page: &str) -> File {
    text(PAGE, "text/html; charset=utf-8", page.to_owned())
}

fn json_file(name: &'static str, value: &Value) -> File {
    let mut content = serde_json::to_string_pretty(value).unwrap_or_default();
    content.push('\n');
    text(name, "application/json", content)
}

fn text(name: &'static str, content_type: &'static str, content: String) -> File {
    File { name, content_type, content }
}

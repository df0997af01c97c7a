//! What a caller may ask of the visualization agent.

use causeway_cloud::object_path;
use causeway_cloud::object_store::path::Path;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::doc::AGENTS;
use crate::discovery::RequestError;
use crate::discovery::request::AnalysisType;
use crate::result::Status;

/// Longest run id, in characters.
const MOST_RUN_ID: usize = 120;

/// A request: at least one result is needed, absent ones are said to be absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// The run whose dashboard this is; letters, digits, `-`, `_` and `.`. Without it the id is made from the results,
    /// so that the same results always have the same.
    pub run_id: Option<String>,
    /// The kind of analysis, which the page names.
    pub analysis_type: Option<AnalysisType>,
    /// The stage of the run. This and the next two are what a flow tells every agent; nothing here depends on them.
    pub stage: Option<String>,
    /// Objects or prefixes that the run is about.
    pub data_sources: Vec<String>,
    /// The day against which the data are judged.
    #[schemars(with = "Option<String>")]
    pub as_of: Option<Date>,
    /// A result of the discovery agent.
    pub discovery: Option<Given>,
    /// A result of the intelligence agent.
    pub intelligence: Option<Given>,
    /// A result of the strategy agent.
    pub strategy: Option<Given>,
    /// A result of the decision agent.
    pub decision: Option<Given>,
    /// The same four, in one place.
    pub inputs: Inputs,
    /// What is written, and how.
    pub config: Overrides,
    /// Nothing is written; the reply tells what would be.
    pub dry_run: bool,
    /// A dashboard of the same run with other content is replaced; without it that is refused.
    pub overwrite: bool,
}

/// Results of the agents.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Inputs {
    /// A result of the discovery agent.
    pub discovery: Option<Given>,
    /// A result of the intelligence agent.
    pub intelligence: Option<Given>,
    /// A result of the strategy agent.
    pub strategy: Option<Given>,
    /// A result of the decision agent.
    pub decision: Option<Given>,
}

/// Where a result is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Given {
    /// The name of an object relative to the bucket that holds it.
    Name(String),
    /// The same, written out.
    Object {
        /// The object.
        object: String,
    },
    /// Here, written out.
    Result {
        /// The result.
        result: Box<Envelope>,
    },
    /// Here.
    Envelope(Box<Envelope>),
}

/// A result as it came over the wire; only its findings are indispensable.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Envelope {
    /// The agent.
    #[serde(default)]
    pub agent_name: Option<String>,
    /// Its task.
    #[serde(default)]
    pub task_id: Option<String>,
    /// How its work ended.
    #[serde(default)]
    pub status: Option<Status>,
    /// Its findings.
    #[schemars(with = "serde_json::Map<String, Value>")]
    pub data: Value,
    /// Statements about the findings.
    #[serde(default)]
    pub insights: Vec<String>,
    /// What to do about them.
    #[serde(default)]
    pub recommendations: Vec<String>,
    /// When the work began.
    #[serde(default)]
    pub timestamp: Option<String>,
    /// How long it took, in seconds.
    #[serde(default)]
    pub execution_time: Option<f64>,
    /// How far the findings can be relied on, 0 to 1.
    #[serde(default)]
    pub confidence_score: Option<f64>,
}

/// An output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// `dashboard.html`.
    Html,
    /// `analytics_cloud.json`.
    AnalyticsCloud,
    /// `apex_regions.sql`.
    ApexDashboard,
    /// `export.json` and `export.schema.json`.
    JsonExport,
}

impl Format {
    /// All outputs.
    pub const ALL: [Self; 4] = [Self::Html, Self::AnalyticsCloud, Self::ApexDashboard, Self::JsonExport];
}

/// What is written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Overrides {
    /// The outputs; all when empty. The page points into the export, so that comes with it.
    pub output_formats: Vec<Format>,
}

pub(crate) fn wrong(path: &str, message: impl Into<String>) -> RequestError {
    RequestError { path: path.to_owned(), message: message.into() }
}

impl Given {
    /// The object that holds it, unless it is here; `member` is its place in the request.
    pub(crate) fn place(&self, member: &str) -> Result<Option<Path>, RequestError> {
        let text = match self {
            Self::Name(name) => name,
            Self::Object { object } => object,
            Self::Result { .. } | Self::Envelope(_) => return Ok(None),
        };
        let path = object_path(text).map_err(|error| wrong(member, error.to_string()))?;
        if path.as_ref().is_empty() { Err(wrong(member, "names no object")) } else { Ok(Some(path)) }
    }
}

impl Request {
    /// Checks the run id, and that each result is given at most once and one at all.
    ///
    /// # Errors
    ///
    /// [`RequestError`] for the first thing that is wrong.
    pub fn check(&self) -> Result<(), RequestError> {
        if let Some(id) = &self.run_id {
            check_run_id(id)?;
        }
        let (outer, inner) = (self.outer(), self.inner());
        if let Some(index) = (0..AGENTS.len()).find(|index| outer[*index].is_some() && inner[*index].is_some()) {
            return Err(wrong(&format!("inputs.{}", AGENTS[index]), "is given twice"));
        }
        if outer.iter().chain(&inner).all(Option::is_none) {
            return Err(wrong("inputs", "no result of any agent is given"));
        }
        for (_, member, given) in self.given() {
            given.place(&member)?;
        }
        Ok(())
    }

    fn outer(&self) -> [Option<&Given>; 4] {
        [&self.discovery, &self.intelligence, &self.strategy, &self.decision].map(Option::as_ref)
    }

    fn inner(&self) -> [Option<&Given>; 4] {
        let inputs = &self.inputs;
        [&inputs.discovery, &inputs.intelligence, &inputs.strategy, &inputs.decision].map(Option::as_ref)
    }

    /// The results that are given: agent, place in the request, and where the result is.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, String, &Given)> {
        let named = |(index, given): (usize, Option<&Given>), prefix: &str| {
            given.map(|_| (AGENTS[index], format!("{prefix}{}", AGENTS[index])))
        };
        let outer = self.outer().into_iter().enumerate().filter_map(move |one| Some((named(one, "")?, one.1?)));
        let inner = self.inner().into_iter().enumerate().filter_map(move |one| Some((named(one, "inputs.")?, one.1?)));
        outer.chain(inner).map(|((agent, member), given)| (agent, member, given))
    }

    /// The outputs in their order, each once.
    #[must_use]
    pub fn formats(&self) -> Vec<Format> {
        let wanted = &self.config.output_formats;
        let mut formats = if wanted.is_empty() { Format::ALL.to_vec() } else { wanted.clone() };
        if formats.contains(&Format::Html) {
            formats.push(Format::JsonExport);
        }
        formats.sort_unstable();
        formats.dedup();
        formats
    }
}

/// The id becomes a folder's name.
fn check_run_id(id: &str) -> Result<(), RequestError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if id.is_empty() || id.len() > MOST_RUN_ID || !id.chars().all(is_plain) || id.starts_with('.') {
        let text = format!("must be 1 to {MOST_RUN_ID} letters, digits, `-`, `_` or `.`, and not begin with a dot");
        return Err(wrong("run_id", text));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(), &str>) {
        let request: Request = serde_json::from_str(text).unwrap();
        assert_eq!(request.check().map_err(|error| error.path), expected.map_err(str::to_owned), "{text}");
    }

    #[test]
    fn requests_are_checked() {
        check(r#"{"discovery":{"data":{}}}"#, Ok(()));
        check(r#"{"run_id":"financial_health_20261121_093000","inputs":{"decision":"runs/a.json"}}"#, Ok(()));
        check("{}", Err("inputs"));
        for id in ["", "../x", "a/b", ".hidden", "a b", &"x".repeat(121)] {
            check(&format!(r#"{{"run_id":"{id}","discovery":{{"data":{{}}}}}}"#), Err("run_id"));
        }
        check(r#"{"strategy":"a.json","inputs":{"strategy":{"object":"b.json"}}}"#, Err("inputs.strategy"));
        check(r#"{"inputs":{"decision":"../a.json"}}"#, Err("inputs.decision"));
        check(r#"{"decision":{"object":""}}"#, Err("decision"));
        for bad in [r#"{"decisions":{}}"#, r#"{"discovery":5}"#, r#"{"config":{"output_formats":["pdf"]}}"#] {
            assert!(serde_json::from_str::<Request>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_page_brings_the_export() {
        let formats = |text: &str| serde_json::from_str::<Request>(text).unwrap().formats();
        assert_eq!(formats("{}"), Format::ALL);
        assert_eq!(formats(r#"{"config":{"output_formats":["html","html"]}}"#), [Format::Html, Format::JsonExport]);
        assert_eq!(formats(r#"{"config":{"output_formats":["apex_dashboard"]}}"#), [Format::ApexDashboard]);
    }
}

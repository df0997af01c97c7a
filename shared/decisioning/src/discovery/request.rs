//! What a caller may ask of the survey.

use causeway_cloud::object_path;
use causeway_cloud::object_store::path::Path;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Limits;
use super::drift::baseline::CompareWith;

/// A request; an empty object asks for everything with the configured limits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// The run that this is part of. With `stage`, and where the agent may write to the state, the work is done once: the
    /// answer is kept there, and a repeated call gets it again.
    pub run_id: Option<String>,
    /// The stage of the run.
    pub stage: Option<String>,
    /// The kind of analysis; the survey is the same for all of them.
    pub analysis_type: Option<AnalysisType>,
    /// Limits that replace the configured ones for this call.
    pub config: Option<Overrides>,
    /// Objects or prefixes relative to the bucket; all objects when empty.
    pub data_sources: Vec<String>,
    /// The day against which timeliness is judged, `YYYY-MM-DD`; without it timeliness is not judged.
    #[schemars(with = "Option<String>")]
    pub as_of: Option<Date>,
    /// An earlier reply of this agent; what has changed since is in `data.drift`.
    pub compare_with: Option<CompareWith>,
}

/// The analyses that the decisioning flow knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnalysisType {
    /// All agents.
    StrategicBusinessHealth,
    /// Processes.
    OperationalEfficiency,
    /// Money.
    FinancialHealth,
}

/// Limits that a caller may lower; a value above the configured one counts as the configured one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Overrides {
    /// Objects that are read.
    pub max_objects: Option<usize>,
    /// Bytes of each object after decompression.
    pub max_bytes_per_object: Option<u64>,
    /// Rows of each object, from its start; 0 is all that the configuration allows.
    pub sample_rows: Option<u64>,
    /// Different values of a column that are counted exactly.
    pub max_distinct_exact: Option<usize>,
    /// Most frequent values that are listed.
    pub top_values: Option<usize>,
}

/// A request that is well-formed and still cannot be served: an answer for the caller.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{path}: {message}")]
pub struct RequestError {
    /// Where in the request, as a JSON path such as `data_sources[0]`.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

impl Request {
    /// The prefixes to survey; the root when none is named.
    ///
    /// # Errors
    ///
    /// [`RequestError`] for the first entry that is absolute, climbs out of the root or is no object name.
    pub fn prefixes(&self) -> Result<Vec<Path>, RequestError> {
        if self.data_sources.is_empty() {
            return Ok(vec![Path::default()]);
        }
        let parse = |(index, text): (usize, &String)| {
            object_path(text)
                .map_err(|error| RequestError { path: format!("data_sources[{index}]"), message: error.to_string() })
        };
        self.data_sources.iter().enumerate().map(parse).collect()
    }

    /// The object that holds the earlier result, if the request names one.
    ///
    /// # Errors
    ///
    /// [`RequestError`] when it is no object name within the bucket.
    pub fn baseline(&self) -> Result<Option<Path>, RequestError> {
        let Some(CompareWith::Object(text)) = &self.compare_with else { return Ok(None) };
        let wrong = |message: String| RequestError { path: "compare_with.object".to_owned(), message };
        let path = object_path(text).map_err(|error| wrong(error.to_string()))?;
        if path.as_ref().is_empty() { Err(wrong("names no object".to_owned())) } else { Ok(Some(path)) }
    }

    /// The configured limits, lowered where the request asks for it.
    #[must_use]
    pub fn limits(&self, configured: &Limits) -> Limits {
        let wanted = self.config.unwrap_or_default();
        let mut limits = configured.clone();
        limits.max_objects = limits.max_objects.min(wanted.max_objects.unwrap_or(usize::MAX));
        limits.max_bytes_per_object = limits.max_bytes_per_object.min(wanted.max_bytes_per_object.unwrap_or(u64::MAX));
        limits.max_distinct_exact = limits.max_distinct_exact.min(wanted.max_distinct_exact.unwrap_or(usize::MAX));
        limits.top_values = limits.top_values.min(wanted.top_values.unwrap_or(usize::MAX));
        limits.sample_rows = match (limits.sample_rows, wanted.sample_rows.unwrap_or(0)) {
            (rows, 0) | (0, rows) => rows,
            (configured, wanted) => configured.min(wanted),
        };
        limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Request {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn climbing_sources_are_named_by_path() {
        let error = parsed(r#"{"data_sources":["fine","../etc"]}"#).prefixes().unwrap_err();
        assert_eq!(error.path, "data_sources[1]");
        assert!(parsed("{}").prefixes().unwrap() == [Path::default()]);
    }

    #[test]
    fn the_earlier_result_is_an_object_or_here() {
        let place = |text: &str| parsed(&format!(r#"{{"compare_with":{text}}}"#)).baseline();
        assert_eq!(place(r#"{"object":"results/a.json"}"#).unwrap().unwrap().as_ref(), "results/a.json");
        assert_eq!(place(r#"{"result":{"data":{"tables":[]},"status":"success"}}"#).unwrap(), None);
        for bad in ["../a.json", "/etc/passwd", ""] {
            let error = place(&format!(r#"{{"object":"{bad}"}}"#)).unwrap_err();
            assert_eq!(error.path, "compare_with.object", "{bad}");
        }
    }

    #[test]
    fn a_flow_names_the_run_and_its_stage() {
        let asked =
            parsed(r#"{"run_id":"r1","stage":"discovery","analysis_type":"financial_health","data_sources":[]}"#);
        assert_eq!((asked.run_id.as_deref(), asked.stage.as_deref()), (Some("r1"), Some("discovery")));
    }

    #[test]
    fn unknown_fields_and_wrong_types_are_errors() {
        for bad in [
            r#"{"datasources":[]}"#,
            r#"{"config":{"max_object":1}}"#,
            r#"{"as_of":"tomorrow"}"#,
            r#"{"analysis_type":"x"}"#,
            r#"{"compare_with":{"objekt":"x"}}"#,
            r#"{"compare_with":{"result":{}}}"#,
        ] {
            assert!(serde_json::from_str::<Request>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_caller_can_lower_limits_only() {
        let request = parsed(r#"{"config":{"max_objects":5,"top_values":1000,"sample_rows":10}}"#);
        let limits = request.limits(&Limits::default());
        assert_eq!((limits.max_objects, limits.top_values, limits.sample_rows), (5, 10, 10));
    }
}

//! What a caller may ask of the strategy agent.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::previous::Previous;
use crate::discovery::request::AnalysisType;
use crate::intelligence::Role;

/// A request. Without a result of the intelligence agent the tables are analysed on the spot.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// The run that this is part of. With `stage`, and where the agent may write to the state, the work is done once: the
    /// answer is kept there, and a repeated call gets it again.
    pub run_id: Option<String>,
    /// The stage of the run.
    pub stage: Option<String>,
    /// The kind of analysis; the patterns are the same for all of them.
    pub analysis_type: Option<AnalysisType>,
    /// Parts that are computed; all when empty.
    #[serde(alias = "ml_models")]
    pub models: Vec<Model>,
    /// A result of the discovery agent, for roles and data quality.
    #[serde(alias = "catalogue")]
    pub discovery: Option<Previous>,
    /// A result of the intelligence agent.
    pub intelligence: Option<Previous>,
    /// The same two, in one place.
    #[serde(alias = "previous")]
    pub inputs: Inputs,
    /// Objects or prefixes that are analysed where there is no result of the intelligence agent.
    pub data_sources: Vec<String>,
    /// The day against which these are judged, `YYYY-MM-DD`; the last day in the data when absent.
    #[schemars(with = "Option<String>")]
    pub as_of: Option<Date>,
    /// Roles by table, as the intelligence agent takes them; they count where there is no result of that agent.
    pub roles: BTreeMap<String, BTreeMap<Role, Option<String>>>,
    /// The currency whose rows are used, as the intelligence agent takes it; the same.
    pub currency: Option<String>,
    /// Bounds of the computation.
    pub config: Settings,
}

/// Results of earlier agents.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Inputs {
    /// A result of the discovery agent.
    pub discovery: Option<Previous>,
    /// A result of the intelligence agent.
    pub intelligence: Option<Previous>,
}

/// A part of the analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// Trends, seasons, changes of level, forecasts.
    TrendAnalysis,
    /// Periods that differ from what was to be expected.
    AnomalyDetection,
    /// What may go wrong, how likely and how dear that is.
    RiskAssessment,
}

/// Bounds of the computation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// False discovery rate below which a test counts as significant, above 0 and at most 0.5. Default 0.05.
    pub significance: f64,
    /// Most anomalies of a series as a share of its periods, above 0 and below 0.5. Default 0.02.
    pub max_anomalies: f64,
    /// Periods that are forecast, 1 to 60. Default 12.
    pub horizon: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { significance: 0.05, max_anomalies: 0.02, horizon: 12 }
    }
}

impl Request {
    /// Checks the bounds, and that each result is given once.
    ///
    /// # Errors
    ///
    /// [`RequestError`](crate::discovery::RequestError) for the first thing that is wrong.
    pub fn check(&self) -> Result<(), crate::discovery::RequestError> {
        let wrong = crate::intelligence::request::wrong;
        let settings = &self.config;
        if !(settings.significance > 0.0 && settings.significance <= 0.5) {
            return Err(wrong("config.significance", "must be above 0 and at most 0.5".to_owned()));
        }
        if !(settings.max_anomalies > 0.0 && settings.max_anomalies < 0.5) {
            return Err(wrong("config.max_anomalies", "must be above 0 and below 0.5".to_owned()));
        }
        if !(1..=60).contains(&settings.horizon) {
            return Err(wrong("config.horizon", "must be 1 to 60".to_owned()));
        }
        if self.currency.as_ref().is_some_and(|currency| currency.trim().is_empty()) {
            return Err(wrong("currency", "is empty".to_owned()));
        }
        let twice = [
            ("inputs.discovery", self.discovery.is_some() && self.inputs.discovery.is_some()),
            ("inputs.intelligence", self.intelligence.is_some() && self.inputs.intelligence.is_some()),
        ];
        match twice.iter().find(|(_, is_twice)| *is_twice) {
            Some((path, _)) => Err(wrong(path, "is given twice".to_owned())),
            None => Ok(()),
        }
    }

    /// The result of the discovery agent and its place in the request.
    #[must_use]
    pub fn discovery(&self) -> Option<(&Previous, &'static str)> {
        let inner = self.inputs.discovery.as_ref().map(|previous| (previous, "inputs.discovery"));
        self.discovery.as_ref().map(|previous| (previous, "discovery")).or(inner)
    }

    /// The result of the intelligence agent and its place in the request.
    #[must_use]
    pub fn intelligence(&self) -> Option<(&Previous, &'static str)> {
        let inner = self.inputs.intelligence.as_ref().map(|previous| (previous, "inputs.intelligence"));
        self.intelligence.as_ref().map(|previous| (previous, "intelligence")).or(inner)
    }

    /// Whether a part is asked for.
    #[must_use]
    pub fn wants(&self, model: Model) -> bool {
        self.models.is_empty() || self.models.contains(&model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_checked() {
        let check = |text: &str| serde_json::from_str::<Request>(text).unwrap().check().map_err(|error| error.path);
        assert_eq!(check("{}"), Ok(()));
        assert_eq!(check(r#"{"ml_models":["risk_assessment"],"catalogue":"d.json"}"#), Ok(()));
        assert_eq!(check(r#"{"config":{"significance":0}}"#), Err("config.significance".to_owned()));
        assert_eq!(check(r#"{"config":{"max_anomalies":0.5}}"#), Err("config.max_anomalies".to_owned()));
        assert_eq!(check(r#"{"config":{"horizon":0}}"#), Err("config.horizon".to_owned()));
        assert_eq!(check(r#"{"currency":" "}"#), Err("currency".to_owned()));
        assert_eq!(check(r#"{"currency":"EUR","roles":{"orders":{"amount":"net","customer":null}}}"#), Ok(()));
        let of_a_flow = r#"{"run_id":"r","stage":"s","analysis_type":"financial_health","data_sources":["a"],
            "as_of":"2020-01-31","ml_models":[],"catalogue":{"object":"runs/r/discovery.json"}}"#;
        assert_eq!(check(of_a_flow), Ok(()));
        let twice = r#"{"intelligence":"a.json","inputs":{"intelligence":"b.json"}}"#;
        assert_eq!(check(twice), Err("inputs.intelligence".to_owned()));
        assert!(serde_json::from_str::<Request>(r#"{"modell":[]}"#).is_err());
    }
}

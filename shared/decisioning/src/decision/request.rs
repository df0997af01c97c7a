//! What a caller may ask of the decision agent.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::figures::Agent;
use super::rules::Rule;
use crate::discovery::RequestError;
use crate::discovery::request::AnalysisType;
use crate::strategy::previous::Previous;

/// A request. At least one result is needed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// The run that this is part of. With `stage`, and where the agent may write to the state, the work is done once: the
    /// answer is kept there, and a repeated call gets it again.
    pub run_id: Option<String>,
    /// The stage of the run.
    pub stage: Option<String>,
    /// The kind of analysis; the rules are the same for all of them.
    pub analysis_type: Option<AnalysisType>,
    /// A result of the discovery agent.
    pub discovery: Option<Previous>,
    /// A result of the intelligence agent.
    pub intelligence: Option<Previous>,
    /// A result of the strategy agent.
    pub strategy: Option<Previous>,
    /// The same three, in one place.
    #[serde(alias = "previous")]
    pub inputs: Inputs,
    /// What the earlier agents were asked about; nothing is read from there.
    pub data_sources: Vec<String>,
    /// The day that the earlier agents judged against; has no effect here.
    #[schemars(with = "Option<String>")]
    pub as_of: Option<Date>,
    /// How decisions are put in order.
    pub prioritization_framework: Framework,
    /// How decisions are sorted into four fields.
    pub decision_matrix: Matrix,
    /// Weights, rules and forms.
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
    /// A result of the strategy agent.
    pub strategy: Option<Previous>,
}

/// How decisions are put in order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Framework {
    /// By impact x probability / effort.
    #[default]
    BusinessImpact,
}

/// How decisions are sorted into four fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Matrix {
    /// By risk and reward.
    #[default]
    RiskReward,
}

/// Weights, rules and forms.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Exponents of the score's parts.
    pub weights: Weights,
    /// Rules beside the built-in ones, or in their place.
    pub rules: Vec<Rule>,
    /// What `business_health` of the executive summary is; as configured when absent.
    pub business_health_as: Option<HealthAs>,
}

/// Exponents of the score's parts, 0.1 to 10.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Weights {
    /// Of the money at stake. Default 1.
    pub impact: f64,
    /// Of the probability. Default 1.
    pub probability: f64,
    /// Of the effort, which divides. Default 1.
    pub effort: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self { impact: 1.0, probability: 1.0, effort: 1.0 }
    }
}

/// What `business_health` is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthAs {
    /// A text with the label.
    #[default]
    Label,
    /// The number, for queries that compare it.
    Number,
}

impl Request {
    /// Checks the weights, and that each result is given once and at least one is.
    ///
    /// # Errors
    ///
    /// [`RequestError`] for the first thing that is wrong.
    pub fn check(&self) -> Result<(), RequestError> {
        let wrong = |path: &str, message: &str| RequestError { path: path.to_owned(), message: message.to_owned() };
        let weights = self.config.weights;
        let named = [("impact", weights.impact), ("probability", weights.probability), ("effort", weights.effort)];
        if let Some((name, _)) = named.iter().find(|(_, weight)| !(0.1..=10.0).contains(weight)) {
            return Err(wrong(&format!("config.weights.{name}"), "must be 0.1 to 10"));
        }
        for agent in Agent::ALL {
            let (outer, inner) = self.places(agent);
            if outer.is_some() && inner.is_some() {
                return Err(wrong(&format!("inputs.{}", agent.name()), "is given twice"));
            }
        }
        match Agent::ALL.iter().any(|agent| self.previous(*agent).is_some()) {
            true => Ok(()),
            false => Err(wrong("inputs", "names no result of an earlier agent")),
        }
    }

    fn places(&self, agent: Agent) -> (Option<&Previous>, Option<&Previous>) {
        let (outer, inner) = match agent {
            Agent::Discovery => (&self.discovery, &self.inputs.discovery),
            Agent::Intelligence => (&self.intelligence, &self.inputs.intelligence),
            Agent::Strategy => (&self.strategy, &self.inputs.strategy),
        };
        (outer.as_ref(), inner.as_ref())
    }

    /// The result of an agent and its place in the request.
    #[must_use]
    pub fn previous(&self, agent: Agent) -> Option<(&Previous, String)> {
        let (outer, inner) = self.places(agent);
        let inner = || inner.map(|previous| (previous, format!("inputs.{}", agent.name())));
        outer.map(|previous| (previous, agent.name().to_owned())).or_else(inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_checked() {
        let check = |text: &str| serde_json::from_str::<Request>(text).unwrap().check().map_err(|error| error.path);
        assert_eq!(check("{}"), Err("inputs".to_owned()));
        assert_eq!(check(r#"{"strategy":"s.json"}"#), Ok(()));
        assert_eq!(check(r#"{"previous":{"strategy":"s.json"},"decision_matrix":"risk_reward"}"#), Ok(()));
        let of_a_flow = r#"{"run_id":"r","stage":"s","analysis_type":null,"data_sources":[],"as_of":"2020-01-31",
            "strategy":{"result":{"data":{},"status":"partial"}}}"#;
        assert_eq!(check(of_a_flow), Ok(()));
        let weights = r#"{"strategy":"s.json","config":{"weights":{"effort":0}}}"#;
        assert_eq!(check(weights), Err("config.weights.effort".to_owned()));
        let twice = r#"{"strategy":"s.json","inputs":{"strategy":"s.json"}}"#;
        assert_eq!(check(twice), Err("inputs.strategy".to_owned()));
    }
}

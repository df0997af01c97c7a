//! The kinds of analysis.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A kind of analysis: which agents run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Analysis {
    /// All agents.
    #[default]
    StrategicBusinessHealth,
    /// Processes: discovery, intelligence, decision.
    OperationalEfficiency,
    /// Money: discovery, intelligence, visualization.
    FinancialHealth,
}

impl Analysis {
    /// The analysis as requests and results write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::StrategicBusinessHealth => "strategic_business_health",
            Self::OperationalEfficiency => "operational_efficiency",
            Self::FinancialHealth => "financial_health",
        }
    }

    /// Whether the agent takes part.
    pub(super) fn needs(self, agent: &str) -> bool {
        match self {
            Self::StrategicBusinessHealth => true,
            Self::OperationalEfficiency => ["discovery", "intelligence", "decision"].contains(&agent),
            Self::FinancialHealth => ["discovery", "intelligence", "visualization"].contains(&agent),
        }
    }
}

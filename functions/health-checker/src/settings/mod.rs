//! Everything that people set: what is checked, and every number of the rules.
//!
//! Start at [`Settings`]; [`read`] takes YAML and tells line and column of what is wrong. Units stand in names.

mod breakers;
mod check;
mod check_sources;
mod probe;
mod rules;
mod sources;
mod tenant;
mod windows;

pub use breakers::BreakerFolder;
pub(crate) use breakers::ROOTS as BREAKER_ROOTS;
pub use probe::{
    Call, Condition, DnsProbe, Expect, HttpProbe, Method, MetricProbe, ObjectProbe, Probe, StatusRange, TcpProbe,
    TlsProbe,
};
pub use rules::{
    BurnRules, CliffRules, ErrorRules, HealthRules, LatencyRules, MoveRules, Objective, RollbackRules, SuspectRules,
    TickRules,
};
pub use sources::{
    ClusterSource, EscalationSource, Fold, MonitorResults, Number, NumberCall, NumberMetric, ResultsCall, VantageFrom,
    VantageSource,
};
pub use tenant::{Calls, Divergence, Tenant};
pub use windows::Window;

use causeway_runtime::{Document, DocumentProblem, read_document};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::health::Verdict;

/// Largest document in bytes.
pub const MAX_BYTES: usize = 512 << 10;

/// What is checked, and the rules. An empty document checks nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// What is looked at.
    pub checks: Vec<Check>,
    /// Parts of the system that checks belong to; one that only a check names has a weight of 1.
    pub components: Vec<Component>,
    /// Hosts, by the very name that a check uses, whose addresses may be loopback, link-local or those of a cloud's
    /// metadata service. All others are refused.
    pub allowed_hosts: Vec<String>,
    /// From results to states.
    pub health: HealthRules,
    /// When traffic has to go back.
    pub rollback: RollbackRules,
    /// How fast the budget for errors is used up.
    pub burn: BurnRules,
    /// Times in which nobody is woken.
    pub maintenance: Vec<Window>,
    /// Who can be moved from one cloud to the other.
    pub tenants: Vec<Tenant>,
    /// What others find, for checks with a quorum.
    pub vantages: Vec<VantageSource>,
    /// Circuit breakers that are looked after beside the usual folders: `breakers` of functions that share them,
    /// `chat-breakers` of language models, and `side2.breakers` of a storage with two sides. One of these has other rules
    /// where it is named.
    #[serde(deserialize_with = "breakers::merged")]
    pub breakers: Vec<BreakerFolder>,
    /// How a tick is carried out.
    pub tick: TickRules,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            checks: Vec::new(),
            components: Vec::new(),
            allowed_hosts: Vec::new(),
            health: HealthRules::default(),
            rollback: RollbackRules::default(),
            burn: BurnRules::default(),
            maintenance: Vec::new(),
            tenants: Vec::new(),
            vantages: Vec::new(),
            breakers: breakers::usual(),
            tick: TickRules::default(),
        }
    }
}

/// Something that is looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Its name, unique: letters, digits, `-`, `_` and `.`.
    pub id: String,
    /// The component that it is about; one of its own name when absent.
    #[serde(default)]
    pub component: Option<String>,
    /// How it is looked at.
    pub probe: Probe,
    /// Time from one look to the next, in seconds. Default 60.
    #[serde(default = "defaults::interval")]
    pub interval_seconds: u32,
    /// Longest look, in seconds; at most half of the interval. Default 5.
    #[serde(default = "defaults::timeout")]
    pub timeout_seconds: u32,
    /// What it counts for in its component. Default 1.
    #[serde(default = "defaults::weight")]
    pub weight: u32,
    /// Whether the component fails when this fails. Default false.
    #[serde(default)]
    pub critical: bool,
    /// 95th percentile of the response time in milliseconds that is usual; no comparison without one.
    #[serde(default)]
    pub baseline_p95_ms: Option<u32>,
    /// Who has to agree; only this checker when absent.
    #[serde(default)]
    pub quorum: Option<Quorum>,
    /// Name of the dependency that it looks at, as its circuit breaker has it: a breaker that waits for probes and gets
    /// none from callers is probed by this check.
    #[serde(default)]
    pub breaker: Option<String>,
}

/// Vantage points that have to agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quorum {
    /// How many have to say the same. Default 2.
    #[serde(default = "defaults::needed")]
    pub needed: u32,
    /// Names of the others beside this checker, such as `oci-health-checks` or `route-53`.
    pub vantages: Vec<String>,
}

/// A part of the system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Its name, as checks have it.
    pub id: String,
    /// What it counts for in the whole. Default 1.
    #[serde(default = "defaults::weight")]
    pub weight: u32,
    /// Whether the whole fails when this fails. Default false.
    #[serde(default)]
    pub critical: bool,
}

mod defaults {
    pub(super) fn interval() -> u32 {
        60
    }

    pub(super) fn timeout() -> u32 {
        5
    }

    pub(super) fn weight() -> u32 {
        1
    }

    pub(super) fn needed() -> u32 {
        2
    }
}

/// Reads and checks settings.
///
/// # Errors
/// Everything that is wrong, each with its path, line and column. What cannot be read at all is one problem.
pub fn read(text: &str) -> Result<Settings, Vec<DocumentProblem>> {
    let document: Document<Settings> = read_document(text, MAX_BYTES).map_err(|problem| vec![problem])?;
    let problems: Vec<DocumentProblem> =
        document.value.check().into_iter().map(|(path, text)| document.problem(path, text)).collect();
    if problems.is_empty() { Ok(document.value) } else { Err(problems) }
}

impl Check {
    /// The component that it is about.
    #[must_use]
    pub fn component(&self) -> &str {
        self.component.as_deref().unwrap_or(&self.id)
    }
}

impl Settings {
    /// The check of this name.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.id == id)
    }
}

/// What a condition that does not hold makes of a result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// It failed.
    #[default]
    Fail,
    /// It works, and not well.
    Degraded,
}

impl From<Otherwise> for Verdict {
    fn from(otherwise: Otherwise) -> Self {
        match otherwise {
            Otherwise::Fail => Self::Fail,
            Otherwise::Degraded => Self::Degraded,
        }
    }
}

#[cfg(test)]
mod tests;

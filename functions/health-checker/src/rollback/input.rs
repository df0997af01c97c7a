//! What was read of one tenant.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::series::Minute;
use super::usual::Hour;

/// A cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cloud {
    /// Oracle's.
    Oci,
    /// Amazon's.
    Aws,
}

/// What was read of one tenant. What is absent is not known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantInput {
    /// Its name, as the settings have it.
    pub tenant: String,
    /// Where DNS leads.
    #[serde(default)]
    pub serving: Option<Cloud>,
    /// Calls on OCI: up to seven hours, the newest among them.
    #[serde(default)]
    pub oci: Vec<Minute>,
    /// Calls on AWS, likewise; absent when nobody measures there.
    #[serde(default)]
    pub aws: Option<Vec<Minute>>,
    /// Hours on AWS up to the cutover, two weeks of them; absent when they were not read now.
    #[serde(default)]
    pub past: Option<Vec<Hour>>,
    /// Clusters on OCI.
    #[serde(default)]
    pub clusters: Vec<ClusterReading>,
    /// What operators have asked for; absent when that is not known.
    #[serde(default)]
    pub escalations: Option<Vec<Escalation>>,
    /// The side that traffic would go back to.
    #[serde(default)]
    pub target: Target,
    /// Lag of the replication back to AWS, in seconds.
    #[serde(default)]
    pub replication_lag_seconds: Option<u32>,
}

impl TenantInput {
    /// One of which nothing could be read.
    #[must_use]
    pub fn nothing(tenant: &str) -> Self {
        Self {
            tenant: tenant.to_owned(),
            serving: None,
            oci: Vec::new(),
            aws: None,
            past: None,
            clusters: Vec::new(),
            escalations: None,
            target: Target::default(),
            replication_lag_seconds: None,
        }
    }
}

/// A cluster, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterReading {
    /// Its name.
    pub id: String,
    /// When it was looked at.
    pub at: Timestamp,
    /// Nodes that run; absent when that is not known.
    pub running: Option<u32>,
    /// Nodes that it needs.
    pub quorum: u32,
}

/// An operator's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// Its id, unique.
    pub id: String,
    /// When it was given.
    pub at: Timestamp,
    /// Who gave it.
    pub author: String,
    /// Whether its signature was verified.
    pub is_verified: bool,
}

/// The side that traffic would go back to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Target {
    /// Looks at it.
    pub probes: Vec<TargetProbe>,
    /// When traffic was moved away from it.
    pub cutover_at: Option<Timestamp>,
    /// Until when it is kept; as long as the rules say after the cutover when absent.
    pub retained_until: Option<Timestamp>,
    /// Whether it was taken down already, whatever the times say.
    pub is_removed: bool,
}

/// A look at the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetProbe {
    /// When.
    pub at: Timestamp,
    /// Whether it worked.
    pub is_ok: bool,
}

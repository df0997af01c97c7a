//! Who can be moved from one cloud to the other.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ClusterSource, EscalationSource, Number};
use crate::rollback::Cloud;

/// A tenant whose traffic was moved to OCI.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// Its name: letters, digits, `-`, `_` and `.`.
    pub id: String,
    /// What becomes of writes that were made on OCI; a person is asked while it is not set.
    #[serde(default)]
    pub divergence: Option<Divergence>,
    /// Component whose failure is that of the tenant's clusters.
    #[serde(default)]
    pub component: Option<String>,
    /// Where its calls on OCI are counted; asked for by ticks.
    #[serde(default)]
    pub calls: Option<Calls>,
    /// Where its calls on AWS are counted, in metrics that the function can read. Their response times of the two weeks
    /// before the cutover are what is usual.
    #[serde(default)]
    pub aws_calls: Option<Calls>,
    /// 95th percentile of the response time in milliseconds that is usual, in place of what was measured on AWS.
    #[serde(default)]
    pub baseline_p95_ms: Option<f64>,
    /// Clusters on OCI whose nodes are counted.
    #[serde(default)]
    pub clusters: Vec<ClusterSource>,
    /// Lag of the replication back to AWS, in seconds; for `replicate_back` a rollback is blocked while it is not known.
    #[serde(default)]
    pub replication_lag_seconds: Option<Number>,
    /// Where operators ask for a rollback.
    #[serde(default)]
    pub escalations: Option<EscalationSource>,
    /// Where DNS leads since the cutover, as the one who moved it has written it down.
    #[serde(default)]
    pub serving: Option<Cloud>,
    /// When traffic was moved away from AWS.
    #[serde(default)]
    pub cutover_at: Option<Timestamp>,
    /// Until when the AWS side is kept; as long as the rules say after the cutover when absent.
    #[serde(default)]
    pub retained_until: Option<Timestamp>,
    /// Whether the AWS side has been taken down already, whatever the times say: a person is asked in place of a rollback.
    #[serde(default)]
    pub target_removed: bool,
    /// Name of the check that looks at the AWS side; ticks look three times.
    #[serde(default)]
    pub target_check: Option<String>,
}

/// What becomes of writes that were made on OCI since the cutover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Divergence {
    /// There are none.
    ReadOnly,
    /// They are replicated back, and the lag has to be known and small.
    ReplicateBack,
    /// They are lost, and somebody has agreed to that.
    AcceptLoss,
}

/// Metrics that count calls, one value a minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calls {
    /// Namespace of all three.
    pub namespace: String,
    /// All calls.
    pub total: String,
    /// Those that failed.
    pub failed: String,
    /// Response time in milliseconds; none is compared without it.
    #[serde(default)]
    pub duration: Option<String>,
    /// Only series with these dimensions.
    #[serde(default)]
    pub dimensions: BTreeMap<String, String>,
    /// OCID of the compartment; that of the function when absent.
    #[serde(default)]
    pub compartment: Option<String>,
    /// Whether a minute that has calls and no value of failures had none: for counters that are sent only when something
    /// fails. Default false: such a minute was not measured.
    #[serde(default)]
    pub absent_failures_are_none: bool,
}

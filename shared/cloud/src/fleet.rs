//! Virtual machines whose size can change.

use std::collections::BTreeMap;

use async_trait::async_trait;
use causeway_resilience::{Deadline, ServiceFailure};
use futures_util::stream::BoxStream;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Code of a failure of [`Fleet::resize`]: there is no host with so much room left.
pub const OUT_OF_HOST_CAPACITY: &str = "OutOfHostCapacity";
/// Code of a failure of [`Fleet::resize`]: the change restarts the machine, which was not allowed.
pub const RESTART_NEEDED: &str = "RestartNeeded";

/// Machines of one cloud. Reading is free of effects; [`Fleet::resize`] changes infrastructure and may restart a
/// machine, so whoever calls it has been told to.
#[async_trait]
pub trait Fleet: Send + Sync {
    /// All machines that the selector means, also those being ended. Records of a list have no [`Machine::etag`].
    fn machines(&self, selector: &Selector, deadline: Deadline) -> BoxStream<'static, Result<Machine, ServiceFailure>>;

    /// One machine with its etag.
    ///
    /// # Errors
    /// The service's; [`NotFound`](causeway_resilience::service::Kind::NotFound) when it is gone.
    async fn machine(&self, id: &str, deadline: Deadline) -> Result<Machine, ServiceFailure>;

    /// Shapes that the compartment may use, with their bounds; one line per shape and availability domain.
    fn shapes(
        &self,
        compartment: Option<&str>,
        deadline: Deadline,
    ) -> BoxStream<'static, Result<Shape, ServiceFailure>>;

    /// Asks for another size. The change goes on after the call: [`Fleet::work`] tells how far it is.
    ///
    /// # Errors
    /// The service's: [`Conflict`](causeway_resilience::service::Kind::Conflict) when the machine is not as
    /// [`Resize::if_match`] says or is busy, or when it would have to be restarted and must not. What only the words of
    /// a service tell has a code here: [`OUT_OF_HOST_CAPACITY`], [`RESTART_NEEDED`].
    async fn resize(&self, resize: &Resize, deadline: Deadline) -> Result<Accepted, ServiceFailure>;

    /// How far accepted work is.
    ///
    /// # Errors
    /// The service's.
    async fn work(&self, id: &str, deadline: Deadline) -> Result<Work, ServiceFailure>;
}

/// Which machines are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Selector {
    /// OCID of the compartment; that of the principal when absent.
    pub compartment: Option<String>,
    /// Machines that have all of these free-form tags.
    pub tags: BTreeMap<String, String>,
}

/// A machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// OCID.
    pub id: String,
    /// OCID of its compartment.
    pub compartment: String,
    /// The name for people.
    pub name: Option<String>,
    /// What it is doing.
    pub state: MachineState,
    /// Such as `VM.Standard.E5.Flex`.
    pub shape: String,
    /// Its size; `None` where the service does not tell.
    pub size: Option<Size>,
    /// Share of an OCPU that is guaranteed, such as `BASELINE_1_2`; `None` where the service does not tell.
    pub baseline: Option<String>,
    /// Full name of its availability domain.
    pub availability_domain: String,
    /// When it was made.
    pub created: Timestamp,
    /// Free-form tags.
    pub tags: BTreeMap<String, String>,
    /// Defined tags: namespace, key, value.
    pub defined_tags: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
    /// Whether it is on a host of its owner's own; `None` where the service does not tell.
    pub on_dedicated_host: Option<bool>,
    /// Whether the cloud may take it away; `None` where the service does not tell.
    pub preemptible: Option<bool>,
    /// For conditional changes.
    pub etag: Option<String>,
}

/// What a machine is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MachineState {
    /// It works.
    Running,
    /// It is switched off.
    Stopped,
    /// On its way to being on.
    Starting,
    /// On its way to being off.
    Stopping,
    /// It is being made.
    Provisioning,
    /// It is being ended.
    Terminating,
    /// It is gone.
    Terminated,
    /// Anything else, as the service calls it.
    #[serde(untagged)]
    Other(String),
}

/// A size. Fractions are allowed where the shape allows them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Size {
    /// Number of OCPUs; one is a core with two threads on x86.
    pub ocpus: f64,
    /// Memory in GB.
    pub memory_gb: f64,
}

/// A shape and what it allows; absent bounds are unknown, not infinite.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Shape {
    /// Its name.
    pub name: String,
    /// Availability domain that this line is about; `None` where the service does not tell.
    pub availability_domain: Option<String>,
    /// Whether the size can be chosen; `None` where the service does not tell.
    pub is_flexible: Option<bool>,
    /// Smallest number of OCPUs.
    pub min_ocpus: Option<f64>,
    /// Largest number of OCPUs.
    pub max_ocpus: Option<f64>,
    /// Least memory in GB.
    pub min_memory_gb: Option<f64>,
    /// Most memory in GB.
    pub max_memory_gb: Option<f64>,
    /// Least memory in GB for each OCPU.
    pub min_memory_per_ocpu_gb: Option<f64>,
    /// Most memory in GB for each OCPU.
    pub max_memory_per_ocpu_gb: Option<f64>,
    /// Most memory in GB of one NUMA node.
    pub max_memory_per_numa_node_gb: Option<f64>,
    /// Shapes that a machine of this one can be changed to.
    pub resizes_to: Vec<String>,
}

/// Another size for a machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Resize {
    /// OCID of the machine.
    pub id: String,
    /// The new size, whole: what is left out would fall back to the shape's default.
    pub size: Size,
    /// Baseline, to be kept: it falls back to the shape's default too.
    pub baseline: Option<String>,
    /// The machine must have this etag.
    pub if_match: Option<String>,
    /// The service recognises a repetition by it, for 24 hours. At most 64 characters.
    pub retry_token: Option<String>,
    /// Whether a running machine may be restarted. Without it the service refuses what it cannot do live.
    pub may_restart: bool,
}

/// A change that was accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// The machine as it was answered.
    pub machine: Machine,
    /// For [`Fleet::work`]; `None` when the service gave no number.
    pub work: Option<String>,
}

/// Accepted work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// How far it is.
    pub state: WorkState,
    /// When it was over.
    pub finished: Option<Timestamp>,
}

/// How far work is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkState {
    /// Not over.
    Running,
    /// Done.
    Succeeded,
    /// Ended without having been done.
    Failed,
    /// Anything else, as the service calls it.
    #[serde(untagged)]
    Other(String),
}

impl From<&str> for MachineState {
    fn from(name: &str) -> Self {
        match name {
            "RUNNING" => Self::Running,
            "STOPPED" => Self::Stopped,
            "STARTING" => Self::Starting,
            "STOPPING" => Self::Stopping,
            "PROVISIONING" => Self::Provisioning,
            "TERMINATING" => Self::Terminating,
            "TERMINATED" => Self::Terminated,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl Selector {
    /// Whether a machine has all the tags.
    #[must_use]
    pub fn holds(&self, machine: &Machine) -> bool {
        self.tags.iter().all(|(key, value)| machine.tags.get(key) == Some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_read_and_write_as_the_service_has_them() {
        for name in
            ["RUNNING", "STOPPED", "STARTING", "STOPPING", "PROVISIONING", "TERMINATING", "TERMINATED", "MOVING"]
        {
            let state = MachineState::from(name);
            let text = serde_json::to_string(&state).unwrap();
            assert_eq!(text, format!("{name:?}"));
            assert_eq!(serde_json::from_str::<MachineState>(&text).unwrap(), state);
        }
    }
}

//! What a tick has read, as one document: `decide -f FILE` takes it, and a tick leaves it beside its audit where that is
//! asked for.
//!
//! Start with [`Inputs`]. Nothing in it was interpreted: points are as the service gave them, with gaps, repetitions
//! and nonsense.

mod points;
pub(crate) mod schema;

use std::collections::BTreeMap;

use causeway_cloud::fleet::{Machine, MachineState, Shape, Size, Work, WorkState};
use causeway_cloud::metrics::Point;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policy::{Policy, TagNames};
use crate::state::StateRead;

/// Everything that a decision depends on. The least that is needed is `now` and `instances`, each with `id`, `state`,
/// `shape`, `size`, what kind it is of (`baseline`, `on_dedicated_host`, `preemptible`), `cpu` and `memory`:
///
/// ```json
/// {
///   "now": "2026-03-11T12:00:00Z",
///   "policy": {"mode": "dry_run", "limits": {"max_ocpus": 48}},
///   "shapes": [{"name": "VM.Standard.E5.Flex", "min_ocpus": 1, "max_ocpus": 94, "max_memory_per_ocpu_gb": 64}],
///   "state": null,
///   "instances": [{
///     "id": "ocid1.instance.oc1..n1", "state": "RUNNING", "shape": "VM.Standard.E5.Flex",
///     "size": {"ocpus": 16, "memory_gb": 256},
///     "baseline": "BASELINE_1_1", "on_dedicated_host": false, "preemptible": false,
///     "cpu": [{"at": "2026-03-11T11:59:00Z", "value": 82.5}],
///     "memory": [{"at": "2026-03-11T11:59:00Z", "value": 40.0}]
///   }]
/// }
/// ```
///
/// Without a state a machine counts as new, and new machines do not shrink: for a replay give the state that the
/// tick before has left, or one such as `{"version": 1, "since": "2026-03-10T12:00:00Z", "instances": {"<id>":
/// {"since": "2026-03-10T12:00:00Z", "seen_at": "2026-03-11T11:55:00Z"}}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// The moment of the decision.
    pub now: Timestamp,
    /// Fencing epoch of the lease; 0 without one.
    #[serde(default)]
    pub epoch: u64,
    /// The numbers of the rules.
    #[serde(default)]
    pub policy: Policy,
    /// Shapes and their limits; a machine whose shape is not here is held to the policy's limits and never shrinks.
    #[serde(default, deserialize_with = "schema::shapes")]
    #[schemars(with = "Vec<schema::Shape>")]
    pub shapes: Vec<Shape>,
    /// What the last tick left; `null` or absent when there is none. What cannot be read as a state is kept as text,
    /// and decided like none.
    #[serde(default, skip_serializing_if = "StateRead::is_absent")]
    pub state: StateRead,
    /// Money spent this month, by the name of the tenant in the policy's `budget`.
    #[serde(default)]
    pub spend: BTreeMap<String, Spend>,
    /// What may still be used.
    #[serde(default)]
    pub quotas: Vec<Quota>,
    /// The machines, in any order.
    pub instances: Vec<Instance>,
}

/// A machine and what was measured of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// OCID.
    pub id: String,
    /// What it is doing.
    #[schemars(with = "schema::MachineState")]
    pub state: MachineState,
    /// Such as `VM.Standard.E5.Flex`.
    pub shape: String,
    /// Its size; absent where the service does not tell.
    #[serde(default, deserialize_with = "schema::size")]
    #[schemars(with = "Option<schema::Size>")]
    pub size: Option<Size>,
    /// The name for people.
    #[serde(default)]
    pub name: Option<String>,
    /// OCID of its compartment.
    #[serde(default)]
    pub compartment: Option<String>,
    /// Full name of its availability domain.
    #[serde(default)]
    pub availability_domain: Option<String>,
    /// Share of an OCPU that is guaranteed, such as `BASELINE_1_2`; absent where the service does not tell.
    #[serde(default)]
    pub baseline: Option<String>,
    /// For conditional changes.
    #[serde(default)]
    pub etag: Option<String>,
    /// Free-form tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Whether it is on a dedicated host; absent when unknown.
    #[serde(default)]
    pub on_dedicated_host: Option<bool>,
    /// Whether the cloud may take it away; absent when unknown.
    #[serde(default)]
    pub preemptible: Option<bool>,
    /// Whether the service says that it is not there (any more).
    #[serde(default)]
    pub gone: bool,
    /// Work on it that was asked for and may not be over.
    #[serde(default)]
    pub work_requests: Vec<WorkRequest>,
    /// Why its measurements could not be had; absent where they were asked for and came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmeasured: Option<String>,
    /// CPU utilization in percent, one point a minute, at least of the last three hours.
    #[serde(default, with = "points")]
    #[schemars(with = "Vec<points::Item>")]
    pub cpu: Vec<Point>,
    /// Memory utilization in percent, likewise.
    #[serde(default, with = "points")]
    #[schemars(with = "Vec<points::Item>")]
    pub memory: Vec<Point>,
}

/// Work on a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkRequest {
    /// The service's id.
    pub id: String,
    /// How far it is.
    #[schemars(with = "schema::WorkState")]
    pub state: WorkState,
}

/// Money of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spend {
    /// Spent since the beginning of the calendar month in UTC; not below 0.
    #[serde(deserialize_with = "schema::spent")]
    pub month_to_date: f64,
    /// What all of the tenant's things cost in an hour; that of the machines in this document when absent.
    #[serde(default)]
    pub price_per_hour: Option<f64>,
}

/// What may still be used, by the machines that all given members fit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Quota {
    /// Name of the shape.
    pub shape: Option<String>,
    /// Full name of the availability domain.
    pub availability_domain: Option<String>,
    /// OCID of the compartment.
    pub compartment: Option<String>,
    /// OCPUs that are left; absent: not limited by this one.
    pub ocpus: Option<f64>,
    /// GB of memory that are left; absent: not limited by this one.
    pub memory_gb: Option<f64>,
}

impl Instance {
    /// A machine of which nothing else is known.
    pub(crate) fn unknown(id: &str, state: MachineState, shape: &str) -> Self {
        Self {
            id: id.to_owned(),
            state,
            shape: shape.to_owned(),
            size: None,
            name: None,
            compartment: None,
            availability_domain: None,
            baseline: None,
            etag: None,
            tags: BTreeMap::new(),
            on_dedicated_host: None,
            preemptible: None,
            gone: false,
            work_requests: Vec::new(),
            unmeasured: None,
            cpu: Vec::new(),
            memory: Vec::new(),
        }
    }
}

impl From<Machine> for Instance {
    fn from(machine: Machine) -> Self {
        Self {
            size: machine.size,
            name: machine.name,
            compartment: Some(machine.compartment),
            availability_domain: Some(machine.availability_domain),
            baseline: machine.baseline,
            etag: machine.etag,
            tags: machine.tags,
            on_dedicated_host: machine.on_dedicated_host,
            preemptible: machine.preemptible,
            ..Self::unknown(&machine.id, machine.state, &machine.shape)
        }
    }
}

impl WorkRequest {
    /// From what the port tells of the work with this id.
    #[must_use]
    pub fn new(id: impl Into<String>, work: &Work) -> Self {
        Self { id: id.into(), state: work.state.clone() }
    }

    /// Whether it may still change the machine. A state that we do not know may.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.state, WorkState::Succeeded | WorkState::Failed)
    }
}

impl Instance {
    /// The cluster that it is part of.
    #[must_use]
    pub fn cluster(&self, tags: &TagNames) -> Option<&str> {
        self.tags.get(&tags.cluster).map(String::as_str).filter(|name| !name.is_empty())
    }

    /// Whether the service says that it has ended or is about to.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        matches!(self.state, MachineState::Terminated | MachineState::Terminating)
    }

    /// Whether its tag says that it is to be left alone: with any value but those that say no. Who wrote `yes` or a ticket's
    /// number meant it.
    #[must_use]
    pub fn is_paused(&self, tags: &TagNames) -> bool {
        const NO: [&str; 5] = ["", "false", "no", "0", "off"];
        let says_no = |value: &str| NO.iter().any(|no| value.trim().eq_ignore_ascii_case(no));
        self.tags.get(&tags.pause).is_some_and(|value| !says_no(value))
    }

    /// The limits of its shape: those of its own availability domain before those of any.
    #[must_use]
    pub fn shape_of<'a>(&self, shapes: &'a [Shape]) -> Option<&'a Shape> {
        let own = |shape: &&Shape| {
            shape.availability_domain.is_some() && shape.availability_domain == self.availability_domain
        };
        let named = || shapes.iter().filter(|shape| shape.name == self.shape);
        named()
            .find(own)
            .or_else(|| named().find(|shape| shape.availability_domain.is_none()))
            .or_else(|| named().next())
    }
}

impl Quota {
    /// Whether it is about this machine.
    #[must_use]
    pub fn covers(&self, instance: &Instance) -> bool {
        let fits =
            |wanted: &Option<String>, own: Option<&str>| wanted.as_deref().is_none_or(|wanted| own == Some(wanted));
        fits(&self.shape, Some(&instance.shape))
            && fits(&self.availability_domain, instance.availability_domain.as_deref())
            && fits(&self.compartment, instance.compartment.as_deref())
    }
}

//! Compute: instances, their shapes, and changing both.

use std::collections::BTreeMap;

use causeway_oci_auth::encode::Query;
use causeway_oci_auth::endpoint::Service;
use futures_util::stream::BoxStream;
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ask::Ask;
use crate::site::Site;
use crate::{Client, Error, pages};

/// Calls of Compute.
#[derive(Debug, Clone)]
pub struct Compute {
    client: Client,
}

impl Client {
    /// Compute.
    #[must_use]
    pub fn compute(&self) -> Compute {
        Compute { client: self.clone() }
    }
}

/// An instance.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Instance {
    /// OCID.
    pub id: String,
    /// OCID of its compartment.
    pub compartment_id: String,
    /// Full name of its availability domain, such as `Uocm:US-ASHBURN-AD-1`.
    pub availability_domain: String,
    /// The name for people.
    pub display_name: Option<String>,
    /// `RUNNING`, `STOPPED` and others; Oracle may add some.
    pub lifecycle_state: String,
    /// Region, in older regions by its short code.
    pub region: String,
    /// Such as `VM.Standard.E5.Flex`.
    pub shape: String,
    /// Size, for flexible shapes.
    pub shape_config: Option<ShapeConfig>,
    /// When it was made.
    pub time_created: Timestamp,
    /// Tags of any kind.
    #[serde(default)]
    pub freeform_tags: Option<BTreeMap<String, String>>,
    /// Tags of defined namespaces: namespace, key, value.
    #[serde(default)]
    pub defined_tags: Option<BTreeMap<String, BTreeMap<String, serde_json::Value>>>,
    /// OCID of the dedicated host that it is on; absent for all others.
    pub dedicated_vm_host_id: Option<String>,
    /// What becomes of it when the capacity is taken back; absent for instances that cannot be preempted.
    pub preemptible_instance_config: Option<serde_json::Value>,
    /// For conditional changes. It is a header of the answer, and absent in lists.
    #[serde(skip)]
    pub etag: Option<String>,
}

/// Size of an instance.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShapeConfig {
    /// Number of OCPUs, which may be a fraction.
    pub ocpus: Option<f64>,
    /// Memory in GB.
    #[serde(rename = "memoryInGBs")]
    pub memory_gb: Option<f64>,
    /// Bandwidth in Gbit/s.
    #[serde(rename = "networkingBandwidthInGbps")]
    pub networking_bandwidth_gbps: Option<f64>,
    /// Share of an OCPU that is guaranteed: `BASELINE_1_8`, `BASELINE_1_2` or `BASELINE_1_1`.
    pub baseline_ocpu_utilization: Option<String>,
}

/// Whether a change may restart the instance. New OCPUs or memory of a running one do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UpdateConstraint {
    /// It may.
    AllowDowntime,
    /// The call fails instead and nothing changes.
    AvoidDowntime,
}

/// A new size. The service sets what is missing to the shape's default, the baseline too.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Resize {
    /// Number of OCPUs.
    pub ocpus: f64,
    /// Memory in GB.
    #[serde(rename = "memoryInGBs")]
    pub memory_gb: f64,
    /// Share of an OCPU that is guaranteed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline_ocpu_utilization: Option<String>,
}

/// Changes of an instance; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateInstance {
    /// Another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Another shape.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<String>,
    /// Another size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape_config: Option<Resize>,
    /// Whether it may be restarted; it may when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_operation_constraint: Option<UpdateConstraint>,
    /// By which the service recognises a repetition for 24 hours, at most 64 characters; a random one for each call
    /// when absent.
    #[serde(skip)]
    pub retry_token: Option<String>,
}

/// What is done to an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceAction {
    /// On.
    Start,
    /// Off, at once.
    Stop,
    /// Off, after its operating system has stopped, or after 15 minutes.
    SoftStop,
    /// Off and on, at once.
    Reset,
    /// Off and on, after its operating system has stopped, or after 15 minutes.
    SoftReset,
}

impl InstanceAction {
    const fn name(self) -> &'static str {
        match self {
            Self::Start => "START",
            Self::Stop => "STOP",
            Self::SoftStop => "SOFTSTOP",
            Self::Reset => "RESET",
            Self::SoftReset => "SOFTRESET",
        }
    }
}

/// Which instances are listed.
#[derive(Debug, Clone, Default)]
pub struct ListInstances {
    /// Of this name.
    pub display_name: Option<String>,
    /// In this state.
    pub lifecycle_state: Option<String>,
    /// In this availability domain.
    pub availability_domain: Option<String>,
}

/// A shape and its limits.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shape {
    /// Such as `VM.Standard.E5.Flex`.
    pub shape: String,
    /// The availability domain that this line is about.
    pub availability_domain: Option<String>,
    /// Whether its size can be chosen.
    pub is_flexible: Option<bool>,
    /// OCPUs of a fixed shape, or the default.
    pub ocpus: Option<f64>,
    /// Memory in GB of a fixed shape, or the default.
    #[serde(rename = "memoryInGBs")]
    pub memory_gb: Option<f64>,
    /// Limits of OCPUs.
    pub ocpu_options: Option<OcpuOptions>,
    /// Limits of memory.
    pub memory_options: Option<MemoryOptions>,
    /// Shapes that an instance can change to.
    #[serde(default)]
    pub resize_compatible_shapes: Option<Vec<String>>,
    /// Such as `PAID`.
    pub billing_type: Option<String>,
}

/// Limits of OCPUs.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OcpuOptions {
    /// Fewest.
    pub min: Option<f64>,
    /// Most.
    pub max: Option<f64>,
}

/// Limits of memory, in GB.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryOptions {
    /// Least.
    #[serde(rename = "minInGBs")]
    pub min_gb: Option<f64>,
    /// Most.
    #[serde(rename = "maxInGBs")]
    pub max_gb: Option<f64>,
    /// What each OCPU has by default.
    #[serde(rename = "defaultPerOcpuInGBs")]
    pub default_per_ocpu_gb: Option<f64>,
    /// Least for each OCPU.
    #[serde(rename = "minPerOcpuInGBs")]
    pub min_per_ocpu_gb: Option<f64>,
    /// Most for each OCPU.
    #[serde(rename = "maxPerOcpuInGBs")]
    pub max_per_ocpu_gb: Option<f64>,
    /// Most of one NUMA node.
    #[serde(rename = "maxPerNumaNodeInGBs")]
    pub max_per_numa_node_gb: Option<f64>,
}

/// A change that was accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Updated {
    /// The instance as it is now.
    pub instance: Instance,
    /// The work request that carries it out, when there is something to do.
    pub work_request_id: Option<String>,
}

/// Work that Compute does later.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComputeWork {
    /// Its id.
    pub id: String,
    /// Such as `UpdateInstance`.
    pub operation_type: String,
    /// `ACCEPTED`, `IN_PROGRESS`, `FAILED`, `SUCCEEDED`, `CANCELING` or `CANCELED`.
    pub status: String,
    /// How much of it is done.
    pub percent_complete: Option<f64>,
    /// When it was accepted.
    pub time_accepted: Option<Timestamp>,
    /// When it ended.
    pub time_finished: Option<Timestamp>,
}

const INSTANCE: &str = "/instances/{i}";
/// Most records that `ListInstances` gives in one answer; without a limit it gives a tenth of that.
const MOST_A_PAGE: &str = "1000";

impl Compute {
    /// `GetInstance`.
    ///
    /// # Errors
    /// [`Error`]; 404 when there is none or it is not to be seen.
    pub async fn instance(&self, id: &str) -> Result<Instance, Error> {
        with_etag(&self.ask("GetInstance", Method::GET).path(INSTANCE, &[("i", id)]).send().await?)
    }

    /// `ListInstances` of a compartment.
    #[must_use]
    pub fn instances(&self, compartment_id: &str, list: &ListInstances) -> BoxStream<'static, Result<Instance, Error>> {
        let query = Query::new().text("compartmentId", compartment_id).text("limit", MOST_A_PAGE);
        let query = query.maybe("availabilityDomain", list.availability_domain.as_deref());
        let query = query.maybe("displayName", list.display_name.as_deref());
        let query = query.maybe("lifecycleState", list.lifecycle_state.as_deref());
        let this = self.clone();
        pages::by_header(query, move || this.ask("ListInstances", Method::GET).path("/instances", &[]))
    }

    /// `UpdateInstance`, only while its etag is the given one.
    ///
    /// # Errors
    /// [`Error`]; 412 when it has changed, 409 `IncorrectState` while it is changing, or when it would have to be
    /// restarted and must not be.
    pub async fn update(&self, id: &str, changes: &UpdateInstance, if_match: Option<&str>) -> Result<Updated, Error> {
        let ask = self.ask("UpdateInstance", Method::PUT).path(INSTANCE, &[("i", id)]);
        let ask = ask.header("if-match", if_match).retry_token_of(changes.retry_token.as_deref()).json(changes);
        let answer = ask.send().await?;
        Ok(Updated { instance: with_etag(&answer)?, work_request_id: answer.text("opc-work-request-id") })
    }

    /// `InstanceAction`.
    ///
    /// # Errors
    /// [`Error`]; 409 `IncorrectState` when it is in no state for it.
    pub async fn act(&self, id: &str, action: InstanceAction, if_match: Option<&str>) -> Result<Instance, Error> {
        let ask = self.ask("InstanceAction", Method::POST).path(INSTANCE, &[("i", id)]);
        let ask = ask.query(&Query::new().text("action", action.name())).header("if-match", if_match);
        with_etag(&ask.retry_token().send().await?)
    }

    /// `ListShapes` of a compartment, in one availability domain if given.
    #[must_use]
    pub fn shapes(
        &self,
        compartment_id: &str,
        availability_domain: Option<&str>,
    ) -> BoxStream<'static, Result<Shape, Error>> {
        let query = Query::new().text("compartmentId", compartment_id);
        let query = query.maybe("availabilityDomain", availability_domain);
        let this = self.clone();
        pages::by_header(query, move || this.ask("ListShapes", Method::GET).path("/shapes", &[]))
    }

    /// `GetWorkRequest`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn work_request(&self, id: &str) -> Result<ComputeWork, Error> {
        self.ask("GetWorkRequest", Method::GET).path("/workRequests/{w}", &[("w", id)]).send().await?.json()
    }

    fn ask(&self, operation: &'static str, method: Method) -> Ask {
        self.client.ask(Site::Known(Service::Core), operation, method)
    }
}

fn with_etag(answer: &crate::answer::Answer) -> Result<Instance, Error> {
    Ok(Instance { etag: answer.text("etag"), ..answer.json()? })
}

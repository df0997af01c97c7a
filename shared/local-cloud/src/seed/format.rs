//! What a seed file holds. `seeds/README.md` describes it for its users.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

/// A compartment under the root.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Compartment {
    pub(super) name: String,
    pub(super) id: Option<String>,
}

/// A bucket and its objects.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Bucket {
    pub(super) name: String,
    pub(super) compartment_id: Option<String>,
    pub(super) public_access_type: Option<String>,
    pub(super) storage_tier: Option<String>,
    pub(super) versioning: Option<String>,
    pub(super) auto_tiering: Option<String>,
    pub(super) object_events_enabled: Option<bool>,
    pub(super) metadata: Option<BTreeMap<String, String>>,
    pub(super) freeform_tags: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub(super) objects: Vec<Object>,
}

/// One object, or all files of a directory.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Object {
    pub(super) name: Option<String>,
    pub(super) text: Option<String>,
    pub(super) json: Option<Value>,
    pub(super) base64: Option<String>,
    pub(super) file: Option<PathBuf>,
    pub(super) directory: Option<PathBuf>,
    pub(super) prefix: Option<String>,
    pub(super) content_type: Option<String>,
    #[serde(default)]
    pub(super) metadata: BTreeMap<String, String>,
}

/// An instance; its name tells it from others of its compartment, unless there is an id.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Instance {
    pub(super) display_name: String,
    pub(super) id: Option<String>,
    pub(super) compartment_id: Option<String>,
    pub(super) shape: String,
    pub(super) shape_config: Option<ShapeConfig>,
    pub(super) availability_domain: Option<String>,
    pub(super) fault_domain: Option<String>,
    pub(super) image_id: Option<String>,
    #[serde(default)]
    pub(super) metadata: Map<String, Value>,
    #[serde(default)]
    pub(super) freeform_tags: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) defined_tags: BTreeMap<String, Map<String, Value>>,
    #[serde(default)]
    pub(super) lifecycle_state: State,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum State {
    #[default]
    Running,
    Stopped,
    Terminated,
}

impl State {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Stopped => "STOPPED",
            Self::Terminated => "TERMINATED",
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ShapeConfig {
    pub(super) ocpus: Option<f64>,
    #[serde(rename = "memoryInGBs")]
    pub(super) memory_in_gbs: Option<f64>,
    pub(super) baseline_ocpu_utilization: Option<String>,
}

/// A metric stream and its points, which come in one of three forms.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Metric {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) compartment_id: Option<String>,
    #[serde(default)]
    pub(super) dimensions: BTreeMap<String, String>,
    /// Name of an instance, whose usual dimensions are added.
    pub(super) instance: Option<String>,
    pub(super) resource_group: Option<String>,
    #[serde(default)]
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) datapoints: Option<Vec<Datapoint>>,
    /// One value a step; `null` is a gap.
    pub(super) values: Option<Vec<Option<f64>>>,
    pub(super) csv: Option<PathBuf>,
    pub(super) step_seconds: Option<f64>,
    pub(super) starts_at: Option<Timestamp>,
    pub(super) ends_at: Option<When>,
    pub(super) timestamp_column: Option<String>,
    pub(super) value_column: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Datapoint {
    pub(super) timestamp: Timestamp,
    pub(super) value: f64,
    pub(super) count: Option<f64>,
}

/// A time, or `now`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum When {
    Now,
    At(Timestamp),
}

impl TryFrom<String> for When {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "now" => Ok(Self::Now),
            text => text.parse().map(Self::At).map_err(|_| format!("{text:?} is neither `now` nor a time in RFC 3339")),
        }
    }
}

/// A row of the Usage API: of a period, or of a whole day before today.
#[derive(Debug, Clone, Deserialize, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Usage {
    #[serde(skip_serializing)]
    pub(super) days_ago: Option<u16>,
    pub(super) time_usage_started: Option<Timestamp>,
    pub(super) time_usage_ended: Option<Timestamp>,
    computed_quantity: f64,
    #[serde(flatten)]
    members: Map<String, Value>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Topic {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) compartment_id: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Secret {
    pub(super) name: String,
    pub(super) id: Option<String>,
    pub(super) vault_id: Option<String>,
    pub(super) value: String,
    #[serde(default)]
    pub(super) pending: bool,
    pub(super) version_name: Option<String>,
    pub(super) time_of_expiry: Option<Timestamp>,
}

/// Answers of the chat service.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Chat {
    pub(super) model: Option<String>,
    pub(super) contains: Option<String>,
    pub(super) images: Option<usize>,
    #[serde(default)]
    pub(super) order: i64,
    pub(super) replies: Vec<ChatReply>,
}

#[derive(Debug, Clone, Deserialize, serde::Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ChatReply {
    pub(super) text: Option<String>,
    pub(super) json: Option<Value>,
    pub(super) tool_calls: Option<Value>,
    pub(super) status: Option<u16>,
    pub(super) code: Option<String>,
}

#[derive(Debug, Clone, Deserialize, serde::Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Limit {
    pub(super) service: String,
    pub(super) name: String,
    pub(super) scope_type: String,
    pub(super) availability_domain: Option<String>,
    pub(super) value: i64,
    pub(super) used: Option<i64>,
}

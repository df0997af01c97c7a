//! The form of a flow's YAML, before its parts are checked against each other.
//!
//! It is the `AgentConfiguration` of the flows that are moved here, with these additions: `partialResults`, and of an
//! agent `function`, `inputs` and `priority`, and of a stage `optional`. `runtime`, `memory` and `dependencies` of an agent
//! tell how it was deployed elsewhere; they are read and not used. So is `type`, except in a flow whose `apiVersion` is
//! the other platform's: there it tells which results an agent without `inputs` gets, and a partial result counts as
//! success unless `partialResults` says otherwise. Unknown and repeated keys are errors.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use serde_saphyr::{Error, Location, Options, Spanned};

use super::FlowError;

/// Largest text of a flow, in bytes.
const MAX_BYTES: usize = 256 << 10;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Document {
    pub(super) api_version: Spanned<String>,
    pub(super) kind: Spanned<String>,
    pub(super) metadata: Metadata,
    pub(super) spec: Spec,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metadata {
    pub(super) name: Spanned<String>,
    #[serde(default, rename = "namespace")]
    _namespace: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spec {
    pub(super) orchestration: Orchestration,
    pub(super) agents: BTreeMap<String, Spanned<AgentEntry>>,
    pub(super) dataflow: Dataflow,
    pub(super) outputs: Outputs,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Orchestration {
    #[serde(rename = "type")]
    pub(super) kind: Spanned<String>,
    pub(super) timeout: Spanned<u64>,
    #[serde(default)]
    pub(super) retry_policy: Option<RetryPolicy>,
    #[serde(default)]
    pub(super) partial_results: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct RetryPolicy {
    pub(super) max_retries: Spanned<u64>,
    pub(super) backoff_multiplier: Spanned<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AgentEntry {
    #[serde(default, rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(default, rename = "runtime")]
    _runtime: Option<String>,
    #[serde(default, rename = "memory")]
    _memory: Option<String>,
    #[serde(default, rename = "dependencies")]
    _dependencies: Vec<String>,
    pub(super) timeout: Spanned<u64>,
    #[serde(default)]
    pub(super) config: Map<String, Value>,
    #[serde(default)]
    pub(super) function: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) inputs: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) priority: Option<Spanned<u64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dataflow {
    pub(super) sequence: Spanned<Vec<StageEntry>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StageEntry {
    pub(super) stage: Spanned<String>,
    pub(super) agents: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) condition: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) parallel: bool,
    #[serde(default)]
    pub(super) optional: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Outputs {
    pub(super) aggregation_strategy: Spanned<String>,
    pub(super) storage: Storage,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Storage {
    #[serde(rename = "type")]
    pub(super) kind: Spanned<String>,
    pub(super) bucket: Spanned<String>,
    pub(super) retention_days: Spanned<u64>,
}

/// Reads the form.
///
/// # Errors
/// What the text is not, with line and column.
pub(super) fn read(text: &str) -> Result<Document, FlowError> {
    if text.len() > MAX_BYTES {
        return Err(FlowError { line: 1, column: 1, message: format!("a flow has at most {MAX_BYTES} bytes") });
    }
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| fault(&error))
}

/// A flow is a few hundred lines without tricks: no merge keys, few aliases.
fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_documents: 1, max_depth: 64, max_nodes: 20_000, max_events: 60_000 },
        merge_keys: serde_saphyr::options::MergeKeyPolicy::Error,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 10_000 },
    }
}

/// One line, without the excerpt of the text that the parser would draw.
fn fault(error: &Error) -> FlowError {
    let (line, column) = error.location().as_ref().map_or((1, 1), place);
    let text = error.without_snippet().to_string();
    let first = text.lines().next().unwrap_or_default();
    // The place stands beside the message, and options of the parser are nobody's business.
    let message = [" at line ", ", set DuplicateKeyPolicy"]
        .iter()
        .fold(first, |text, end| text.rfind(end).map_or(text, |at| &text[..at]));
    FlowError { line, column, message: message.trim().to_owned() }
}

/// Line and column, from 1.
pub(super) fn place(location: &Location) -> (usize, usize) {
    let number = |one: u64| usize::try_from(one).unwrap_or(usize::MAX).max(1);
    (number(location.line()), number(location.column()))
}

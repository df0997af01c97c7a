//! Whether the parts of a flow fit together.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde_saphyr::{Location, Spanned};

use super::document::{AgentEntry, Document, Orchestration, Storage, place};
use super::sequence::{Order, order, stages};
use super::{Agent, Flow, FlowError, moved};

/// Seconds that a run or an agent may be given.
const SECONDS: RangeInclusive<u64> = 1..=86_400;
/// Members of an agent's configuration that tell how it ran elsewhere; they are not handed to the agent.
const NOT_HANDED_ON: [&str; 3] = ["cache_results", "data_sources", "parallel_processing"];
/// Members that the flow itself puts into the request of an agent.
pub(crate) const OWN_MEMBERS: [&str; 5] = ["analysis_type", "as_of", "data_sources", "run_id", "stage"];
/// Longest name of an agent or stage: they become parts of object names.
const MAX_NAME: usize = 64;

/// Checks a document and makes a flow of it. `text` is where it was read from.
///
/// # Errors
/// The first thing that does not fit.
pub(super) fn flow(text: &str, document: Document) -> Result<Flow, FlowError> {
    let is_moved = one_of(&document.api_version, "apiVersion", &["causeway/v1", moved::API_VERSION])? == 1;
    one_of(&document.kind, "kind", &["AgentConfiguration"])?;
    let spec = document.spec;
    let (max_retries, backoff_multiplier) = retries(&spec.orchestration)?;
    let accepts_partial = match &spec.orchestration.partial_results {
        None => is_moved,
        Some(word) => one_of(word, "partialResults", &["accept", "refuse"])? == 0,
    };
    let order = order(&spec.dataflow.sequence, &spec.agents)?;
    one_of(&spec.outputs.aggregation_strategy, "aggregation_strategy", &["merge_with_priority"])?;
    let (bucket, retention_days) = storage(&spec.outputs.storage)?;
    Ok(Flow {
        name: document.metadata.name.value,
        timeout: seconds(&spec.orchestration.timeout, "timeout")?,
        max_retries,
        backoff_multiplier,
        accepts_partial,
        agents: agents(&spec.agents, &order, is_moved)?,
        stages: stages(text, &spec.dataflow.sequence.value, &order)?,
        bucket,
        retention_days,
    })
}

fn retries(orchestration: &Orchestration) -> Result<(u32, u32), FlowError> {
    one_of(&orchestration.kind, "orchestration.type", &["sequential_with_parallel"])?;
    let Some(policy) = &orchestration.retry_policy else { return Ok((0, 1)) };
    let tries = in_range(&policy.max_retries, "maxRetries", 0..=10)?;
    Ok((tries, in_range(&policy.backoff_multiplier, "backoffMultiplier", 1..=10)?))
}

fn storage(storage: &Storage) -> Result<(String, u32), FlowError> {
    one_of(&storage.kind, "storage.type", &["object_storage"])?;
    let is_plain = |each: char| each.is_ascii_alphanumeric() || "-_.".contains(each);
    let bucket = &storage.bucket;
    if bucket.value.is_empty() || bucket.value.len() > 256 || !bucket.value.chars().all(is_plain) {
        return Err(at(&bucket.referenced, "expected the name of a bucket: 1 to 256 letters, digits, - _ and ."));
    }
    Ok((bucket.value.clone(), in_range(&storage.retention_days, "retention_days", 1..=3650)?))
}

fn agents(
    entries: &BTreeMap<String, Spanned<AgentEntry>>,
    order: &Order<'_>,
    is_moved: bool,
) -> Result<BTreeMap<String, Agent>, FlowError> {
    let mut agents = BTreeMap::new();
    for (name, entry) in entries {
        let mut agent = agent(name, entry, order)?;
        if is_moved && agent.inputs.is_empty() {
            agent.inputs = moved::inputs(name, entries, order);
        }
        agents.insert(name.clone(), agent);
    }
    Ok(agents)
}

fn agent(name: &str, entry: &Spanned<AgentEntry>, order: &Order<'_>) -> Result<Agent, FlowError> {
    let AgentEntry { timeout, config, function, inputs, priority, .. } = &entry.value;
    if !order.contains_key(name) {
        return Err(at(&entry.referenced, format!("the agent {name} is in no stage of dataflow.sequence")));
    }
    for (member, from) in inputs {
        if OWN_MEMBERS.contains(&member.as_str()) || config.contains_key(member) {
            return Err(at(&from.referenced, format!("{member} is a member of the request already")));
        }
        if order.get(from.value.as_str()).is_none_or(|stage| *stage >= order[name]) {
            let message = format!("expected an agent of a stage before that of {name}, not {:?}", from.value);
            return Err(at(&from.referenced, message));
        }
    }
    if let Some(taken) = config.keys().find(|key| OWN_MEMBERS.contains(&key.as_str()) && *key != "data_sources") {
        return Err(at(&entry.referenced, format!("config.{taken} of {name} is set by the flow itself")));
    }
    if let Some(function) = function {
        named(function, "the name of a function")?;
    }
    let is_handed_on = |member: &&String| !NOT_HANDED_ON.contains(&member.as_str());
    let handed = config.iter().filter(|(member, _)| is_handed_on(member));
    Ok(Agent {
        function: function.as_ref().map_or_else(|| format!("{name}-agent"), |function| function.value.clone()),
        timeout: seconds(timeout, "timeout")?,
        config: handed.map(|(member, value)| (member.clone(), value.clone())).collect(),
        inputs: inputs.iter().map(|(member, from)| (member.clone(), from.value.clone())).collect(),
        priority: match priority {
            None => u32::MAX,
            Some(priority) => in_range(priority, "priority", 1..=1000)?,
        },
    })
}

/// A name that can be part of an object's name.
pub(super) fn named(name: &Spanned<String>, what: &str) -> Result<(), FlowError> {
    if is_name(&name.value) {
        return Ok(());
    }
    let rule = format!("a lower-case letter, then up to {} of a-z 0-9 - _", MAX_NAME - 1);
    Err(at(&name.referenced, format!("expected {what}: {rule}")))
}

pub(super) fn is_name(name: &str) -> bool {
    let is_plain = |each: char| each.is_ascii_lowercase() || each.is_ascii_digit() || "-_".contains(each);
    name.len() <= MAX_NAME && name.starts_with(|first: char| first.is_ascii_lowercase()) && name.chars().all(is_plain)
}

/// Position of the word among those that are known.
fn one_of(word: &Spanned<String>, key: &str, known: &[&str]) -> Result<usize, FlowError> {
    let found = known.iter().position(|known| *known == word.value);
    found.ok_or_else(|| {
        at(&word.referenced, format!("{key} is {:?}, expected {}", shortened(&word.value), known.join(" or ")))
    })
}

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(60)]
}

fn seconds(number: &Spanned<u64>, key: &str) -> Result<Duration, FlowError> {
    Ok(Duration::from_secs(in_range(number, key, SECONDS)?.into()))
}

fn in_range(number: &Spanned<u64>, key: &str, range: RangeInclusive<u64>) -> Result<u32, FlowError> {
    let fits = range.contains(&number.value).then(|| u32::try_from(number.value).ok()).flatten();
    let wrong = || format!("{key} is {}, expected {} to {}", number.value, range.start(), range.end());
    fits.ok_or_else(|| at(&number.referenced, wrong()))
}

pub(super) fn at(location: &Location, message: impl Into<String>) -> FlowError {
    let (line, column) = place(location);
    FlowError { line, column, message: message.into() }
}

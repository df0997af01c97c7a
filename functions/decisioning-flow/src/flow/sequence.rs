//! The stages of a flow: each agent once, each condition about earlier agents only.

use std::collections::{BTreeMap, BTreeSet};

use serde_saphyr::Spanned;

use super::check::{at, named};
use super::document::{AgentEntry, StageEntry, place};
use super::{FlowError, Stage};
use crate::condition::{Condition, parse};

/// The stage of each agent, counted from 0.
pub(super) type Order<'a> = BTreeMap<&'a str, usize>;

/// Most stages and most agents of one stage.
const MAX_STAGES: usize = 50;

/// Finds the stage of each agent.
///
/// # Errors
/// No stages or too many; a stage or an agent twice; an agent that there is not; a name that cannot be used.
pub(super) fn order<'a>(
    sequence: &'a Spanned<Vec<StageEntry>>,
    agents: &BTreeMap<String, Spanned<AgentEntry>>,
) -> Result<Order<'a>, FlowError> {
    if sequence.value.is_empty() || sequence.value.len() > MAX_STAGES {
        return Err(at(&sequence.referenced, format!("expected 1 to {MAX_STAGES} stages")));
    }
    let (mut order, mut names) = (Order::new(), BTreeSet::new());
    for (position, stage) in sequence.value.iter().enumerate() {
        named(&stage.stage, "the name of a stage")?;
        if !names.insert(stage.stage.value.as_str()) {
            return Err(at(&stage.stage.referenced, format!("the stage {} is there twice", stage.stage.value)));
        }
        if stage.agents.value.is_empty() || stage.agents.value.len() > MAX_STAGES {
            return Err(at(&stage.agents.referenced, format!("expected 1 to {MAX_STAGES} agents")));
        }
        for agent in &stage.agents.value {
            known(agent, agents)?;
            if order.insert(agent.value.as_str(), position).is_some() {
                return Err(at(&agent.referenced, format!("the agent {} is in the sequence twice", agent.value)));
            }
        }
    }
    Ok(order)
}

fn known(agent: &Spanned<String>, agents: &BTreeMap<String, Spanned<AgentEntry>>) -> Result<(), FlowError> {
    named(agent, "the name of an agent")?;
    if agents.contains_key(&agent.value) {
        return Ok(());
    }
    let names: Vec<_> = agents.keys().map(String::as_str).collect();
    Err(at(&agent.referenced, format!("there is no agent {}, expected one of {}", agent.value, names.join(", "))))
}

/// Reads the conditions of all stages and checks what they are about.
///
/// # Errors
/// A condition that cannot be read, or that is about an agent that is unknown, or not of an earlier stage.
pub(super) fn stages(text: &str, entries: &[StageEntry], order: &Order<'_>) -> Result<Vec<Stage>, FlowError> {
    let conditions: Vec<Condition> = entries.iter().map(|entry| condition(text, entry)).collect::<Result<_, _>>()?;
    for (position, (entry, condition)) in entries.iter().zip(&conditions).enumerate() {
        for path in condition.paths() {
            let wrong = match order.get(path.agent.as_str()) {
                Some(earlier) if *earlier < position => continue,
                None => format!("there is no agent {}", path.agent),
                Some(later) => match cycle(position, *later, &conditions, order) {
                    Some(round) => {
                        let names: Vec<_> = round.iter().map(|one| entries[*one].stage.value.as_str()).collect();
                        format!("the stages wait for each other: {}", names.join(" -> "))
                    }
                    None => format!(
                        "{} runs in the stage {}, and a condition can only be about earlier stages",
                        path.agent, entries[*later].stage.value
                    ),
                },
            };
            return Err(in_condition(text, entry, path.at, wrong));
        }
    }
    let stage = |(entry, condition): (&StageEntry, Condition)| Stage {
        name: entry.stage.value.clone(),
        agents: entry.agents.value.iter().map(|agent| agent.value.clone()).collect(),
        condition,
        condition_text: entry.condition.as_ref().map_or_else(|| "always".to_owned(), |text| text.value.clone()),
        is_parallel: entry.parallel,
        is_optional: entry.optional,
    };
    Ok(entries.iter().zip(conditions).map(stage).collect())
}

/// Without a condition a stage always runs.
fn condition(text: &str, entry: &StageEntry) -> Result<Condition, FlowError> {
    let Some(condition) = &entry.condition else { return Ok(Condition::Always) };
    parse(&condition.value).map_err(|error| in_condition(text, entry, error.at, error.message))
}

/// A way from `from` by way of `through` back to `from`, by the conditions; a stage that waits for itself is one.
fn cycle(from: usize, through: usize, conditions: &[Condition], order: &Order<'_>) -> Option<Vec<usize>> {
    let mut ways = vec![vec![from, through]];
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop() {
        let last = *way.last()?;
        if last == from {
            return Some(way);
        }
        if !seen.insert(last) {
            continue;
        }
        let next = conditions[last].paths().into_iter().filter_map(|path| order.get(path.agent.as_str()));
        ways.extend(next.map(|next| way.iter().copied().chain([*next]).collect::<Vec<_>>()));
    }
    None
}

/// The place within a condition: exact where it stands on one line, as conditions do; else its beginning, and the
/// place is told in words.
fn in_condition(text: &str, entry: &StageEntry, offset: usize, message: String) -> FlowError {
    let location = entry.condition.as_ref().map_or(&entry.stage.referenced, |condition| &condition.referenced);
    let (line, column) = place(location);
    let from = |text: &str| text.chars().skip(column - 1).collect::<String>();
    let written = text.lines().nth(line - 1).map(from).unwrap_or_default();
    let value = entry.condition.as_ref().map_or("", |condition| condition.value.as_str());
    let quoted = written.strip_prefix(['"', '\'']);
    let shift = usize::from(quoted.is_some());
    if quoted.unwrap_or(&written).starts_with(value) {
        return FlowError { line, column: column + shift + offset, message };
    }
    FlowError { line, column, message: format!("character {} of the condition: {message}", offset + 1) }
}

//! Reading a state that may be anything.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{Entry, State, VERSION};

/// How far a memory may lie ahead of the clock that reads it.
const MAX_AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// How far a pause may reach: no policy allows a longer one than a week.
const MAX_PAUSE: SignedDuration = SignedDuration::from_hours(8 * 24);

/// What was found where a state should be.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "there is one of it")]
pub enum StateRead {
    /// Nothing.
    #[default]
    Absent,
    /// Something else. The text is to be kept elsewhere before it is overwritten.
    Corrupt {
        /// What was found.
        text: String,
        /// Why it is no state.
        problem: String,
    },
    /// A state.
    Present(State),
}

impl StateRead {
    /// Reads the text of a document.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        match serde_json::from_str::<State>(text).map_err(|error| error.to_string()).and_then(checked) {
            Ok(state) => Self::Present(state),
            Err(_) if text.trim() == "null" => Self::Absent,
            Err(problem) => Self::Corrupt { text: text.to_owned(), problem },
        }
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The state, where there is one that can be read.
    #[must_use]
    pub fn present(&self) -> Option<&State> {
        if let Self::Present(state) = self { Some(state) } else { None }
    }

    /// The state to decide with, and what is wrong with what was found. What is remembered of the future is no
    /// memory; everything else is kept.
    #[must_use]
    pub fn usable(&self, now: Timestamp) -> (State, Option<String>) {
        match self {
            Self::Absent => (State::new(now), None),
            Self::Corrupt { problem, .. } => (State::new(now), Some(problem.clone())),
            Self::Present(state) => without_the_future(state.clone(), now),
        }
    }
}

impl State {
    /// What is remembered of the future, of machines: nobody can decide with it, and it is to be kept elsewhere before
    /// the state is written.
    #[must_use]
    pub fn doubtful(&self, now: Timestamp) -> BTreeMap<&str, &Entry> {
        let doubtful = self.instances.iter().filter(|(_, entry)| is_of_the_future(entry, now));
        doubtful.map(|(id, entry)| (id.as_str(), entry)).collect()
    }
}

fn after(now: Timestamp, time: SignedDuration) -> Timestamp {
    now.saturating_add(time).unwrap_or(now)
}

fn is_of_the_future(entry: &Entry, now: Timestamp) -> bool {
    let waits = entry.infeasible.as_ref().is_some_and(|refused| refused.retry_at > after(now, MAX_PAUSE));
    waits || latest(entry) > after(now, MAX_AHEAD)
}

/// A state without what cannot have been yet. Each machine is judged by itself.
fn without_the_future(mut state: State, now: Timestamp) -> (State, Option<String>) {
    let (ahead, pause) = (after(now, MAX_AHEAD), after(now, MAX_PAUSE));
    let mut doubted = 0_usize;
    for entry in state.instances.values_mut().filter(|entry| is_of_the_future(entry, now)) {
        *entry = entry.doubted(now);
        doubted += 1;
    }
    let known = |state: &State| state.alerts.len() + state.no_room.len();
    let before = known(&state);
    state.alerts.retain(|_, at| *at <= ahead);
    state.unsent.retain(|_, at| *at <= ahead);
    state.no_room.retain(|_, full| full.at <= ahead && full.retry_at <= pause);
    let is_whole = doubted == 0 && before == known(&state) && state.since <= ahead;
    state.since = if state.since > ahead { now } else { state.since };
    (state, (!is_whole).then(|| format!("it remembers the future, of {doubted} machines")))
}

fn checked(state: State) -> Result<State, String> {
    if state.version != VERSION {
        return Err(format!("version {} is not {VERSION}", state.version));
    }
    if let Some((id, _)) = state.instances.iter().find(|(_, entry)| !is_sound(entry)) {
        return Err(format!("the entry of {id} has a size that cannot be"));
    }
    match state.no_room.iter().find(|(_, full)| !full.is_sound()) {
        Some((place, _)) => Err(format!("what {place} has no room for is no size")),
        None => Ok(state),
    }
}

/// Whether every size is one.
pub(super) fn is_sound(entry: &Entry) -> bool {
    let sizes = entry
        .size
        .into_iter()
        .chain(entry.commanded.iter().flat_map(|commanded| [commanded.from, commanded.to]))
        .chain(entry.changes.iter().flat_map(|change| [change.from, change.to]))
        .chain(entry.infeasible.iter().map(|infeasible| infeasible.target))
        .chain(entry.needs_reboot.iter().map(|needs| needs.target))
        .chain(entry.fired.values().map(|fired| fired.from))
        .chain(entry.recommendation.iter().map(|recommendation| recommendation.to));
    sizes.into_iter().all(crate::size::is_size)
}

/// The latest moment that an entry says has been.
fn latest(entry: &Entry) -> Timestamp {
    let commanded = entry.commanded.as_ref().map(|commanded| commanded.at);
    let refused = entry.infeasible.as_ref().map(|refused| refused.at);
    let optional = [commanded, refused, entry.needs_reboot.map(|needs| needs.at), entry.conflict_at];
    let changes = entry.changes.iter().map(|change| change.at);
    optional.into_iter().flatten().chain(changes).chain([entry.seen_at]).fold(entry.since, Timestamp::max)
}

impl Serialize for StateRead {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent => serializer.serialize_none(),
            Self::Corrupt { text, .. } => serializer.serialize_str(text),
            Self::Present(state) => state.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for StateRead {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            Value::Null => Self::Absent,
            Value::String(text) => Self::from_text(&text),
            other => Self::from_text(&other.to_string()),
        })
    }
}

impl JsonSchema for StateRead {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "StateRead".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<State>::json_schema(generator)
    }
}

//! Looking after all breakers: for a function that runs every minute or so.

use std::time::Instant;

use causeway_resilience::Deadline;
use causeway_resilience::breaker::{Cause, Event, Order, Phase, State, Tally};
use futures_util::stream::{self, StreamExt};
use serde::Serialize;

use super::record::{Late, REMEMBERED_MS, Record, Told, Writer};
use super::shared::Breaker;
use super::world::{LATE, STATE, Trouble, state_key};
use super::{Breakers, Dependency};
use crate::state::Found;
use crate::state::{Documents, StateError};

/// Documents that are looked at in one go.
const MOST_DOCUMENTS: usize = 1_000;
/// Reports beside one document that are taken up in one go.
const MOST_LATE: usize = 100;
/// Breakers that are looked at side by side.
const AT_ONCE: usize = 8;
/// Changes that are older than this were told, or nobody will.
const TOLD_MS: u64 = 60 * 60_000;

/// A breaker as a status page shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct View {
    /// What it is for.
    pub dependency: Dependency,
    /// Where it stands by its rules. An order comes first.
    pub phase: Phase,
    /// The order in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// Since when, in Unix milliseconds.
    pub since_ms: u64,
    /// Counts the changes.
    pub epoch: u64,
    /// Why it opened last; none once it closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// How often it opened in a row.
    pub opens_in_row: u32,
    /// Calls in the window that passed, failed and were slow.
    pub calls: Calls,
    /// Whether it waits for probes that no caller sends: whoever looks after it should send some.
    pub is_probe_due: bool,
    /// The last changes, oldest first.
    pub changes: Vec<Event>,
}

/// Calls in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Calls {
    /// Passed calls.
    pub ok: u64,
    /// Failed calls.
    pub failed: u64,
    /// Slow calls of both kinds.
    pub slow: u64,
    /// Calls that say nothing.
    pub ignored: u64,
}

/// What came of a look at all breakers.
#[derive(Debug, Default)]
pub struct Tended {
    /// Those that could be read.
    pub views: Vec<View>,
    /// Those of which the state is unknown, by the key of their document, and why.
    pub unknown: Vec<(String, String)>,
    /// Whether there are more than are looked at in one go.
    pub is_partial: bool,
}

impl Breakers {
    /// Takes up reports that came late, makes the changes that time brings about, tells what its author could not tell
    /// any more, and gives every breaker as it stands then.
    ///
    /// # Errors
    /// The documents cannot be listed.
    pub async fn tend(&self, deadline: Deadline) -> Result<Tended, StateError> {
        self.each(true, deadline).await
    }

    /// Gives every breaker as its document has it, and changes and tells nothing. Reports that came late are not in it.
    ///
    /// # Errors
    /// The documents cannot be listed.
    pub async fn look(&self, deadline: Deadline) -> Result<Tended, StateError> {
        self.each(false, deadline).await
    }

    /// One breaker as its document has it; `None` where there is none, or it cannot be read.
    pub async fn see(&self, dependency: &Dependency, deadline: Deadline) -> Option<View> {
        let documents = self.world.documents.as_ref()?;
        self.tend_one(documents, &state_key(dependency), false, deadline).await.ok().flatten()
    }

    async fn each(&self, may_write: bool, deadline: Deadline) -> Result<Tended, StateError> {
        let Some(documents) = &self.world.documents else { return Ok(Tended::default()) };
        let keys = documents.keys_below(STATE, MOST_DOCUMENTS).await?;
        let mut tended = Tended { is_partial: keys.len() >= MOST_DOCUMENTS, ..Tended::default() };
        let looks = stream::iter(keys).map(|key| async move {
            let view = self.tend_one(documents, &key, may_write, deadline).await;
            view.map_err(|reason| (key, reason))
        });
        for look in looks.buffered(AT_ONCE).collect::<Vec<_>>().await {
            match look {
                Ok(view) => tended.views.extend(view),
                Err(unknown) => tended.unknown.push(unknown),
            }
        }
        Ok(tended)
    }

    async fn tend_one(
        &self,
        documents: &Documents,
        key: &str,
        may_write: bool,
        deadline: Deadline,
    ) -> Result<Option<View>, String> {
        if deadline.is_over(Instant::now()) {
            return Err(reason(Trouble::Hurry));
        }
        let found = match documents.find::<Record>(key).await {
            Ok(Some(Found::Whole(found))) => found.value,
            Ok(None) => return Ok(None),
            // Which dependency it is nobody can say; its next caller begins it anew.
            Ok(Some(Found::Damaged(_, error))) | Err(error) => return Err(error.to_string()),
        };
        if state_key(&found.dependency) != key {
            return Err("the document names another dependency".to_owned());
        }
        let now_ms = self.world.now_ms();
        if !may_write {
            return Ok(Some(view(found, &self.world.writer(), now_ms)));
        }
        let breaker = self.of(&found.dependency);
        let (record, ours, untold) = self.world.bounded(breaker.tend(documents), deadline).await.map_err(reason)?;
        breaker.log(&ours);
        breaker.tell_people(&untold, deadline).await;
        Ok(Some(view(record, &self.world.writer(), now_ms)))
    }
}

fn reason(trouble: Trouble) -> String {
    match trouble {
        Trouble::Busy => "others wrote all the time".to_owned(),
        Trouble::Away(reason) => reason,
        Trouble::Hurry => "no time was left".to_owned(),
    }
}

impl Breaker {
    /// The document, the changes that this made, and those of anybody that people may not know of.
    async fn tend(&self, documents: &Documents) -> Result<(Record, Vec<Event>, Vec<Event>), Trouble> {
        let late = self.late(documents).await?;
        let mut core = self.core.lock().await;
        let record = self.commit(documents, &mut core, |_, record, writer| take_up(record, writer, &late)).await?;
        for (key, _) in &late {
            // What stays here is recognised by its number the next time.
            let _ = documents.remove(key).await;
        }
        let ours = std::mem::take(&mut core.to_tell);
        let untold = core.untold(&record, self.world.now_ms().saturating_sub(TOLD_MS));
        Ok((record, ours, untold))
    }

    /// What lies beside the document, in the order of its numbers.
    async fn late(&self, documents: &Documents) -> Result<Vec<(String, Option<Late>)>, Trouble> {
        let mut late = Vec::new();
        for key in documents.keys_below(&format!("{LATE}/{}", self.dependency.key()), MOST_LATE).await? {
            match documents.find::<Late>(&key).await? {
                Some(Found::Whole(found)) => late.push((key, Some(found.value))),
                Some(Found::Damaged(_, error)) => {
                    tracing::warn!(dependency = %self.dependency, %error, "late reports of a circuit breaker are damaged");
                    late.push((key, None));
                }
                None => {}
            }
        }
        Ok(late)
    }
}

fn take_up(record: &mut Record, writer: &Writer<'_>, late: &[(String, Option<Late>)]) -> Record {
    let oldest_ms = writer.now_ms.saturating_sub(REMEMBERED_MS);
    // What is older may have been counted and its mark forgotten, and counts no more anyway.
    for late in late.iter().filter_map(|(_, late)| late.as_ref()).filter(|late| late.at_ms >= oldest_ms) {
        record.count(writer, &late.instance, late.number, &late.reports);
    }
    record.settle(writer);
    record.clone()
}

fn view(record: Record, writer: &Writer<'_>, now_ms: u64) -> View {
    let Record { dependency, state, told, .. } = record;
    let Tally { ok, failed, slow, ignored } = State::tally(&state, writer.config, now_ms);
    View {
        dependency,
        phase: state.phase().clone(),
        order: state.forced(now_ms).cloned(),
        since_ms: state.since_ms(),
        epoch: state.epoch(),
        cause: state.cause(),
        opens_in_row: state.opens_in_row(),
        calls: Calls { ok, failed, slow, ignored },
        is_probe_due: state.is_probe_due(writer.config, now_ms),
        changes: told.into_iter().map(|Told { event, .. }| event).collect(),
    }
}

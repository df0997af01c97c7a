//! What the monitor remembers from run to run: one document, replaced only by who has read it last.
//!
//! A document that cannot be read is never written over: the state goes on under the next name, from what the history
//! kept of it, and the unreadable one stays where it is for whoever looks into it.

use std::time::Instant;

use causeway_cloud::state::{Documents, StateError, Version};
use causeway_resilience::Deadline;
use causeway_runtime::until;
use jiff::Timestamp;

use super::history::History;
use crate::alerts::AlertState;
use crate::assess::{Assessed, State};

/// Names of the document: the first that can be read, or is free.
const NAMES: [&str; 4] = ["state", "state-2", "state-3", "state-4"];

/// One run's hold on the document.
pub(super) struct Store<'a> {
    pub(super) documents: &'a Documents,
    pub(super) history: &'a History<'a>,
    /// When the run has to end.
    pub(super) deadline: Deadline,
}

/// A step that was taken.
pub(super) struct Taken {
    /// The state that it was made from.
    pub(super) previous: State,
    pub(super) assessed: Assessed,
    /// Where the state is.
    pub(super) at: Place,
    /// Documents that cannot be read.
    pub(super) quarantined: Vec<String>,
    /// What is wrong with the state, for people.
    pub(super) problem: Option<String>,
}

/// The document of the state as a run has left it.
pub(super) struct Place {
    name: &'static str,
    version: Version,
}

/// A step as it was written.
struct Stepped {
    previous: State,
    assessed: Assessed,
    version: Version,
}

/// Why a change was not made.
enum Stop {
    /// There is no document.
    Absent,
    State(StateError),
}

impl From<StateError> for Stop {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

impl Store<'_> {
    /// Writes what `step` makes of the state, anew whenever somebody else was faster: then there is less to do.
    ///
    /// # Errors
    /// The store's. What was to be told is claimed by nobody then.
    pub(super) async fn take(&self, now: Timestamp, step: impl Fn(&State) -> Assessed) -> Result<Taken, StateError> {
        let mut quarantined = Vec::new();
        for name in NAMES {
            match self.take_at(name, now, &step).await {
                Ok((Stepped { previous, assessed, version }, problem)) => {
                    return Ok(Taken { previous, assessed, at: Place { name, version }, quarantined, problem });
                }
                Err(error) if is_unreadable(&error) && name != NAMES[NAMES.len() - 1] => {
                    tracing::error!(%error, "the state cannot be read; it goes on under another name");
                    quarantined.push(name.to_owned());
                }
                Err(other) => return Err(other),
            }
        }
        Err(StateError::BadKey("state".to_owned()))
    }

    async fn take_at(
        &self,
        name: &str,
        now: Timestamp,
        step: &impl Fn(&State) -> Assessed,
    ) -> Result<(Stepped, Option<String>), StateError> {
        match self.change(name, None, step).await {
            Ok(done) => return Ok((done, None)),
            Err(Stop::State(error)) => return Err(error),
            Err(Stop::Absent) => {}
        }
        let (found, problem) = match self.last_state(now).await {
            Ok(None) => (State::default(), None),
            Ok(Some(state)) => (state, Some("the state was lost; the history had it".to_owned())),
            Err(why) => (State::default(), Some(format!("the state was lost: {why}"))),
        };
        match self.change(name, Some(&found), step).await {
            Ok(done) => Ok((done, problem)),
            Err(Stop::State(error)) => Err(error),
            Err(Stop::Absent) => Err(StateError::Conflict(name.to_owned())),
        }
    }

    /// What the history kept. It has half of the time that is left: without it the run goes on, since claims of messages
    /// know what is out, and there must be time to claim.
    async fn last_state(&self, now: Timestamp) -> Result<Option<State>, String> {
        let begins = Instant::now();
        let deadline = Deadline::within(begins, self.deadline.remaining(begins).map(|left| left / 2));
        let late = || Err("the history was not read in time".to_owned());
        until(deadline, self.history.last_state(now)).await.unwrap_or_else(late)
    }

    /// The change of a document; of `absent` where there is none.
    async fn change(
        &self,
        name: &str,
        absent: Option<&State>,
        step: &impl Fn(&State) -> Assessed,
    ) -> Result<Stepped, Stop> {
        let mut taken = None;
        let changed = self.documents.update(name, |old: Option<State>| {
            let old = old.or_else(|| absent.cloned()).ok_or(Stop::Absent)?;
            if taken.is_some() {
                tracing::info!("duplicate: another run has written the state meanwhile; what it claimed is its own");
            }
            let assessed = step(&old);
            let state = assessed.state.clone();
            taken = Some((old, assessed));
            Ok::<State, Stop>(state)
        });
        let version = changed.await?.version;
        let stepped = |(previous, assessed)| Stepped { previous, assessed, version };
        taken.map(stepped).ok_or(Stop::Absent)
    }

    /// Writes down what became of alerts; `left` is what the run has left at `place`.
    ///
    /// # Errors
    /// The store's. The claims then run out, and the alerts are known to be out by their keys.
    pub(super) async fn mark(
        &self,
        place: &Place,
        left: &State,
        mark: impl Fn(&mut AlertState),
    ) -> Result<(), StateError> {
        let marked = |mut state: State| {
            mark(&mut state.alerts);
            state
        };
        match self.documents.replace(place.name, &marked(left.clone()), &place.version).await {
            Err(StateError::Conflict(_)) => {}
            done => return done.map(drop),
        }
        // An empty state in place of one that is gone would hide that it is.
        let changed = self.documents.update(place.name, |old: Option<State>| old.map(&marked).ok_or(Stop::Absent));
        match changed.await {
            Ok(_) => Ok(()),
            Err(Stop::Absent) => Err(StateError::Conflict(place.name.to_owned())),
            Err(Stop::State(error)) => Err(error),
        }
    }

    /// The state as it is, for a look.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn look(&self) -> Result<State, StateError> {
        let mut last = None;
        for name in NAMES {
            match self.documents.get(name).await {
                Ok(found) => return Ok(found.map(|found| found.value).unwrap_or_default()),
                Err(error) if is_unreadable(&error) => last = Some(error),
                Err(other) => return Err(other),
            }
        }
        Err(last.unwrap_or_else(|| StateError::BadKey("state".to_owned())))
    }
}

fn is_unreadable(error: &StateError) -> bool {
    matches!(error, StateError::Malformed { .. } | StateError::TooLarge { .. })
}

//! What the checker remembers from tick to tick: one document, replaced only by who has read it last.
//!
//! A document that cannot be read is never written over: the state goes on under the next name, and the unreadable one
//! stays for whoever looks into it.

use causeway_cloud::state::{Documents, StateError};

use crate::decide::{Outcome, State};

/// Names of the document: the first that can be read, or is free.
const NAMES: [&str; 3] = ["state", "state-2", "state-3"];

/// One tick's hold on the document.
pub(super) struct Store<'a> {
    pub(super) documents: &'a Documents,
}

impl Store<'_> {
    /// The state as it is; a new one where there is none.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn look(&self) -> Result<State, StateError> {
        let mut last = StateError::BadKey("state".to_owned());
        for name in NAMES {
            match self.documents.get(name).await {
                Ok(found) => return Ok(found.map(|found| found.value).unwrap_or_default()),
                Err(error) if is_unreadable(&error) => last = error,
                Err(other) => return Err(other),
            }
        }
        Err(last)
    }

    /// Writes what `step` makes of the state, anew whenever somebody else was faster, and says what is wrong with
    /// older documents.
    ///
    /// # Errors
    /// The store's. Nothing may be told then.
    pub(super) async fn take(&self, step: impl Fn(&State) -> Outcome) -> Result<(Outcome, Option<String>), StateError> {
        let mut problem = None;
        for name in NAMES {
            let mut taken = None;
            let written = self.documents.update(name, |old: Option<State>| {
                let outcome = step(&old.unwrap_or_default());
                let state = outcome.state.clone();
                taken = Some(outcome);
                Ok::<State, StateError>(state)
            });
            match written.await {
                Ok(_) => {
                    return taken.map(|taken| (taken, problem)).ok_or_else(|| StateError::Conflict(name.to_owned()));
                }
                Err(error) if is_unreadable(&error) => {
                    tracing::error!(%error, "the state cannot be read; it goes on under another name");
                    problem = Some(format!("{name} cannot be read and was left as it is"));
                }
                Err(other) => return Err(other),
            }
        }
        Err(StateError::BadKey("state".to_owned()))
    }

    /// Takes messages that are out off the list.
    ///
    /// # Errors
    /// The store's; their keys then tell that they are out.
    pub(super) async fn told(&self, keys: &[String]) -> Result<(), StateError> {
        for name in NAMES {
            let written = self.documents.update(name, |old: Option<State>| {
                // An empty state in place of one that is gone would hide that it is.
                let mut state = old.ok_or_else(|| StateError::Conflict(name.to_owned()))?;
                state.pending.retain(|alert| !keys.contains(&alert.key));
                Ok::<State, StateError>(state)
            });
            match written.await {
                Err(error) if is_unreadable(&error) => {}
                done => return done.map(drop),
            }
        }
        Err(StateError::BadKey("state".to_owned()))
    }
}

fn is_unreadable(error: &StateError) -> bool {
    matches!(error, StateError::Malformed { .. } | StateError::TooLarge { .. })
}

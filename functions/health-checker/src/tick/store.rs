//! What the checker remembers from tick to tick: one document, replaced only by who has read it last.
//!
//! A document that cannot be read is never written over: the state goes on under the next name, and the unreadable one
//! stays for whoever looks into it. From then on the later name is the state, whatever becomes of the earlier one. A
//! document of a newer program is no state to go on from: two programs must not keep two states.

use causeway_cloud::state::{Documents, StateError};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::decide::{Outcome, STATE_VERSION, State, is_readable};
use crate::signal::{self, Signal};

/// Names of the document: the last that exists, and the next where that one cannot be read.
const NAMES: [&str; 3] = ["state", "state-2", "state-3"];
/// How often the name is looked for while others change it.
const TRIES: usize = 3;

/// One tick's hold on the document.
pub(super) struct Store<'a> {
    pub(super) documents: &'a Documents,
    /// Documents under which the state was before; what is there is taken over where there is none yet.
    pub(super) before: Option<&'a Documents>,
}

/// Why there is no state to go on from, or none can be kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// The store's.
    #[error(transparent)]
    Store(#[from] StateError),
    /// A newer program is at work.
    #[error("the state has version {0}, which a newer program writes")]
    Newer(u64),
    /// Every name has a document that cannot be read.
    #[error("no state can be read, and all names are taken")]
    NoName,
}

/// The document as it is found.
enum Stored {
    Ours(Box<State>),
    Other(u64),
}

impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let version = value.get("version").and_then(Value::as_u64).ok_or_else(|| D::Error::custom("has no version"))?;
        if !is_readable(version) {
            return Ok(Self::Other(version));
        }
        causeway_runtime::of_value(value).map(|state| Self::Ours(Box::new(state))).map_err(D::Error::custom)
    }
}

impl Serialize for Stored {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Ours(state) => state.serialize(serializer),
            Self::Other(version) => State { version: narrow(*version), ..State::default() }.serialize(serializer),
        }
    }
}

impl Stored {
    /// The state in it. One of an older program is told by its version, and counts as none.
    fn state(self) -> Result<State, Trouble> {
        match self {
            Self::Ours(state) => Ok(*state),
            Self::Other(version) if version > u64::from(STATE_VERSION) => Err(Trouble::Newer(version)),
            Self::Other(version) => Ok(State { version: narrow(version), ..State::default() }),
        }
    }
}

fn narrow(version: u64) -> u32 {
    u32::try_from(version).unwrap_or(u32::MAX)
}

impl Store<'_> {
    /// The state as it is; a new one where there is none.
    ///
    /// # Errors
    /// There is no state to go on from.
    pub(super) async fn look(&self) -> Result<State, Trouble> {
        self.current().await.map(|(_, state, _)| state.unwrap_or_default())
    }

    /// Name and content of the state, and what is wrong with an older document. One that may be where it was before and
    /// cannot be read is none to go on without.
    async fn current(&self) -> Result<Named, Trouble> {
        match (named(self.documents).await?, self.before) {
            ((name, None, None), Some(before)) if name == NAMES[0] => {
                let (_, state, problem) = named(before).await?;
                Ok((name, state, problem))
            }
            (found, _) => Ok(found),
        }
    }

    /// Writes what `step` makes of the state, anew whenever somebody else was faster, and says what is wrong with
    /// older documents.
    ///
    /// # Errors
    /// The store's. Nothing may be told as decided then.
    pub(super) async fn take(&self, step: impl Fn(&State) -> Outcome) -> Result<(Outcome, Option<String>), Trouble> {
        for _ in 0..TRIES {
            let (name, found, problem) = self.current().await?;
            let mut taken = None;
            let written = self.documents.update(name, |old: Option<Stored>| {
                let outcome = step(&old.map_or_else(|| Ok(found.clone().unwrap_or_default()), Stored::state)?);
                let state = Stored::Ours(Box::new(outcome.state.clone()));
                taken = Some(outcome);
                Ok::<Stored, Trouble>(state)
            });
            match (written.await, taken) {
                (Ok(_), Some(outcome)) => return Ok((outcome, problem)),
                // It was broken after it was looked at: the next look finds the next name.
                (Err(Trouble::Store(error @ StateError::Malformed { .. })), None) => {
                    tracing::warn!(%error, "the state was broken meanwhile");
                }
                (Err(other), _) => return Err(other),
                (Ok(_), None) => break,
            }
        }
        Err(Trouble::NoName)
    }

    /// Takes messages that are out off the list, and notes which documents of signals say what they have to say.
    ///
    /// # Errors
    /// The store's; their keys then tell that they are out.
    pub(super) async fn told(&self, keys: &[String], written: &[(String, Signal)]) -> Result<(), Trouble> {
        let (name, ..) = self.current().await?;
        let done = self.documents.update(name, |old: Option<Stored>| {
            // An empty state in place of one that is gone would hide that it is.
            let mut state = old.ok_or_else(|| StateError::Conflict(name.to_owned()))?.state()?;
            state.pending.retain(|alert| !keys.contains(&alert.key));
            written.iter().for_each(|(key, signal)| signal::written(&mut state.signals, key, signal));
            Ok::<Stored, Trouble>(Stored::Ours(Box::new(state)))
        });
        done.await.map(drop)
    }
}

/// Name and content of a state, and what is wrong with an older document.
type Named = (&'static str, Option<State>, Option<String>);

async fn named(documents: &Documents) -> Result<Named, Trouble> {
    for (index, name) in NAMES.iter().enumerate().rev() {
        match documents.get::<Stored>(name).await {
            Ok(None) => {}
            Ok(Some(found)) => return Ok((name, Some(found.value.state()?), None)),
            Err(error) if is_unreadable(&error) => {
                tracing::error!(%error, "the state cannot be read; it goes on under another name");
                let next = NAMES.get(index + 1).ok_or(Trouble::NoName)?;
                return Ok((next, None, Some(format!("{name} cannot be read and was left as it is"))));
            }
            Err(other) => return Err(other.into()),
        }
    }
    Ok((NAMES[0], None, None))
}

fn is_unreadable(error: &StateError) -> bool {
    matches!(error, StateError::Malformed { .. } | StateError::TooLarge { .. })
}

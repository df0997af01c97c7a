//! The append-only trace of runs: one object each, written once.
//!
//! An object has the report, the state that the run left, and what it had read, so that it can be printed again with
//! `egress-monitor report`, decided again with `egress-monitor decide`, and so that a state that is lost is found again.

use causeway_cloud::object_store::{Error, ObjectStoreExt, PutMode, PutOptions};
use causeway_cloud::{Objects, object_path};
use futures_util::TryStreamExt;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::assess::State;
use crate::period::{day_of, plus_days};
use crate::replay::Recorded;
use crate::reply::Reply;

/// Largest object that is read back, in bytes.
const MAX_BYTES: u64 = 8 << 20;
/// Objects that are tried, the latest first.
const MAX_TRIED: usize = 5;
/// Names that are drawn.
const MAX_NAMES: u32 = 5;

/// The folder of runs.
pub(crate) struct History<'a> {
    pub(crate) objects: &'a Objects,
    pub(crate) prefix: &'a str,
    pub(crate) random: fn() -> f64,
}

/// What is written.
#[derive(Serialize)]
struct Entry<'a> {
    #[serde(flatten)]
    reply: &'a Reply,
    state: &'a State,
    inputs: &'a Recorded,
}

/// What is read back of it.
#[derive(Deserialize)]
struct Kept {
    state: State,
}

impl History<'_> {
    /// Writes the object of a run; its name.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn write(&self, reply: &Reply, state: &State, inputs: &Recorded) -> Result<String, Error> {
        let text = serde_json::to_vec(&Entry { reply, state, inputs }).map_err(|error| broken(error.into()))?;
        for _ in 0..MAX_NAMES {
            let name = self.name(reply.report.as_of);
            let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
            let path = object_path(&name).map_err(|error| error.into_denied(name.clone()))?;
            match self.objects.put_opts(&path, text.clone().into(), options).await {
                Ok(_) => return Ok(name),
                Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {}
                Err(other) => return Err(other),
            }
        }
        Err(broken("no free name was found".into()))
    }

    /// `<prefix>/2026/09/12/20260912T120000Z-<run>.json`, in the order of time; a run's own part begins with the
    /// milliseconds.
    fn name(&self, as_of: Timestamp) -> String {
        let at = as_of.to_zoned(TimeZone::UTC);
        let run = ((self.random)() * 2_f64.powi(44)) as u64;
        format!("{}/{}-{:03}{run:011x}.json", self.prefix, at.strftime("%Y/%m/%d/%Y%m%dT%H%M%SZ"), at.millisecond())
    }

    /// The state that the latest run left, where it can be read; `None` when there was no run.
    ///
    /// # Errors
    /// There were runs, and what they left cannot be had: a sentence for people.
    pub(super) async fn last_state(&self, now: Timestamp) -> Result<Option<State>, String> {
        let kept: Option<(String, Kept)> = self.latest(now).await?;
        Ok(kept.map(|(_, kept)| kept.state))
    }

    /// The latest object that can be read, and its name; `None` when there is none.
    ///
    /// # Errors
    /// As of [`History::last_state`].
    pub(crate) async fn latest<T: DeserializeOwned>(&self, now: Timestamp) -> Result<Option<(String, T)>, String> {
        // After two months of silence nothing of it matters any more.
        let this = day_of(now).first_of_month();
        let mut are_there_any = false;
        for folder in [month(this), month(plus_days(this, -1))] {
            let names = self.names(&folder).await.map_err(|error| error.to_string())?;
            are_there_any |= !names.is_empty();
            for name in names.iter().rev().take(MAX_TRIED) {
                match self.read(name).await {
                    Ok(kept) => return Ok(Some((name.clone(), kept))),
                    Err(error) => tracing::warn!(%error, name, "an object of the history cannot be read"),
                }
            }
        }
        if are_there_any { Err("no object of the history can be read".to_owned()) } else { Ok(None) }
    }

    async fn names(&self, folder: &str) -> Result<Vec<String>, Error> {
        let path = format!("{}/{folder}", self.prefix);
        let path = object_path(&path).map_err(|error| error.into_denied(path.clone()))?;
        let found = self.objects.list(Some(&path)).map_ok(|object| object.location.to_string());
        let mut names: Vec<String> = found.try_collect().await?;
        names.sort_unstable();
        Ok(names)
    }

    async fn read<T: DeserializeOwned>(&self, name: &str) -> Result<T, Error> {
        let path = object_path(name).map_err(|error| error.into_denied(name.to_owned()))?;
        let found = self.objects.get(&path).await?;
        if found.meta.size > MAX_BYTES {
            return Err(broken(format!("has more than {MAX_BYTES} bytes").into()));
        }
        serde_json::from_slice(&found.bytes().await?).map_err(|error| broken(error.into()))
    }
}

fn month(day: Date) -> String {
    day.strftime("%Y/%m").to_string()
}

fn broken(source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::Generic { store: "history", source }
}

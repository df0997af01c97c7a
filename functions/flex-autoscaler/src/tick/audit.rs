//! The append-only trace of ticks: one object each, written once, JSON Lines.
//!
//! The first line is the tick. The next ones are changes that are under way or were seen in the last day, which is what a
//! tick needs that has lost its state. Then come decisions, what became of changes, and alerts. Beside it lie the inputs,
//! where they are recorded.

use causeway_cloud::object_store::{Error, PutMode, PutOptions, PutPayload};
use causeway_cloud::{Objects, object_path};
use futures_util::StreamExt;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use crate::decide::tick_of;
use crate::input::Inputs;
use crate::record::Record;
use crate::reply::Reply;
use crate::state::{Fact, State};

/// Other objects of the same tick, from ticks that began anew with the same numbers.
const MAX_SAME: u32 = 100;
/// How long a change counts, the longest of all pauses and caps (R7).
pub(super) const COUNTED: SignedDuration = SignedDuration::from_hours(24);

/// Writes the object of a tick, which leaves this state; its name.
///
/// # Errors
/// The store's.
pub(crate) async fn write(
    objects: &Objects,
    prefix: &str,
    reply: &Reply,
    state: &State,
) -> Result<Option<String>, Error> {
    let Some(record) = &reply.record else { return Ok(None) };
    let oldest = record.now.saturating_sub(COUNTED).unwrap_or(Timestamp::MIN);
    let facts: Vec<Fact> = state.facts(oldest).collect();
    let text = lines(record, reply, &facts).map_err(unwritable)?;
    let name = |number| name(prefix, record.now, record.epoch, number, "jsonl");
    create(objects, name, text).await.map(Some)
}

/// Writes what a tick decides from, for `flex-autoscaler decide -f`; the object's name.
///
/// # Errors
/// The store's.
pub(crate) async fn record(objects: &Objects, prefix: &str, inputs: &Inputs) -> Result<String, Error> {
    let text = serde_json::to_string(inputs).map_err(unwritable)?;
    create(objects, |number| name(prefix, inputs.now, inputs.epoch, number, "inputs.json"), text).await
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::Generic { store: "audit", source: Box::new(error) }
}

/// Writes an object under the first of its names that nobody has; that name.
async fn create(objects: &Objects, name: impl Fn(u32) -> String, text: String) -> Result<String, Error> {
    let text = PutPayload::from(text);
    for number in 0..MAX_SAME {
        let name = name(number);
        let path = object_path(&name).map_err(|error| error.into_denied(name.clone()))?;
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match objects.put_opts(&path, text.clone(), options).await {
            Ok(_) => return Ok(name),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    Err(Error::Generic { store: "audit", source: format!("{MAX_SAME} objects of this tick are there").into() })
}

/// Whether an earlier tick has left its object.
///
/// # Errors
/// The store's.
pub(crate) async fn is_there_any(objects: &Objects, prefix: &str) -> Result<bool, Error> {
    let folder = object_path(prefix).map_err(|error| error.into_denied(prefix.to_owned()))?;
    Ok(objects.list(Some(&folder)).next().await.transpose()?.is_some())
}

/// The folder of a day.
pub(super) fn folder(prefix: &str, now: Timestamp) -> String {
    format!("{prefix}/{}", now.to_zoned(TimeZone::UTC).strftime("%Y/%m/%d"))
}

/// `<prefix>/2026/11/21/<tick>-<epoch>.jsonl`, in the order of time.
fn name(prefix: &str, now: Timestamp, epoch: u64, number: u32, kind: &str) -> String {
    let again = if number == 0 { String::new() } else { format!("-{number}") };
    format!("{}/{}-{epoch}{again}.{kind}", folder(prefix, now), tick_of(now))
}

fn lines(record: &Record, reply: &Reply, facts: &[Fact]) -> Result<String, serde_json::Error> {
    let mut text = String::new();
    push(&mut text, &head(record, reply, facts))?;
    for fact in facts {
        push(&mut text, fact)?;
    }
    for value in &record.decisions {
        push(&mut text, &Tagged { line: "decision", value })?;
    }
    for value in &reply.resizes {
        push(&mut text, &Tagged { line: "resize", value })?;
    }
    for value in &record.alerts {
        push(&mut text, &Tagged { line: "alert", value })?;
    }
    Ok(text)
}

fn push(text: &mut String, line: &impl Serialize) -> Result<(), serde_json::Error> {
    text.push_str(&serde_json::to_string(line)?);
    text.push('\n');
    Ok(())
}

fn head(record: &Record, reply: &Reply, facts: &[Fact]) -> Value {
    json!({
        "line": "tick",
        "tick": record.tick,
        "now": record.now,
        "epoch": record.epoch,
        "mode": record.mode,
        "config_hash": record.config_hash,
        "status": reply.status,
        "counts": record.counts,
        "partial": record.partial,
        "deferred": record.deferred,
        "missing": reply.missing,
        "warnings": reply.warnings,
        "quarantined": reply.quarantined,
        "inputs": reply.inputs,
        "facts": facts.len(),
    })
}

/// A line that says what it is.
#[derive(Serialize)]
struct Tagged<'a, T> {
    line: &'static str,
    #[serde(flatten)]
    value: &'a T,
}

//! The append-only trace of ticks: one object each, written once, JSON Lines.
//!
//! The first line is the tick, each further one the decision about a machine or what became of a change.

use causeway_cloud::object_store::{Error, PutMode, PutOptions};
use causeway_cloud::{Objects, object_path};
use futures_util::StreamExt;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};

use crate::record::Record;
use crate::reply::Reply;

/// Other objects of the same tick, from ticks that began anew with the same numbers.
const MAX_SAME: u32 = 100;

/// Writes the object of a tick; its name.
///
/// # Errors
/// The store's.
pub(crate) async fn write(objects: &Objects, prefix: &str, reply: &Reply) -> Result<Option<String>, Error> {
    let Some(record) = &reply.record else { return Ok(None) };
    let text = lines(record, reply).map_err(|error| Error::Generic { store: "audit", source: Box::new(error) })?;
    for number in 0..MAX_SAME {
        let name = name(prefix, record, number);
        let path = object_path(&name).map_err(|error| error.into_denied(name.clone()))?;
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match objects.put_opts(&path, text.clone().into(), options).await {
            Ok(_) => return Ok(Some(name)),
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

/// `<prefix>/2026/11/21/<tick>-<epoch>.jsonl`, in the order of time.
fn name(prefix: &str, record: &Record, number: u32) -> String {
    let day = record.now.to_zoned(TimeZone::UTC).strftime("%Y/%m/%d").to_string();
    let again = if number == 0 { String::new() } else { format!("-{number}") };
    format!("{prefix}/{day}/{}-{}{again}.jsonl", record.tick, record.epoch)
}

fn lines(record: &Record, reply: &Reply) -> Result<String, serde_json::Error> {
    let mut text = String::new();
    push(&mut text, &head(record, reply))?;
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

fn head(record: &Record, reply: &Reply) -> Value {
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
    })
}

/// A line that says what it is.
#[derive(Serialize)]
struct Tagged<'a, T> {
    line: &'static str,
    #[serde(flatten)]
    value: &'a T,
}

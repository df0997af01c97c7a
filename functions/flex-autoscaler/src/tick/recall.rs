//! What the audit of the last tick tells where the state is lost: which changes are under way, and which are done.
//!
//! Without that an emergency could be answered twice: the machine that was resized five minutes ago has still the points
//! of its old size, or even that size.

use causeway_cloud::object_store::ObjectStoreExt;
use causeway_cloud::object_store::{Error, ObjectMeta};
use causeway_cloud::{Objects, object_path};
use futures_util::TryStreamExt;
use jiff::Timestamp;
use serde::Deserialize;

use super::store::{INDEX, Loaded, Lost};
use super::{Tick, audit};
use crate::state::{Fact, Memory, State, StateRead, apply_minutes};

/// Largest audit that is read, in bytes: that of some 20,000 machines.
const MAX_BYTES: u64 = 32 << 20;
/// Most audits among which the newest is looked for; a tick each minute leaves 1,440 in a day.
const MOST_LISTED: usize = 10_000;

/// The first line of an audit, as far as it is needed here.
#[derive(Deserialize)]
struct Head {
    /// Lines with changes that follow.
    facts: usize,
}

impl Tick<'_> {
    /// Completes a state that is gone or cannot be read, as a whole or in parts, with what the audit says. What is not known
    /// then, for people.
    pub(super) async fn recall(&self, loaded: &mut Loaded, now: Timestamp) -> Option<String> {
        if loaded.state.is_absent() {
            // The lease does not tell, since the first tick may have died before it wrote anything.
            match audit::is_there_any(&self.owner.objects, &self.owner.config.audit_prefix).await {
                Ok(false) => return None,
                Ok(true) => loaded.absent.push(INDEX.to_owned()),
                Err(error) => {
                    return Some(unknown(loaded, format!("it is not known whether there was a state: {error}")));
                }
            }
        } else if loaded.state.present().is_some() && loaded.lost.is_empty() {
            return None;
        }
        let counted = audit::COUNTED.max(apply_minutes(self.policy.in_flight.give_up_after_minutes));
        let oldest = now.saturating_sub(counted).unwrap_or(Timestamp::MIN);
        match memory(&self.owner.objects, &self.owner.config.audit_prefix, oldest).await {
            Ok(memory) => {
                if loaded.state.present().is_none() {
                    (loaded.state, loaded.lost) = (StateRead::Present(State::new(now)), Lost::everything());
                }
                loaded.recalled = Some(memory);
                None
            }
            Err(problem) => {
                let minutes = self.policy.up.window_minutes;
                let text = "nobody knows which changes are under way";
                let text = format!("{text}, nothing but emergencies changes for {minutes} minutes: {problem}");
                Some(if loaded.state.is_absent() { unknown(loaded, text) } else { text })
            }
        }
    }
}

/// Lost is not the same as never written.
fn unknown(loaded: &mut Loaded, problem: String) -> String {
    loaded.state = StateRead::Corrupt { text: String::new(), problem: problem.clone() };
    problem
}

/// The changes that the newest audit knows; none when there has been no tick for long.
async fn memory(objects: &Objects, prefix: &str, oldest: Timestamp) -> Result<Memory, String> {
    let newest = newest(objects, prefix, oldest).await.map_err(|error| error.to_string())?;
    let Some(newest) = newest else { return Ok(Memory::default()) };
    let wrong = |problem: String| format!("{}: {problem}", newest.location);
    if newest.size > MAX_BYTES {
        return Err(wrong(format!("is longer than {MAX_BYTES} bytes")));
    }
    let read = async { objects.get(&newest.location).await?.bytes().await };
    let bytes = read.await.map_err(|error| error.to_string())?;
    facts(&bytes).and_then(Memory::new).map_err(wrong)
}

/// The audit that was written last. The store's clock tells, since ours may have been wrong when a name was made.
async fn newest(objects: &Objects, prefix: &str, oldest: Timestamp) -> Result<Option<ObjectMeta>, Error> {
    let path = |text: &str| object_path(text).map_err(|error| error.into_denied(text.to_owned()));
    let (folder, offset) = (path(prefix)?, path(&audit::folder(prefix, oldest))?);
    let mut listed = objects.list_with_offset(Some(&folder), &offset);
    let (mut newest, mut count) = (None::<ObjectMeta>, 0_usize);
    while let Some(found) = listed.try_next().await? {
        count += 1;
        if count > MOST_LISTED {
            let text = format!("more than {MOST_LISTED} objects since {oldest}");
            return Err(Error::Generic { store: "audit", source: text.into() });
        }
        let is_later = |known: &ObjectMeta| order(&found) > order(known);
        if found.location.as_ref().ends_with(".jsonl") && newest.as_ref().is_none_or(is_later) {
            newest = Some(found);
        }
    }
    Ok(newest)
}

/// When it was written; of two at the same moment the numbers in the name tell.
fn order(meta: &ObjectMeta) -> (i64, Vec<u64>) {
    let name = meta.location.filename().unwrap_or_default();
    let numbers = name.split(|letter: char| !letter.is_ascii_digit()).filter_map(|number| number.parse().ok());
    (meta.last_modified.timestamp_millis(), numbers.collect())
}

/// The lines with changes.
fn facts(bytes: &[u8]) -> Result<Vec<Fact>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut lines = text.lines();
    let head: Head = serde_json::from_str(lines.next().unwrap_or_default()).map_err(|error| error.to_string())?;
    let facts: Result<Vec<Fact>, _> = lines.take(head.facts).map(serde_json::from_str).collect();
    let facts = facts.map_err(|error| error.to_string())?;
    if facts.len() == head.facts { Ok(facts) } else { Err("ends in the middle".to_owned()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

    use super::*;

    #[test]
    fn an_audit_that_is_cut_or_of_an_earlier_form_tells_nothing() {
        let changed = r#"{"line":"changed","id":"a","begun":"2026-03-11T12:00:00Z","at":"2026-03-11T12:05:00Z","from":{"ocpus":16.0,"memory_gb":256.0},"to":{"ocpus":28.0,"memory_gb":448.0}}"#;
        let whole = format!("{{\"line\":\"tick\",\"facts\":2}}\n{changed}\n{changed}\n{{\"line\":\"decision\"}}\n");
        assert_eq!(facts(whole.as_bytes()).unwrap().len(), 2);
        let ends =
            ["", "{\"line\":\"tick\"}\n", "{\"line\":\"tick\",\"facts\":1}\n", "{\"line\":\"tick\",\"facts\":1}\n{}\n"];
        for text in ends.into_iter().chain([&whole[..whole.len() / 2]]) {
            assert!(facts(text.as_bytes()).is_err(), "{text}");
        }
        assert!(facts(b"\xff").is_err());
    }
}

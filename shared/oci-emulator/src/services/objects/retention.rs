//! Retention rules: while one holds, objects can be neither deleted nor overwritten.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::bucket::change;
use super::model::{Access, Bucket, Object, Versioning};
use crate::Emulator;
use crate::call::Call;
use crate::clock::rfc3339;
use crate::error::Error;
use crate::page;
use crate::reply::{self, Reply, ReplyExt, no_content};

/// Milliseconds of a day, and of a year as the service counts it (365.2425 days).
pub(super) const DAY_MS: i64 = 86_400_000;
const YEAR_MS: i64 = 31_556_952_000;
/// A rule can be locked from this long after the request on.
const LOCK_DELAY_MS: i64 = 14 * DAY_MS;
/// Rules of one bucket, at most.
const MAX_RULES: usize = 100;
const PAGE: (usize, usize) = (100, 1000);

/// A span of days or years.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Amount {
    pub(super) time_amount: i64,
    pub(super) time_unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Unit {
    Days,
    Years,
}

impl Amount {
    pub(super) fn milliseconds(&self) -> i64 {
        let unit = if self.time_unit == Unit::Days { DAY_MS } else { YEAR_MS };
        self.time_amount.saturating_mul(unit)
    }

    fn check(&self) -> Result<(), Error> {
        (self.time_amount > 0).then_some(()).ok_or_else(|| Error::invalid("timeAmount must be positive."))
    }
}

/// A rule as it is stored. Without a duration it holds until it is deleted.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    id: String,
    display_name: String,
    duration: Option<Amount>,
    etag: String,
    time_created: String,
    time_modified: String,
    time_rule_locked: Option<Timestamp>,
}

/// The body of create and update.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Details {
    display_name: Option<String>,
    duration: Option<Amount>,
    time_rule_locked: Option<Timestamp>,
}

impl Rule {
    fn holds(&self, object: &Object, now_ms: i64) -> bool {
        let end = self.duration.as_ref().map(|duration| object.modified_ms.saturating_add(duration.milliseconds()));
        end.is_none_or(|end| now_ms < end)
    }

    fn is_locked(&self, now: Timestamp) -> bool {
        self.time_rule_locked.is_some_and(|from| from <= now)
    }
}

/// Refuses to delete or overwrite an object that a rule holds.
pub(super) fn check(bucket: &Bucket, object: &Object, now_ms: i64) -> Result<(), Error> {
    match bucket.retention.iter().find(|rule| rule.holds(object, now_ms)) {
        Some(rule) if !object.is_delete_marker() => {
            let message = format!("The object is retained by the rule '{}' of its bucket.", rule.display_name);
            Err(Error::new(409, "ObjectRetained", message))
        }
        _ => Ok(()),
    }
}

fn check_lock(details: &Details, now: Timestamp) -> Result<(), Error> {
    let earliest = now.as_millisecond() + LOCK_DELAY_MS;
    let early = details.time_rule_locked.is_some_and(|lock| lock.as_millisecond() < earliest);
    (!early).then_some(()).ok_or_else(|| Error::invalid("timeRuleLocked must be at least 14 days ahead."))
}

fn shown(rule: &Rule) -> Value {
    json!(rule)
}

pub(super) fn create(emulator: &Emulator, call: &Call) -> Reply {
    let details: Details = call.json()?;
    details.duration.as_ref().map_or(Ok(()), Amount::check)?;
    check_lock(&details, call.now)?;
    let id = emulator.ids.etag();
    let rule = Rule {
        display_name: details.display_name.unwrap_or_else(|| id.clone()),
        id,
        duration: details.duration,
        etag: emulator.ids.etag(),
        time_created: rfc3339(call.now),
        time_modified: rfc3339(call.now),
        time_rule_locked: details.time_rule_locked,
    };
    change(emulator, call, |bucket, _| {
        if bucket.versioning == Versioning::Enabled {
            return Err(Error::incorrect_state("A versioned bucket cannot have retention rules."));
        }
        if bucket.retention.len() >= MAX_RULES {
            return Err(Error::new(400, "LimitExceeded", "A bucket has at most 100 retention rules."));
        }
        bucket.retention.push(rule.clone());
        Ok(())
    })?;
    reply::json(&shown(&rule)).header("etag", &rule.etag)
}

pub(super) fn list(emulator: &Emulator, call: &Call) -> Reply {
    let (_, bucket) = emulator.bucket(&emulator.store.read()?, call, Access::Manage)?;
    let page = page::of_list(bucket.retention, call, PAGE)?;
    let items: Vec<Value> = page.items.iter().map(shown).collect();
    reply::json(&json!({ "items": items })).maybe("opc-next-page", page.next.as_deref())
}

fn of(bucket: &Bucket, call: &Call) -> Result<usize, Error> {
    let id = call.param("rule");
    let found = bucket.retention.iter().position(|rule| rule.id == id);
    found.ok_or_else(|| Error::new(404, "RetentionRuleNotFound", format!("There is no retention rule {id}.")))
}

pub(super) fn get(emulator: &Emulator, call: &Call) -> Reply {
    let (_, bucket) = emulator.bucket(&emulator.store.read()?, call, Access::Manage)?;
    let rule = &bucket.retention[of(&bucket, call)?];
    reply::json(&shown(rule)).header("etag", &rule.etag)
}

pub(super) fn update(emulator: &Emulator, call: &Call) -> Reply {
    let details: Details = call.json()?;
    details.duration.as_ref().map_or(Ok(()), Amount::check)?;
    check_lock(&details, call.now)?;
    let mut updated = None;
    change(emulator, call, |bucket, _| {
        let index = of(bucket, call)?;
        let rule = &mut bucket.retention[index];
        call.check_if_match(&rule.etag)?;
        let length = |amount: &Option<Amount>| amount.as_ref().map_or(i64::MAX, Amount::milliseconds);
        let shorter = details.duration.is_some() && length(&details.duration) < length(&rule.duration);
        if rule.is_locked(call.now) && (shorter || details.time_rule_locked.is_some()) {
            return Err(Error::incorrect_state("A locked retention rule can only be lengthened."));
        }
        rule.display_name = details.display_name.clone().unwrap_or_else(|| rule.display_name.clone());
        rule.duration = details.duration.clone().or(rule.duration.take());
        rule.time_rule_locked = details.time_rule_locked.or(rule.time_rule_locked);
        rule.time_modified = rfc3339(call.now);
        rule.etag = emulator.ids.etag();
        updated = Some(rule.clone());
        Ok(())
    })?;
    let rule = updated.ok_or_else(Error::not_found)?;
    reply::json(&shown(&rule)).header("etag", &rule.etag)
}

pub(super) fn delete(emulator: &Emulator, call: &Call) -> Reply {
    change(emulator, call, |bucket, _| {
        let index = of(bucket, call)?;
        call.check_if_match(&bucket.retention[index].etag)?;
        if bucket.retention[index].is_locked(call.now) {
            return Err(Error::incorrect_state("A locked retention rule cannot be deleted."));
        }
        bucket.retention.remove(index);
        Ok(())
    })?;
    no_content()
}

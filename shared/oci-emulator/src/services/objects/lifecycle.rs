//! Life-cycle policies: objects that are deleted or move to a cheaper tier with age.
//!
//! Rules act once a day, at midnight UTC of the service clock, on objects that are old enough by then.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::bucket::change;
use super::delete::expire;
use super::model::{Access, Bucket, Object, Tier, name_in, object_key};
use super::multipart;
use super::retention::{Amount, DAY_MS};
use crate::Emulator;
use crate::call::Call;
use crate::clock::rfc3339;
use crate::error::Error;
use crate::glob::Glob;
use crate::jobs::Job;
use crate::reply::{self, Reply, ReplyExt, no_content};
use crate::store::{Read, Span, Table, Writer};

/// Rules of a policy, and entries of a filter, at most.
const MAX_RULES: usize = 1000;
/// Objects of one bucket that one midnight changes at a time.
const BATCH: usize = 10_000;

/// A bucket's policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Policy {
    pub(super) etag: String,
    time_created: String,
    items: Vec<Rule>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    name: String,
    #[serde(default)]
    target: Target,
    action: Action,
    #[serde(flatten)]
    age: Amount,
    is_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_name_filter: Option<Filter>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Target {
    #[default]
    Objects,
    MultipartUploads,
    PreviousObjectVersions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Action {
    Archive,
    InfrequentAccess,
    Delete,
    Abort,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    inclusion_prefixes: Option<Vec<String>>,
    inclusion_patterns: Option<Vec<String>>,
    exclusion_patterns: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Details {
    #[serde(default)]
    items: Vec<Rule>,
}

impl Filter {
    /// An exclusion wins; without inclusions everything is included.
    fn takes(&self, name: &str) -> bool {
        let any = |patterns: &Option<Vec<String>>| {
            patterns.iter().flatten().any(|pattern| Glob::parse(pattern).is_ok_and(|glob| glob.matches(name)))
        };
        let empty = |list: &Option<Vec<String>>| list.as_ref().is_none_or(Vec::is_empty);
        let prefixed = self.inclusion_prefixes.iter().flatten().any(|prefix| name.starts_with(prefix.as_str()));
        let all = empty(&self.inclusion_prefixes) && empty(&self.inclusion_patterns);
        !any(&self.exclusion_patterns) && (all || prefixed || any(&self.inclusion_patterns))
    }

    fn check(&self) -> Result<(), Error> {
        let patterns = self.inclusion_patterns.iter().chain(&self.exclusion_patterns).flatten();
        for pattern in patterns {
            Glob::parse(pattern).map_err(|reason| Error::invalid(format!("The pattern {pattern} {reason}.")))?;
        }
        Ok(())
    }
}

impl Rule {
    fn check(&self) -> Result<(), Error> {
        let abort = (self.target == Target::MultipartUploads) == (self.action == Action::Abort);
        abort.then_some(()).ok_or_else(|| Error::invalid("ABORT is for multipart-uploads, and only ABORT."))?;
        (self.age.time_amount > 0).then_some(()).ok_or_else(|| Error::invalid("timeAmount must be positive."))?;
        self.object_name_filter.as_ref().map_or(Ok(()), Filter::check)
    }

    fn applies(&self, target: Target, name: &str, modified_ms: i64, midnight_ms: i64) -> bool {
        let old = modified_ms.saturating_add(self.age.milliseconds()) <= midnight_ms;
        let named = self.object_name_filter.as_ref().is_none_or(|filter| filter.takes(name));
        self.is_enabled && self.target == target && old && named
    }
}

impl Policy {
    /// The strongest action for something of this age: what is deleted need not be moved.
    fn action(&self, target: Target, name: &str, modified_ms: i64, midnight_ms: i64) -> Option<Action> {
        let fitting = self.items.iter().filter(|rule| rule.applies(target, name, modified_ms, midnight_ms));
        fitting.map(|rule| rule.action).max_by_key(|action| match action {
            Action::InfrequentAccess => 0,
            Action::Archive => 1,
            Action::Abort | Action::Delete => 2,
        })
    }
}

pub(super) fn get(emulator: &Emulator, call: &Call) -> Reply {
    let (_, bucket) = emulator.bucket(&emulator.store.read()?, call, Access::Manage)?;
    show(&bucket.lifecycle.ok_or_else(|| missing(call))?)
}

fn missing(call: &Call) -> Error {
    let message = format!("The bucket '{}' has no life-cycle policy.", call.param("bk"));
    Error::new(404, "LifecyclePolicyNotFound", message)
}

fn show(policy: &Policy) -> Reply {
    reply::json(&json!({ "timeCreated": policy.time_created, "items": policy.items })).header("etag", &policy.etag)
}

/// Replaces the whole policy.
pub(super) fn put(emulator: &Emulator, call: &Call) -> Reply {
    let details: Details = call.json()?;
    if details.items.len() > MAX_RULES {
        return Err(Error::new(400, "LimitExceeded", format!("A policy has at most {MAX_RULES} rules.")));
    }
    details.items.iter().try_for_each(Rule::check)?;
    let mut names: Vec<&str> = details.items.iter().map(|rule| rule.name.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Error::invalid("Two rules have the same name."));
    }
    let policy = Policy { etag: emulator.ids.etag(), time_created: rfc3339(call.now), items: details.items };
    change(emulator, call, |bucket, writer| {
        check_condition(call, bucket.lifecycle.as_ref())?;
        let moves = policy.items.iter().any(|rule| rule.action == Action::InfrequentAccess && rule.is_enabled);
        if moves && bucket.auto_tiering != "Disabled" {
            return Err(Error::invalid("With auto-tiering, no rule can move objects to InfrequentAccess."));
        }
        let first = bucket.lifecycle.replace(policy.clone()).is_none();
        if first {
            let key = super::model::bucket_key(call.param("ns"), call.param("bk"));
            plan_next(emulator, writer, call.now.as_millisecond(), key)?;
        }
        Ok(())
    })?;
    show(&policy)
}

fn check_condition(call: &Call, present: Option<&Policy>) -> Result<(), Error> {
    match (call.header("if-none-match"), present) {
        (Some("*"), Some(_)) => Err(Error::new(412, "IfNoneMatchFailed", "The bucket has a life-cycle policy.")),
        _ => call.check_if_match(present.map_or("", |policy| &policy.etag)),
    }
}

pub(super) fn delete(emulator: &Emulator, call: &Call) -> Reply {
    change(emulator, call, |bucket, _| {
        let policy = bucket.lifecycle.take().ok_or_else(|| missing(call))?;
        call.check_if_match(&policy.etag)
    })?;
    no_content()
}

fn plan_next(emulator: &Emulator, writer: &Writer, now_ms: i64, bucket: String) -> Result<(), Error> {
    let midnight = (now_ms.div_euclid(DAY_MS) + 1) * DAY_MS;
    Ok(emulator.plan(writer, midnight, &Job::Lifecycle { bucket })?)
}

/// Applies a bucket's rules at midnight and plans the next time.
pub(crate) fn run_lifecycle(emulator: &Emulator, writer: &Writer, due_ms: i64, key: &str) -> Result<(), Error> {
    let bucket: Option<Bucket> = writer.get(Table::Buckets, key.as_bytes())?;
    let Some((bucket, policy)) = bucket.and_then(|bucket| bucket.lifecycle.clone().map(|policy| (bucket, policy)))
    else {
        return Ok(());
    };
    let objects = due_objects(writer, key, &policy, due_ms)?;
    let more = objects.len() == BATCH;
    for (name, action) in objects {
        act(emulator, writer, (key, &bucket), &name, action, due_ms)?;
    }
    expire_versions(writer, key, &policy, due_ms)?;
    multipart::abort_old(writer, key, |name, created_ms| {
        policy.action(Target::MultipartUploads, name, created_ms, due_ms).is_some()
    })?;
    match more {
        // The rest of a large bucket is done right after, in changes of its own.
        true => Ok(emulator.plan(writer, due_ms, &Job::Lifecycle { bucket: key.to_owned() })?),
        false => plan_next(emulator, writer, due_ms.max(today(emulator)), key.to_owned()),
    }
}

/// Nights that a leap of the clock has skipped need not be lived through one by one: the last one does all
/// that they would have done.
fn today(emulator: &Emulator) -> i64 {
    let midnight = emulator.clock.now().as_millisecond().div_euclid(DAY_MS) * DAY_MS;
    midnight - 1
}

fn due_objects(writer: &Writer, key: &str, policy: &Policy, due_ms: i64) -> Result<Vec<(String, Action)>, Error> {
    let mut due = Vec::new();
    writer.scan(Table::Objects, &Span::prefix(&object_key(key, "")), |entry, value| {
        let name = name_in(key, entry);
        let object = Object::decode(value)?;
        let action = policy.action(Target::Objects, name, object.modified_ms, due_ms);
        due.extend(action.filter(|action| changes(*action, &object)).map(|action| (name.to_owned(), action)));
        Ok(due.len() < BATCH)
    })?;
    Ok(due)
}

fn changes(action: Action, object: &Object) -> bool {
    match action {
        Action::Delete => true,
        Action::Archive => object.tier != Tier::Archive,
        Action::InfrequentAccess => object.tier == Tier::Standard,
        Action::Abort => false,
    }
}

fn act(
    emulator: &Emulator,
    writer: &Writer,
    bucket: (&str, &Bucket),
    name: &str,
    action: Action,
    due_ms: i64,
) -> Result<(), Error> {
    let tier = match action {
        Action::Delete => return expire(emulator, writer, bucket, name, due_ms),
        Action::Archive => Tier::Archive,
        _ => Tier::InfrequentAccess,
    };
    if let Some(mut object) = super::model::find(writer, bucket.0, name)? {
        object.tier = tier;
        object.readable = None;
        writer.put_bytes(Table::Objects, &object_key(bucket.0, name), &object.encode()?)?;
    }
    Ok(())
}

fn expire_versions(writer: &Writer, key: &str, policy: &Policy, due_ms: i64) -> Result<(), Error> {
    let mut due = Vec::new();
    writer.scan(Table::Versions, &Span::prefix(&object_key(key, "")), |entry, value| {
        let object = Object::decode(value)?;
        let name = name_in(key, &entry[..entry.len().saturating_sub(9)]);
        let action = policy.action(Target::PreviousObjectVersions, name, object.modified_ms, due_ms);
        due.extend((action == Some(Action::Delete)).then(|| (entry.to_vec(), object)));
        Ok(due.len() < BATCH)
    })?;
    for (entry, object) in due {
        writer.delete(Table::Versions, &entry)?;
        super::put::release(writer, key, &object)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::retention::Unit;
    use super::*;

    fn rule(json: serde_json::Value) -> Rule {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_rule_takes_what_is_old_enough_and_named() {
        let rule = rule(json!({
            "name": "expire", "action": "DELETE", "timeAmount": 90, "timeUnit": "DAYS", "isEnabled": true,
            "objectNameFilter": { "inclusionPrefixes": ["results/"], "exclusionPatterns": ["*.keep"] },
        }));
        rule.check().unwrap();
        let check = |name: &str, days: i64, expected: bool| {
            assert_eq!(rule.applies(Target::Objects, name, 0, days * DAY_MS), expected, "{name} {days}");
        };
        check("results/a", 90, true);
        check("results/a", 89, false);
        check("other/a", 90, false);
        check("results/a.keep", 90, false);
        assert_eq!(rule.age.time_unit, Unit::Days);
    }

    #[test]
    fn abort_belongs_to_uploads() {
        let of = |target: &str, action: &str| {
            let base = json!({ "name": "r", "target": target, "action": action, "timeAmount": 1, "timeUnit": "DAYS",
                               "isEnabled": true });
            rule(base).check().is_ok()
        };
        assert!(of("multipart-uploads", "ABORT") && of("objects", "ARCHIVE"));
        assert!(!of("multipart-uploads", "DELETE") && !of("objects", "ABORT"));
    }
}

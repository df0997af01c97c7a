//! Steering policies: which of several answers a name gets.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::zones;
use crate::Emulator;
use crate::call::Call;
use crate::clock::rfc3339;
use crate::documents;
use crate::error::Error;
use crate::reply::{self, Reply, ReplyExt, no_content};
use crate::store::Read;

const POLICY: &str = "dnspolicy";
const ATTACHMENT: &str = "dnspolicyattachment";
const PAGE: (usize, usize) = (50, 100);
const TEMPLATES: [&str; 6] = ["FAILOVER", "LOAD_BALANCE", "ROUTE_BY_GEO", "ROUTE_BY_ASN", "ROUTE_BY_IP", "CUSTOM"];

fn invalid(message: &str) -> Error {
    Error::invalid(message)
}

/// Checks a policy: every member that a rule needs, and the order of the rules.
fn check(policy: &Map<String, Value>) -> Result<(), Error> {
    let text = |name: &str| policy.get(name).and_then(Value::as_str).ok_or_else(|| Error::missing(name));
    text("displayName")?;
    let template = text("template")?;
    if !TEMPLATES.contains(&template) {
        return Err(Error::invalid(format!("There is no template {template}.")));
    }
    if policy.get("ttl").is_some_and(|ttl| ttl.as_u64().is_none_or(|ttl| ttl > 604_800)) {
        return Err(invalid("ttl must be from 0 to 604800 seconds."));
    }
    let empty = Vec::new();
    let answers = policy.get("answers").and_then(Value::as_array).unwrap_or(&empty);
    answers.iter().try_for_each(check_answer)?;
    let rules = policy.get("rules").and_then(Value::as_array).unwrap_or(&empty);
    rules.iter().try_for_each(check_rule)?;
    let position = |kind: &str| rules.iter().position(|rule| rule["ruleType"] == kind);
    let monitored = policy.get("healthCheckMonitorId").is_some_and(Value::is_string);
    match (position("FILTER"), position("HEALTH")) {
        (_, Some(_)) if !monitored => Err(invalid("A HEALTH rule needs healthCheckMonitorId.")),
        (_, None) if monitored => Err(invalid("healthCheckMonitorId needs a HEALTH rule.")),
        (Some(filter), Some(health)) if filter > health => Err(invalid("FILTER must come before HEALTH.")),
        _ if position("LIMIT").is_some_and(|limit| limit + 1 != rules.len()) => {
            Err(invalid("LIMIT must be the last rule."))
        }
        _ => Ok(()),
    }
}

fn check_answer(answer: &Value) -> Result<(), Error> {
    let text = |name: &str| answer[name].as_str().ok_or_else(|| Error::missing(&format!("answers.{name}")));
    text("name")?;
    let (kind, data) = (text("rtype")?, text("rdata")?);
    let fits = match kind {
        "A" => data.parse::<std::net::Ipv4Addr>().is_ok(),
        "AAAA" => data.parse::<std::net::Ipv6Addr>().is_ok(),
        "CNAME" => !data.is_empty(),
        _ => false,
    };
    fits.then_some(()).ok_or_else(|| Error::invalid(format!("{data} is no answer of type {kind}.")))
}

fn check_rule(rule: &Value) -> Result<(), Error> {
    let data = || rule["defaultAnswerData"].as_array().into_iter().flatten();
    match rule["ruleType"].as_str() {
        Some("WEIGHTED" | "PRIORITY") => {
            let fits = data().all(|one| one["value"].as_u64().is_some_and(|value| value <= 255));
            fits.then_some(()).ok_or_else(|| invalid("Weights and priorities are from 0 to 255."))
        }
        Some("LIMIT") => {
            let fits = rule["defaultCount"].as_u64().is_some_and(|count| count > 0);
            fits.then_some(()).ok_or_else(|| invalid("A LIMIT rule needs a positive defaultCount."))
        }
        Some("FILTER" | "HEALTH") => Ok(()),
        other => Err(Error::invalid(format!("There is no rule {}.", other.unwrap_or("null")))),
    }
}

fn show(policy: &Value) -> Reply {
    reply::json(policy).header("etag", policy["etag"].as_str().unwrap_or_default())
}

pub(super) fn create(emulator: &Emulator, call: &Call) -> Reply {
    let mut policy: Map<String, Value> = call.json()?;
    let compartment =
        policy.get("compartmentId").and_then(Value::as_str).ok_or_else(|| Error::missing("compartmentId"))?;
    emulator.check_compartment(&call.principal, compartment)?;
    check(&policy)?;
    let id = emulator.ids.ocid(POLICY);
    policy.entry("ttl").or_insert(json!(30));
    policy.entry("answers").or_insert(json!([]));
    policy.entry("rules").or_insert(json!([]));
    policy.insert("id".into(), id.clone().into());
    policy.insert("self".into(), format!("{}/20180115/steeringPolicies/{id}", call.base_url).into());
    policy.insert("timeCreated".into(), rfc3339(call.now).into());
    policy.insert("lifecycleState".into(), "ACTIVE".into());
    policy.insert("etag".into(), emulator.ids.etag().into());
    let policy = Value::Object(policy);
    emulator.store.write(|writer| Ok(documents::put(writer, POLICY, &id, &policy)?))?;
    show(&policy).header("location", policy["self"].as_str().unwrap_or_default())
}

fn find(emulator: &Emulator, reader: &impl Read, call: &Call, kind: &str) -> Result<Value, Error> {
    let found: Value = documents::get(reader, kind, call.param("id"))?;
    emulator.check_compartment(&call.principal, found["compartmentId"].as_str().unwrap_or_default())?;
    Ok(found)
}

pub(super) fn get(emulator: &Emulator, call: &Call) -> Reply {
    show(&find(emulator, &emulator.store.read()?, call, POLICY)?)
}

pub(super) fn list(emulator: &Emulator, call: &Call) -> Reply {
    listed(emulator, call, POLICY, &["id", "displayName", "template", "lifecycleState", "healthCheckMonitorId"])
}

pub(super) fn attachments(emulator: &Emulator, call: &Call) -> Reply {
    listed(emulator, call, ATTACHMENT, &["id", "displayName", "steeringPolicyId", "zoneId", "lifecycleState"])
}

fn listed(emulator: &Emulator, call: &Call, kind: &str, filters: &[&str]) -> Reply {
    let compartment = emulator.compartment_of(call)?;
    let same = |one: &Value, name: &str| call.query(name).is_none_or(|wanted| one[name] == wanted);
    let keep = |one: &Value| one["compartmentId"] == compartment && filters.iter().all(|name| same(one, name));
    documents::page(emulator, call, kind, PAGE, keep)?.reply(Clone::clone)
}

/// Members that are given replace the present ones.
pub(super) fn update(emulator: &Emulator, call: &Call) -> Reply {
    let given: Map<String, Value> = call.json()?;
    let policy = emulator.store.write(|writer| {
        let present = find(emulator, writer, call, POLICY)?;
        call.check_if_match(present["etag"].as_str().unwrap_or_default())?;
        let mut members = present.as_object().cloned().unwrap_or_default();
        let fixed = ["id", "compartmentId", "etag", "self", "timeCreated", "lifecycleState"];
        members.extend(given.into_iter().filter(|(name, value)| !fixed.contains(&name.as_str()) && !value.is_null()));
        check(&members)?;
        members.insert("etag".into(), emulator.ids.etag().into());
        let policy = Value::Object(members);
        documents::put(writer, POLICY, call.param("id"), &policy)?;
        Ok(policy)
    })?;
    show(&policy).header("opc-work-request-id", &emulator.ids.ocid("dnsworkrequest"))
}

pub(super) fn delete(emulator: &Emulator, call: &Call) -> Reply {
    emulator.store.write(|writer| {
        let policy = find(emulator, writer, call, POLICY)?;
        call.check_if_match(policy["etag"].as_str().unwrap_or_default())?;
        let used = documents::all(writer, ATTACHMENT, |one: &Value| one["steeringPolicyId"] == policy["id"])?;
        if !used.is_empty() {
            return Err(Error::new(409, "Conflict", "The steering policy is attached to a domain."));
        }
        Ok(documents::remove(writer, POLICY, call.param("id"))?)
    })?;
    no_content()
}

/// Refuses to take away a zone that policies are attached to.
pub(super) fn refuse_attached(reader: &impl Read, zone: &str) -> Result<(), Error> {
    match documents::all(reader, ATTACHMENT, |one: &Value| one["zoneId"] == zone)?.is_empty() {
        true => Ok(()),
        false => Err(Error::new(409, "Conflict", "A steering policy is attached to the zone.")),
    }
}

/// What the body names is not there, or not the caller's.
fn related() -> Error {
    Error::new(400, "RelatedResourceNotAuthorizedOrNotFound", "Authorization failed or related resource not found.")
}

pub(super) fn attach(emulator: &Emulator, call: &Call) -> Reply {
    let mut attachment: Map<String, Value> = call.json()?;
    for name in ["steeringPolicyId", "zoneId", "domainName"] {
        attachment.get(name).and_then(Value::as_str).ok_or_else(|| Error::missing(name))?;
    }
    let id = emulator.ids.ocid(ATTACHMENT);
    let attachment = emulator.store.write(|writer| {
        let text = |name: &str| attachment.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let policy: Value = documents::find(writer, POLICY, &text("steeringPolicyId"))?.ok_or_else(related)?;
        let compartment = policy["compartmentId"].as_str().unwrap_or_default();
        emulator.check_compartment(&call.principal, compartment).map_err(|_| related())?;
        let zone = zones::named(emulator, writer, call, &text("zoneId")).map_err(|_| related())?;
        if !zone.holds(&text("domainName")) {
            return Err(invalid("domainName is not in the zone."));
        }
        let domain = attachment["domainName"].clone();
        if !documents::all(writer, ATTACHMENT, |one: &Value| one["domainName"] == domain)?.is_empty() {
            return Err(Error::new(409, "Conflict", "The domain has a steering policy."));
        }
        let answers = policy["answers"].as_array().into_iter().flatten();
        let types: BTreeSet<&str> = answers.filter_map(|one| one["rtype"].as_str()).collect();
        let link = format!("{}/20180115/steeringPolicyAttachments/{id}", call.base_url);
        attachment.insert("rtypes".into(), json!(types));
        attachment.insert("self".into(), link.into());
        attachment.insert("zoneId".into(), zone.id.into());
        attachment.insert("compartmentId".into(), compartment.into());
        attachment.insert("id".into(), id.clone().into());
        attachment.insert("lifecycleState".into(), "ACTIVE".into());
        attachment.insert("timeCreated".into(), rfc3339(call.now).into());
        attachment.insert("etag".into(), emulator.ids.etag().into());
        let attachment = Value::Object(attachment);
        documents::put(writer, ATTACHMENT, &id, &attachment)?;
        Ok(attachment)
    })?;
    show(&attachment)
}

pub(super) fn attachment(emulator: &Emulator, call: &Call) -> Reply {
    show(&find(emulator, &emulator.store.read()?, call, ATTACHMENT)?)
}

pub(super) fn detach(emulator: &Emulator, call: &Call) -> Reply {
    emulator.store.write(|writer| {
        let found = find(emulator, writer, call, ATTACHMENT)?;
        call.check_if_match(found["etag"].as_str().unwrap_or_default())?;
        Ok(documents::remove(writer, ATTACHMENT, call.param("id"))?)
    })?;
    no_content()
}

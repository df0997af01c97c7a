//! Zones, and the records of a whole zone or domain. A zone starts empty: the NS and SOA records that OCI adds
//! are not there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::records::RecordSet;
use super::steering;
use crate::Emulator;
use crate::call::{Call, parse_json};
use crate::clock::rfc3339;
use crate::documents;
use crate::error::Error;
use crate::page;
use crate::reply::{self, Reply, ReplyExt, no_content};
use crate::store::{Read, Writer};

const KIND: &str = "dnszone";
const PAGE: (usize, usize) = (50, 100);
/// Characters of a name, and of a label in it (RFC 1035, section 2.3.4).
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// A zone.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Zone {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) compartment_id: String,
    pub(super) serial: u64,
    #[serde(default)]
    time_created: String,
    #[serde(default)]
    etag: String,
    /// Records by `domain/type`.
    pub(super) sets: BTreeMap<String, RecordSet>,
}

/// A name as it is compared: without the last period, in lower case.
pub(super) fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= MAX_NAME && name.contains('.') && name.split('.').all(label)
}

impl Zone {
    /// Whether a domain is the zone's own or below it.
    pub(super) fn holds(&self, domain: &str) -> bool {
        let (name, domain) = (plain(&self.name), plain(domain));
        domain == name || domain.ends_with(&format!(".{name}"))
    }

    fn show(&self, call: &Call) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "compartmentId": self.compartment_id,
            "zoneType": "PRIMARY",
            "scope": "GLOBAL",
            "lifecycleState": "ACTIVE",
            "serial": self.serial,
            "version": self.serial.to_string(),
            "self": format!("{}/20180115/zones/{}", call.base_url, self.id),
            "timeCreated": self.time_created,
            "isProtected": false,
            "nameservers": [],
            "externalMasters": [],
            "externalDownstreams": [],
            "freeformTags": {},
            "definedTags": {},
        })
    }

    fn reply(&self, call: &Call) -> Reply {
        reply::json(&self.show(call)).header("etag", &self.etag)
    }
}

/// A zone of the caller's tenancy by its name or OCID.
pub(super) fn named(emulator: &Emulator, reader: &impl Read, call: &Call, wanted: &str) -> Result<Zone, Error> {
    let fits = |zone: &Zone| zone.id == wanted || plain(&zone.name) == plain(wanted);
    let zone = documents::all(reader, KIND, fits)?.into_iter().next().ok_or_else(Error::not_found)?;
    emulator.check_compartment(&call.principal, &zone.compartment_id)?;
    Ok(zone)
}

fn find(emulator: &Emulator, reader: &impl Read, call: &Call) -> Result<Zone, Error> {
    named(emulator, reader, call, call.param("zone"))
}

/// Stores a zone.
pub(super) fn save(writer: &Writer, zone: &Zone) -> Result<(), Error> {
    Ok(documents::put(writer, KIND, &zone.id, zone)?)
}

/// GetZone.
pub(super) fn get(emulator: &Emulator, call: &Call) -> Reply {
    find(emulator, &emulator.store.read()?, call)?.reply(call)
}

/// ListZones.
pub(super) fn list(emulator: &Emulator, call: &Call) -> Reply {
    let compartment = emulator.compartment_of(call)?;
    let wanted = |name: &str, fits: &dyn Fn(&str) -> bool| call.query(name).is_none_or(fits);
    let keep = |zone: &Zone| {
        let name = plain(&zone.name);
        zone.compartment_id == compartment
            && wanted("name", &|text| plain(text) == name)
            && wanted("nameContains", &|text| name.contains(&plain(text)))
            && wanted("zoneType", &|text| text == "PRIMARY")
            && wanted("lifecycleState", &|text| text == "ACTIVE")
            && wanted("scope", &|text| text == "GLOBAL")
    };
    let mut found: Vec<Zone> = documents::all(&emulator.store.read()?, KIND, keep)?;
    found.sort_by_key(|zone| plain(&zone.name));
    if call.query("sortOrder") == Some("DESC") {
        found.reverse();
    }
    let total = found.len().to_string();
    page::of_list(found, call, PAGE)?.reply(|zone| zone.show(call)).header("opc-total-items", &total)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    name: String,
    compartment_id: String,
    zone_type: Option<String>,
    scope: Option<String>,
}

/// CreateZone.
pub(super) fn create(emulator: &Emulator, call: &Call) -> Reply {
    let details: Details = call.json()?;
    emulator.check_compartment(&call.principal, &details.compartment_id)?;
    if !is_name(&plain(&details.name)) {
        return Err(Error::invalid(format!("{} is no name of a zone.", details.name)));
    }
    for (name, given, only) in [("zoneType", &details.zone_type, "PRIMARY"), ("scope", &details.scope, "GLOBAL")] {
        if let Some(other) = given.as_deref().filter(|given| *given != only) {
            return Err(Error::invalid(format!("{name} {other} is not supported here.")));
        }
    }
    let zone = blank(emulator, emulator.ids.global_ocid("dns-zone", &emulator.ids.etag()), details);
    emulator.store.write(|writer| {
        let twin = |other: &Zone| plain(&other.name) == plain(&zone.name);
        if !documents::all(writer, KIND, twin)?.is_empty() {
            let message = format!("The zone {} exists.", zone.name);
            return Err(Error::new(409, "NotAuthorizedOrResourceAlreadyExists", message));
        }
        save(writer, &zone)
    })?;
    zone.reply(call).header("location", &format!("{}/20180115/zones/{}", call.base_url, zone.id))
}

fn blank(emulator: &Emulator, id: String, details: Details) -> Zone {
    Zone {
        id,
        name: details.name,
        compartment_id: details.compartment_id,
        serial: 1,
        time_created: rfc3339(emulator.clock.now()),
        etag: emulator.ids.etag(),
        sets: BTreeMap::new(),
    }
}

/// DeleteZone, with its records.
pub(super) fn delete(emulator: &Emulator, call: &Call) -> Reply {
    emulator.store.write(|writer| {
        let zone = find(emulator, writer, call)?;
        call.check_if_match(&zone.etag)?;
        steering::refuse_attached(writer, &zone.id)?;
        Ok(documents::remove(writer, KIND, &zone.id)?)
    })?;
    no_content()
}

/// GetZoneRecords and GetDomainRecords.
pub(super) fn records(emulator: &Emulator, call: &Call) -> Reply {
    let zone = find(emulator, &emulator.store.read()?, call)?;
    // GetDomainRecords has the domain in its path.
    let domain = Some(call.param("domain")).filter(|domain| !domain.is_empty()).or(call.query("domain"));
    if let Some(domain) = domain.filter(|domain| !zone.holds(domain)) {
        return Err(Error::invalid(format!("{domain} is not in the zone {}.", zone.name)));
    }
    let fits = |key: &str| {
        let (name, rtype) = key.rsplit_once('/').unwrap_or((key, ""));
        domain.is_none_or(|domain| plain(domain) == name)
            && call.query("domainContains").is_none_or(|part| name.contains(&plain(part)))
            && call.query("rtype").is_none_or(|wanted| wanted.eq_ignore_ascii_case(rtype))
    };
    let sets = zone.sets.iter().filter(|(key, _)| fits(key));
    let shown: Vec<Value> = sets.flat_map(|(_, set)| set.show()).collect();
    let total = shown.len().to_string();
    let page = page::of_list(shown, call, PAGE)?;
    let answer = reply::json(&json!({ "items": page.items })).header("etag", &zone.etag);
    answer.header("opc-total-items", &total).maybe("opc-next-page", page.next.as_deref())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Seed {
    name: String,
    compartment_id: Option<String>,
}

/// Creates a zone by the admin route; an earlier one of the name is replaced.
pub(crate) fn seed(emulator: &Emulator, body: &[u8]) -> Reply {
    let seed: Seed = parse_json(body)?;
    let compartment_id = seed.compartment_id.unwrap_or_else(|| emulator.default_compartment());
    let id = emulator.ids.global_ocid("dns-zone", &seed.name);
    let zone = blank(emulator, id, Details { name: seed.name, compartment_id, zone_type: None, scope: None });
    emulator.store.write(|writer| save(writer, &zone))?;
    reply::json(&json!({ "id": zone.id, "name": zone.name }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_zones() {
        let check = |name: &str, expected: bool| assert_eq!(is_name(&plain(name)), expected, "{name}");
        check("dec.example", true);
        check("Dec.Example.", true);
        check("_dmarc.dec.example", true);
        check("example", false);
        check("a..b", false);
        check("-a.example", false);
        check("a b.example", false);
        check(&format!("{}.example", "a".repeat(64)), false);
        check("", false);
    }
}

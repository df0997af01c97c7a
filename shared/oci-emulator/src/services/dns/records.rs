//! The record sets of zones.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::zones::{self, Zone, plain};
use crate::Emulator;
use crate::call::Call;
use crate::error::Error;
use crate::ids;
use crate::reply::{self, Reply, ReplyExt, no_content};
use crate::store::{Read, Writer};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct RecordSet {
    etag: String,
    version: u64,
    records: Vec<Record>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    domain: String,
    rtype: String,
    rdata: String,
    ttl: u32,
}

impl Record {
    fn check(&self, domain: &str, rtype: &str) -> Result<(), Error> {
        let here = plain(&self.domain) == plain(domain) && self.rtype.eq_ignore_ascii_case(rtype);
        here.then_some(()).ok_or_else(|| Error::invalid("The record is of another domain or type than the path."))?;
        let valid = match rtype {
            "A" => self.rdata.parse::<std::net::Ipv4Addr>().is_ok(),
            "AAAA" => self.rdata.parse::<std::net::Ipv6Addr>().is_ok(),
            _ => !self.rdata.is_empty(),
        };
        valid.then_some(()).ok_or_else(|| Error::invalid(format!("{} is no data for {rtype}.", self.rdata)))
    }

    fn show(&self, version: u64) -> Value {
        let hash = self.rdata.bytes().fold(0, |hash, byte| ids::mix(hash ^ u64::from(byte)));
        json!({
            "domain": self.domain,
            "rtype": self.rtype,
            "rdata": self.rdata,
            "ttl": self.ttl,
            "recordHash": format!("{hash:016x}"),
            "rrsetVersion": version.to_string(),
            "isProtected": false,
        })
    }
}

impl RecordSet {
    pub(super) fn show(&self) -> Vec<Value> {
        self.records.iter().map(|record| record.show(self.version)).collect()
    }
}

/// The path's zone, by name or OCID, and the key of its record set.
fn find(emulator: &Emulator, reader: &impl Read, call: &Call) -> Result<(Zone, String), Error> {
    let zone = zones::named(emulator, reader, call, call.param("zone"))?;
    let domain = plain(call.param("domain"));
    if !zone.holds(&domain) {
        return Err(Error::invalid(format!("{domain} is not in the zone {}.", zone.name)));
    }
    Ok((zone, format!("{domain}/{}", call.param("rtype").to_ascii_uppercase())))
}

fn show(set: &RecordSet) -> Reply {
    let items = set.show();
    let total = items.len().to_string();
    reply::json(&json!({ "items": items })).header("etag", &set.etag).header("opc-total-items", &total)
}

pub(super) fn get(emulator: &Emulator, call: &Call) -> Reply {
    let (zone, key) = find(emulator, &emulator.store.read()?, call)?;
    match zone.sets.get(&key) {
        Some(set) => show(set),
        None => show(&RecordSet::default()),
    }
}

/// Changes a record set under its conditions.
fn change(
    emulator: &Emulator,
    call: &Call,
    change: impl FnOnce(&mut Vec<Record>, &str) -> Result<(), Error>,
) -> Result<RecordSet, Error> {
    emulator.store.write(|writer: &Writer| {
        let (mut zone, key) = find(emulator, writer, call)?;
        let mut set = zone.sets.remove(&key).unwrap_or_default();
        call.check_if_match(&set.etag)?;
        let rtype = call.param("rtype").to_ascii_uppercase();
        change(&mut set.records, &rtype)?;
        set.records.iter().try_for_each(|record| record.check(call.param("domain"), &rtype))?;
        set.etag = emulator.ids.etag();
        zone.serial += 1;
        set.version = zone.serial;
        if !set.records.is_empty() {
            zone.sets.insert(key, set.clone());
        }
        zones::save(writer, &zone)?;
        Ok(set)
    })
}

#[derive(Deserialize)]
struct Items<T> {
    items: Vec<T>,
}

/// UpdateRRSet: replaces all records.
pub(super) fn put(emulator: &Emulator, call: &Call) -> Reply {
    let wanted: Items<Record> = call.json()?;
    show(&change(emulator, call, |records, _| {
        *records = wanted.items;
        Ok(())
    })?)
}

#[derive(Deserialize)]
struct Operation {
    #[serde(default)]
    operation: Option<String>,
    rdata: Option<String>,
    ttl: Option<u32>,
}

/// PatchRRSet: all of it or nothing.
pub(super) fn patch(emulator: &Emulator, call: &Call) -> Reply {
    let wanted: Items<Operation> = call.json()?;
    let domain = call.param("domain").to_owned();
    show(&change(emulator, call, |records, rtype| {
        for step in &wanted.items {
            apply(records, step, &domain, rtype)?;
        }
        Ok(())
    })?)
}

fn apply(records: &mut Vec<Record>, step: &Operation, domain: &str, rtype: &str) -> Result<(), Error> {
    let fits = |record: &Record| step.rdata.as_ref().is_none_or(|rdata| *rdata == record.rdata);
    let there = records.iter().any(fits);
    match step.operation.as_deref().unwrap_or("ADD") {
        "REQUIRE" if !there => Err(Error::new(409, "Conflict", "A required record is missing.")),
        "PROHIBIT" if there => Err(Error::new(409, "Conflict", "A prohibited record is there.")),
        "REQUIRE" | "PROHIBIT" => Ok(()),
        "REMOVE" => {
            records.retain(|record| !fits(record));
            Ok(())
        }
        "ADD" => {
            let rdata = step.rdata.clone().ok_or_else(|| Error::missing("rdata"))?;
            let ttl = step.ttl.or(records.first().map(|record| record.ttl)).ok_or_else(|| Error::missing("ttl"))?;
            records.retain(|record| record.rdata != rdata);
            records.push(Record { domain: domain.to_owned(), rtype: rtype.to_owned(), rdata, ttl });
            Ok(())
        }
        other => Err(Error::invalid(format!("There is no operation {other}."))),
    }
}

pub(super) fn delete(emulator: &Emulator, call: &Call) -> Reply {
    change(emulator, call, |records, _| {
        records.clear();
        Ok(())
    })?;
    no_content()
}

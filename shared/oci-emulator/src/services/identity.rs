//! Identity: tenancies, compartments, regions, availability and fault domains, and the users that have a
//! registered key. No groups or policies.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Emulator;
use crate::call::Call;
use crate::error::Error;
use crate::page;
use crate::regions;
use crate::reply::{self, Reply, ReplyExt};
use crate::route::{Route, Service};
use crate::store::{Read, Span, Table};
use crate::tenancy::Compartment;

const PAGE: (usize, usize) = (100, 1000);
/// Availability domains of the region.
const DOMAINS: usize = 3;
/// Fault domains of an availability domain.
const FAULT_DOMAINS: usize = 3;

/// The service.
pub(crate) const SERVICE: Service = Service {
    name: "identity",
    hosts: &["identity"],
    bases: &["/20160918"],
    routes: &[
        Route::get("ListRegions", "/regions", regions),
        Route::get("GetTenancy", "/tenancies/{id}", tenancy),
        Route::get("ListRegionSubscriptions", "/tenancies/{id}/regionSubscriptions", subscriptions),
        Route::get("ListCompartments", "/compartments", compartments),
        Route::post("CreateCompartment", "/compartments", create).repeatable(),
        Route::get("GetCompartment", "/compartments/{id}", compartment),
        Route::get("ListAvailabilityDomains", "/availabilityDomains", domains),
        Route::get("ListFaultDomains", "/faultDomains", fault_domains),
        Route::get("ListUsers", "/users", users),
        Route::get("GetUser", "/users/{id}", user),
        Route::get("ListApiKeys", "/users/{id}/apiKeys", api_keys),
    ],
};

fn upper(key: &str) -> String {
    key.to_ascii_uppercase()
}

fn regions(_: &Emulator, _: &Call) -> Reply {
    let all = regions::ALL.iter().map(|region| json!({ "key": upper(region.key), "name": region.name }));
    reply::json(&all.collect::<Vec<_>>())
}

impl Emulator {
    fn region_key(&self) -> String {
        regions::by_name(self.region()).map_or_else(String::new, |region| upper(region.key))
    }

    /// Names of the availability domains, such as `Uocm:US-ASHBURN-AD-1`.
    pub(crate) fn domain_names(&self) -> Vec<String> {
        let region = self.region().to_ascii_uppercase();
        let stem = region.strip_suffix("-1").unwrap_or(&region);
        (1..=DOMAINS).map(|number| format!("Uocm:{stem}-AD-{number}")).collect()
    }
}

fn own_tenancy(call: &Call) -> Result<&str, Error> {
    let id = call.param("id");
    (id == call.principal.tenancy).then_some(id).ok_or_else(Error::not_found)
}

fn tenancy(emulator: &Emulator, call: &Call) -> Reply {
    let id = own_tenancy(call)?;
    reply::json(&json!({
        "id": id,
        "name": "home",
        "description": "The tenancy of the emulator.",
        "homeRegionKey": emulator.region_key(),
        "freeformTags": {},
        "definedTags": {},
    }))
}

fn subscriptions(emulator: &Emulator, call: &Call) -> Reply {
    own_tenancy(call)?;
    let key = emulator.region_key();
    let only = json!({ "regionKey": key, "regionName": emulator.region(), "status": "READY", "isHomeRegion": true });
    reply::json(&[only])
}

fn shown(compartment: &Compartment) -> Value {
    json!({
        "id": compartment.id,
        "compartmentId": compartment.compartment_id,
        "name": compartment.name,
        "description": compartment.description,
        "timeCreated": compartment.time_created,
        "lifecycleState": compartment.lifecycle_state,
        "isAccessible": true,
        "freeformTags": {},
        "definedTags": {},
    })
}

fn compartments(emulator: &Emulator, call: &Call) -> Reply {
    let parent = emulator.compartment_of(call)?;
    let below = call.flag("compartmentIdInSubtree")?;
    if below && parent != call.principal.tenancy {
        return Err(Error::invalid("compartmentIdInSubtree can only be true for the root compartment."));
    }
    let same = |name: &str, value: &str| call.query(name).is_none_or(|wanted| wanted == value);
    let keep = |one: &Compartment| {
        one.tenancy == call.principal.tenancy
            && (below || one.compartment_id == parent)
            && same("name", &one.name)
            && same("lifecycleState", &one.lifecycle_state)
    };
    let reader = emulator.store.read()?;
    page::of_table(&reader, Table::Compartments, Span::all(), call, PAGE, keep)?.reply(shown)
}

fn compartment(emulator: &Emulator, call: &Call) -> Reply {
    let id = call.param("id");
    emulator.check_compartment(&call.principal, id)?;
    match emulator.store.read()?.get::<Compartment>(Table::Compartments, id.as_bytes())? {
        Some(compartment) => reply::json(&shown(&compartment)).header("etag", &compartment.etag),
        // The root is a compartment too.
        None => reply::json(&json!({ "id": id, "name": "home", "description": "Root", "lifecycleState": "ACTIVE" })),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewCompartment {
    compartment_id: String,
    name: String,
    description: String,
}

fn create(emulator: &Emulator, call: &Call) -> Reply {
    let new: NewCompartment = call.json()?;
    emulator.check_compartment(&call.principal, &new.compartment_id)?;
    let plain = new.name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if !plain || !(1..=100).contains(&new.name.len()) {
        return Err(Error::invalid(
            "A compartment's name has 1 to 100 letters, digits, periods, hyphens, underscores.",
        ));
    }
    let compartment = Compartment {
        id: emulator.ids.global_ocid("compartment", &emulator.ids.etag()),
        compartment_id: new.compartment_id,
        name: new.name,
        description: new.description,
        time_created: crate::clock::rfc3339(call.now),
        lifecycle_state: "ACTIVE".to_owned(),
        tenancy: call.principal.tenancy.clone(),
        etag: emulator.ids.etag(),
    };
    emulator.store.write(|writer| {
        let twin = |one: &Compartment| one.compartment_id == compartment.compartment_id && one.name == compartment.name;
        if !writer.list(Table::Compartments, &Span::all(), 1, twin)?.is_empty() {
            let message = format!("Compartment '{}' already exists.", compartment.name);
            return Err(Error::new(409, "NotAuthorizedOrResourceAlreadyExists", message));
        }
        Ok(writer.put(Table::Compartments, compartment.id.as_bytes(), &compartment)?)
    })?;
    reply::json(&shown(&compartment)).header("etag", &compartment.etag)
}

fn domains(emulator: &Emulator, call: &Call) -> Reply {
    let compartment = emulator.compartment_of(call)?;
    let all = emulator.domain_names().into_iter().map(|name| {
        json!({ "id": emulator.ids.global_ocid("availabilitydomain", &name), "name": name, "compartmentId": compartment })
    });
    reply::json(&all.collect::<Vec<_>>())
}

fn fault_domains(emulator: &Emulator, call: &Call) -> Reply {
    let compartment = emulator.compartment_of(call)?;
    let domain = call.required_query("availabilityDomain")?;
    if !emulator.domain_names().iter().any(|name| name == domain) {
        return Err(Error::invalid(format!("There is no availability domain {domain}.")));
    }
    let all = (1..=FAULT_DOMAINS).map(|number| {
        let name = format!("FAULT-DOMAIN-{number}");
        let id = emulator.ids.global_ocid("faultdomain", &format!("{domain}/{name}"));
        json!({ "id": id, "name": name, "compartmentId": compartment, "availabilityDomain": domain })
    });
    reply::json(&all.collect::<Vec<_>>())
}

/// Users and fingerprints of the keys of the caller's tenancy, in order.
fn keys(emulator: &Emulator, call: &Call) -> Vec<(String, String)> {
    let own = format!("{}/", call.principal.tenancy);
    let ids = emulator.keys.ids().into_iter();
    let parts = ids.filter_map(|id| {
        let (user, fingerprint) = id.strip_prefix(&own)?.split_once('/')?;
        Some((user.to_owned(), fingerprint.to_owned()))
    });
    parts.collect()
}

fn shown_user(id: &str, call: &Call) -> Value {
    json!({
        "id": id,
        "compartmentId": call.principal.tenancy,
        "name": id,
        "description": "A user with a registered key.",
        "lifecycleState": "ACTIVE",
        "isMfaActivated": false,
        "capabilities": { "canUseApiKeys": true, "canUseConsolePassword": false },
        "freeformTags": {},
        "definedTags": {},
    })
}

fn users(emulator: &Emulator, call: &Call) -> Reply {
    if emulator.compartment_of(call)? != call.principal.tenancy {
        return Err(Error::invalid("Users are in the root compartment."));
    }
    let mut found: Vec<String> = keys(emulator, call).into_iter().map(|(user, _)| user).collect();
    found.dedup();
    found.retain(|user| call.query("name").is_none_or(|name| name == user));
    page::of_list(found, call, PAGE)?.reply(|user| shown_user(user, call))
}

fn user(emulator: &Emulator, call: &Call) -> Reply {
    let id = call.param("id");
    let known = keys(emulator, call).iter().any(|(user, _)| user == id);
    if known { reply::json(&shown_user(id, call)) } else { Err(Error::not_found()) }
}

fn api_keys(emulator: &Emulator, call: &Call) -> Reply {
    let id = call.param("id");
    let found = keys(emulator, call).into_iter().filter(|(user, _)| user == id).map(|(_, fingerprint)| {
        json!({
            "keyId": format!("{}/{id}/{fingerprint}", call.principal.tenancy),
            "userId": id,
            "fingerprint": fingerprint,
            "lifecycleState": "ACTIVE",
        })
    });
    let found: Vec<Value> = found.collect();
    if found.is_empty() { Err(Error::not_found()) } else { reply::json(&found) }
}

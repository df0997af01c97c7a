//! Limits: values by service and name, and how much of them is left.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::compute;
use crate::Emulator;
use crate::call::{Call, parse_json};
use crate::documents;
use crate::error::Error;
use crate::page;
use crate::reply::{self, Reply};
use crate::route::{Route, Service};
use crate::store::Read;

const KIND: &str = "limit";
const PAGE: (usize, usize) = (100, 1000);

/// The service.
pub(crate) const SERVICE: Service = Service {
    name: "limits",
    hosts: &["limits"],
    bases: &["/20190729"],
    routes: &[
        Route::get("ListLimitValues", "/limitValues", values),
        Route::get("ListServices", "/services", services),
        Route::get("ListLimitDefinitions", "/limitDefinitions", definitions),
        Route::get("GetResourceAvailability", "/services/{service}/limits/{limit}/resourceAvailability", availability),
    ],
};

/// A limit that differs from the built-in one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Limit {
    service: String,
    name: String,
    /// `GLOBAL`, `REGION` or `AD`.
    scope_type: String,
    /// All domains when absent.
    availability_domain: Option<String>,
    value: i64,
    /// Fixed number in use; counted where the emulator can count, when absent.
    used: Option<i64>,
}

fn built_in(emulator: &Emulator) -> Vec<Limit> {
    let limit = |service: &str, name: &str, scope: &str, domain: Option<String>, value| Limit {
        service: service.to_owned(),
        name: name.to_owned(),
        scope_type: scope.to_owned(),
        availability_domain: domain,
        value,
        used: None,
    };
    let cores = [
        ("standard-e4-core-count", 2000),
        ("standard-e5-core-count", 2000),
        ("standard3-core-count", 2000),
        ("standard-a1-core-count", 2000),
        ("standard-e2-micro-core-count", 2),
    ];
    let mut all: Vec<Limit> = Vec::new();
    for (name, value) in cores {
        let domains = emulator.domain_names().into_iter();
        all.extend(domains.map(|domain| limit("compute", name, "AD", Some(domain), value)));
    }
    all.extend([
        limit("faas", "application-count", "REGION", None, 20),
        limit("faas", "function-count", "REGION", None, 500),
        limit("vcn", "vcn-count", "REGION", None, 50),
        limit("load-balancer", "lb-10mbps-micro-count", "REGION", None, 1),
    ]);
    all
}

/// Every limit, with seeded values in place of built-in ones.
fn all(emulator: &Emulator, reader: &impl Read) -> Result<Vec<Limit>, Error> {
    let seeded: Vec<Limit> = documents::all(reader, KIND, |_| true)?;
    let covers = |seed: &Limit, limit: &Limit| {
        let domain = seed.availability_domain.is_none() || seed.availability_domain == limit.availability_domain;
        seed.service == limit.service && seed.name == limit.name && domain
    };
    let mut found = built_in(emulator);
    for limit in &mut found {
        if let Some(seed) = seeded.iter().find(|seed| covers(seed, limit)) {
            (limit.value, limit.used) = (seed.value, seed.used);
        }
    }
    let new: Vec<Limit> = seeded.into_iter().filter(|seed| !found.iter().any(|limit| covers(seed, limit))).collect();
    found.extend(new);
    Ok(found)
}

/// Refuses what would take the number in use over the limit; unknown limits are none.
pub(crate) fn check(
    emulator: &Emulator,
    reader: &impl Read,
    service: &str,
    name: &str,
    domain: &str,
    used: f64,
) -> Result<(), Error> {
    let fits = |limit: &&Limit| {
        let here = limit.availability_domain.as_deref().is_none_or(|have| have == domain);
        limit.service == service && limit.name == name && here
    };
    match all(emulator, reader)?.iter().find(fits) {
        Some(limit) if used > limit.value as f64 => {
            let message =
                format!("The following service limits were exceeded: {name}. Request a service limit increase.");
            Err(Error::new(400, "LimitExceeded", message))
        }
        _ => Ok(()),
    }
}

fn values(emulator: &Emulator, call: &Call) -> Reply {
    emulator.compartment_of(call)?;
    let service = call.required_query("serviceName")?;
    let wanted = |name: &str, value: &str| call.query(name).is_none_or(|wanted| wanted == value);
    let mut found = all(emulator, &emulator.store.read()?)?;
    found.retain(|limit| {
        let domain = limit.availability_domain.as_deref().unwrap_or_default();
        limit.service == service
            && wanted("name", &limit.name)
            && wanted("scopeType", &limit.scope_type)
            && wanted("availabilityDomain", domain)
    });
    page::of_list(found, call, PAGE)?.reply(|limit| {
        let domain = &limit.availability_domain;
        json!({ "name": limit.name, "scopeType": limit.scope_type, "availabilityDomain": domain, "value": limit.value })
    })
}

fn services(emulator: &Emulator, call: &Call) -> Reply {
    emulator.compartment_of(call)?;
    let mut names: Vec<String> = all(emulator, &emulator.store.read()?)?.into_iter().map(|one| one.service).collect();
    names.sort();
    names.dedup();
    page::of_list(names, call, PAGE)?.reply(|name| json!({ "name": name, "description": name }))
}

/// What limits there are, each once, whatever its domains.
fn definitions(emulator: &Emulator, call: &Call) -> Reply {
    emulator.compartment_of(call)?;
    let wanted = |name: &str, value: &str| call.query(name).is_none_or(|wanted| wanted == value);
    let mut found = all(emulator, &emulator.store.read()?)?;
    found.retain(|limit| wanted("serviceName", &limit.service) && wanted("name", &limit.name));
    found.sort_by(|a, b| (&a.service, &a.name).cmp(&(&b.service, &b.name)));
    found.dedup_by(|a, b| (&a.service, &a.name) == (&b.service, &b.name));
    page::of_list(found, call, PAGE)?.reply(|limit| {
        json!({
            "name": limit.name,
            "serviceName": limit.service,
            "description": limit.name,
            "scopeType": limit.scope_type,
            "areQuotasSupported": false,
            "isResourceAvailabilitySupported": limit.used.is_some() || limit.service == "compute",
            "isDeprecated": false,
            "isEligibleForLimitIncrease": false,
            "isDynamic": false,
        })
    })
}

fn availability(emulator: &Emulator, call: &Call) -> Reply {
    emulator.compartment_of(call)?;
    let (service, name) = (call.param("service"), call.param("limit"));
    let reader = emulator.store.read()?;
    let mut found = all(emulator, &reader)?;
    found.retain(|limit| limit.service == service && limit.name == name);
    let domain = call.query("availabilityDomain");
    let needs_domain = found.iter().any(|limit| limit.scope_type == "AD");
    if needs_domain && domain.is_none() {
        return Err(Error::missing("availabilityDomain"));
    }
    found.retain(|limit| limit.availability_domain.is_none() || limit.availability_domain.as_deref() == domain);
    let limit = found.first().ok_or_else(Error::not_found)?;
    let counted = match (limit.used, domain) {
        (Some(used), _) => Some(used as f64),
        (None, Some(domain)) if service == "compute" => {
            Some(compute::cores_used(&reader, name, domain, call.now.as_millisecond())?)
        }
        // What is not counted is not zero.
        _ => None,
    };
    let left = counted.map(|counted| (limit.value as f64 - counted).max(0.0));
    reply::json(&json!({
        "used": counted.map(|counted| counted.ceil() as i64),
        "available": left.map(|left| left.floor() as i64),
        "fractionalUsage": counted,
        "fractionalAvailability": left,
        "effectiveQuotaValue": Value::Null,
    }))
}

/// Sets a limit by the admin route.
pub(crate) fn seed(emulator: &Emulator, body: &[u8]) -> Reply {
    let limit: Limit = parse_json(body)?;
    let id = format!("{}/{}/{}", limit.service, limit.name, limit.availability_domain.as_deref().unwrap_or_default());
    emulator.store.write(|writer| Ok(documents::put(writer, KIND, &id, &limit)?))?;
    reply::json(&limit)
}

//! The instance metadata service, version 2. Clients find it through `OCI_METADATA_BASE_URL`.

use axum::body::Body;
use http::Response;
use serde_json::{Value, json};

use crate::Emulator;
use crate::call::Call;
use crate::error::Error;
use crate::identity_certificate::Identity;
use crate::regions;
use crate::reply::{self, Reply, ReplyExt};
use crate::route::{Route, Service, Sign};

/// The service.
pub(crate) const SERVICE: Service = Service {
    name: "imds",
    hosts: &[],
    bases: &["/opc/v2"],
    routes: &[
        Route::get("GetCertificate", "/identity/cert.pem", |emulator, call| pem(emulator, call, |id| id.certificate))
            .sign(Sign::Never),
        Route::get("GetPrivateKey", "/identity/key.pem", |emulator, call| pem(emulator, call, |id| id.private_key))
            .sign(Sign::Never),
        Route::get("GetIntermediate", "/identity/intermediate.pem", |emulator, call| {
            pem(emulator, call, |id| id.intermediate)
        })
        .sign(Sign::Never),
        Route::get("GetInstanceMetadata", "/instance", instance).sign(Sign::Never),
        Route::get("GetInstanceMember", "/instance/{*path}", member).sign(Sign::Never),
    ],
};

/// The header keeps requests out that only look as if the instance had made them.
fn check(call: &Call) -> Result<(), Error> {
    let forwarded = ["forwarded", "x-forwarded-for", "x-forwarded-host"];
    if forwarded.iter().any(|name| call.headers.contains_key(*name)) {
        return Err(Error::new(403, "NotAllowed", "Forwarded requests are refused."));
    }
    let allowed = call.header("authorization").is_some_and(|value| value.eq_ignore_ascii_case("Bearer Oracle"));
    allowed.then_some(()).ok_or_else(|| Error::not_authenticated("The header Authorization: Bearer Oracle is missing."))
}

fn plain(text: String) -> Reply {
    Ok(Response::new(Body::from(text))).header("content-type", "text/plain")
}

fn pem(emulator: &Emulator, call: &Call, member: fn(Identity) -> String) -> Reply {
    check(call)?;
    plain(member(emulator.identity()?))
}

fn document(emulator: &Emulator) -> Value {
    let region = regions::by_name(emulator.region());
    let key = region.map_or(emulator.region(), |region| region.key);
    json!({
        "id": emulator.metadata_instance(),
        "displayName": "emulated-instance",
        "hostname": "emulated-instance",
        "compartmentId": emulator.default_compartment(),
        "tenantId": emulator.tenancy(),
        "region": key,
        "canonicalRegionName": emulator.region(),
        "regionInfo": {
            "realmKey": "oc1",
            "realmDomainComponent": "oraclecloud.com",
            "regionKey": key.to_ascii_uppercase(),
            "regionIdentifier": emulator.region(),
        },
        "availabilityDomain": emulator.domain_names().first(),
        "faultDomain": "FAULT-DOMAIN-1",
        "shape": "VM.Standard.E5.Flex",
        "shapeConfig": { "ocpus": 1.0, "memoryInGBs": 12.0 },
        "state": "Running",
    })
}

fn instance(emulator: &Emulator, call: &Call) -> Reply {
    check(call)?;
    reply::json(&document(emulator))
}

fn member(emulator: &Emulator, call: &Call) -> Reply {
    check(call)?;
    let path = format!("/{}", call.param("path").trim_matches('/'));
    match document(emulator).pointer(&path) {
        Some(Value::String(text)) => plain(text.clone()),
        Some(value) => reply::json(value),
        None => Err(Error::new(404, "NotFound", "There is no such metadata.")),
    }
}

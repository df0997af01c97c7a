//! Group `endpoint`: regions, their realms, and the base URLs of services.

use std::collections::HashMap;
use std::path::Path;
use std::time::SystemTime;

use causeway_oci_auth::endpoint::{Endpoints, Service};
use serde_json::Value;

use super::case::{Case, Check, same, variables};
use super::stub::{HOME, World};

/// The Python SDK's version of the Functions API; ours is another one by default.
const FUNCTIONS: (&str, &str) = ("CAUSEWAY_OCI_FUNCTIONS_API_VERSION", "20260325");

pub(crate) fn check(case: &Case<'_>) -> Check {
    let world = World::offline(SystemTime::UNIX_EPOCH);
    for (name, content) in case.members("home_files") {
        let content = content.as_str().map_or_else(|| content.to_string(), str::to_owned);
        world.write(Path::new(HOME).join(name), content);
    }
    let mut environment: HashMap<_, _> = variables(case);
    environment.insert(FUNCTIONS.0.to_owned(), FUNCTIONS.1.to_owned());
    let endpoints = Endpoints::new(world.effects(environment)).map_err(|error| error.to_string())?;
    let expect = case.at("expect")?;
    case.texts("regions").into_iter().try_for_each(|region| one(&endpoints, region, &expect.at(region)?))
}

fn one(endpoints: &Endpoints, text: &str, expect: &Case<'_>) -> Check {
    let region = endpoints.regions().resolve(text).map_err(|error| format!("{text}: {error}"))?;
    same("name", &Some(region.id.as_str()), &expect.maybe_text("canonical"))?;
    same("known", &Some(region.known), &expect.flag("is_known"))?;
    // The realm of an unknown region is an assumption of the SDK; here it is none.
    let realm = if region.known { expect.maybe_text("realm") } else { None };
    same("realm", &region.realm_key.as_deref(), &realm)?;
    for (name, url) in expect.members("endpoints") {
        let service = service(name).ok_or_else(|| format!("no service {name:?}"))?;
        let found = endpoints.template(service, text).map_err(|error| error.to_string())?;
        same(&format!("{name} in {text}"), &Some(found.as_str()), &Value::as_str(url))?;
    }
    Ok(())
}

/// Services by the SDK's names.
fn service(name: &str) -> Option<Service> {
    Some(match name {
        "objectstorage" | "object_storage" => Service::ObjectStorage,
        "iaas" | "core" | "compute" => Service::Core,
        "telemetry" | "monitoring" => Service::Monitoring,
        "telemetry-ingestion" => Service::MonitoringIngestion,
        "generativeai-inference" => Service::GenerativeAi,
        "notification" => Service::Notifications,
        "functions" => Service::Functions,
        "usageapi" | "usage" => Service::Usage,
        "secrets" => Service::Secrets,
        "vaults" => Service::Vaults,
        "identity" => Service::Identity,
        "auth" => Service::Auth,
        "identity-dataplane" => Service::IdentityDataplane,
        "logging-ingestion" => Service::LoggingIngestion,
        "logging" => Service::Logging,
        "streaming" => Service::Streaming,
        "queue" => Service::Queue,
        "dns" => Service::Dns,
        "autoscaling" => Service::Autoscaling,
        "events" => Service::Events,
        _ => return None,
    })
}

//! LaunchInstance, and instances that are put there by the admin route.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::instance::{Instance, begin_work, save};
use super::shapes::by_name;
use crate::Emulator;
use crate::call::{Call, parse_json};
use crate::clock::rfc3339;
use crate::error::Error;
use crate::reply::{self, Reply, ReplyExt};
use crate::services::limits;
use crate::store::Writer;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    /// Only the admin route takes one.
    id: Option<String>,
    compartment_id: Option<String>,
    availability_domain: Option<String>,
    fault_domain: Option<String>,
    display_name: Option<String>,
    shape: String,
    #[serde(default)]
    shape_config: Map<String, Value>,
    image_id: Option<String>,
    dedicated_vm_host_id: Option<String>,
    preemptible_instance_config: Option<Value>,
    #[serde(default)]
    source_details: Value,
    #[serde(default)]
    metadata: Map<String, Value>,
    #[serde(default)]
    freeform_tags: Map<String, Value>,
    #[serde(default)]
    defined_tags: Map<String, Value>,
}

/// LaunchInstance: it runs after two steps.
pub(super) fn launch(emulator: &Emulator, call: &Call) -> Reply {
    let mut details: Details = call.json()?;
    details.id = None;
    let compartment = details.compartment_id.clone().ok_or_else(|| Error::missing("compartmentId"))?;
    emulator.check_compartment(&call.principal, &compartment)?;
    let domain = details.availability_domain.as_ref().ok_or_else(|| Error::missing("availabilityDomain"))?;
    if !emulator.domain_names().contains(domain) {
        return Err(Error::invalid(format!("There is no availability domain {domain}.")));
    }
    let (instance, work) = emulator.store.write(|writer| {
        let mut instance = build(emulator, writer, details, compartment)?;
        let step = emulator.options.step_ms;
        instance.pass_through(&["PROVISIONING", "STARTING", "RUNNING"], call.now.as_millisecond(), step);
        let work = begin_work(emulator, writer, &mut instance, "LaunchInstance", call)?;
        save(emulator, writer, &mut instance)?;
        Ok((instance, work))
    })?;
    instance.reply().header("opc-work-request-id", &work)
}

/// Puts a running instance there, with an id of the caller's choice.
pub(crate) fn seed(emulator: &Emulator, body: &[u8]) -> Reply {
    let details: Details = parse_json(body)?;
    let compartment = details.compartment_id.clone().unwrap_or_else(|| emulator.default_compartment());
    let instance = emulator.store.write(|writer| {
        let mut instance = build(emulator, writer, details, compartment)?;
        save(emulator, writer, &mut instance)?;
        Ok(instance)
    })?;
    reply::json(&instance.show())
}

fn build(emulator: &Emulator, writer: &Writer, details: Details, compartment: String) -> Result<Instance, Error> {
    let shape = by_name(&details.shape)?;
    let config = shape.config(&details.shape_config)?;
    let domain = details.availability_domain.unwrap_or_else(|| emulator.domain_names().swap_remove(0));
    let now = emulator.clock.now();
    let used = super::cores_used(writer, shape.limit, &domain, now.as_millisecond())?;
    let wanted = config["ocpus"].as_f64().unwrap_or(0.0);
    limits::check(emulator, writer, "compute", shape.limit, &domain, used + wanted)?;
    let id = details.id.unwrap_or_else(|| emulator.ids.ocid("instance"));
    let image = details.image_id.unwrap_or_else(|| emulator.ids.named_ocid("image", "linux"));
    let region = crate::regions::by_name(emulator.region()).map_or(emulator.region(), |region| region.key);
    let name = details.display_name.unwrap_or_else(|| format!("instance-{}", now.strftime("%Y%m%d-%H%M")));
    let mut members = json!({
        "availabilityDomain": domain,
        "faultDomain": details.fault_domain.unwrap_or_else(|| "FAULT-DOMAIN-1".to_owned()),
        "displayName": name,
        "shape": shape.name,
        "shapeConfig": config,
        "imageId": image,
        "sourceDetails": if details.source_details.is_null() { json!({ "sourceType": "image", "imageId": image }) } else { details.source_details },
        "region": region,
        "timeCreated": rfc3339(now),
        "launchMode": "PARAVIRTUALIZED",
        "metadata": details.metadata,
        "extendedMetadata": {},
        "freeformTags": details.freeform_tags,
        "definedTags": details.defined_tags,
    });
    if let Some(host) = details.dedicated_vm_host_id {
        members["dedicatedVmHostId"] = host.into();
    }
    if let Some(preemptible) = details.preemptible_instance_config {
        members["preemptibleInstanceConfig"] = preemptible;
    }
    Ok(Instance {
        id,
        compartment,
        etag: String::new(),
        state: "RUNNING".to_owned(),
        members: members.as_object().cloned().unwrap_or_default(),
        steps: Vec::new(),
        work_request: None,
    })
}

//! UpdateInstance: names, tags, and the size, which restarts a running instance.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::instance::{Instance, begin_work, find, save};
use super::shapes::{by_name, cores_used};
use crate::Emulator;
use crate::call::Call;
use crate::error::Error;
use crate::reply::{Reply, ReplyExt};
use crate::services::limits;
use crate::store::Writer;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    display_name: Option<String>,
    shape: Option<String>,
    shape_config: Option<Map<String, Value>>,
    update_operation_constraint: Option<String>,
    fault_domain: Option<String>,
    metadata: Option<Value>,
    extended_metadata: Option<Value>,
    freeform_tags: Option<Value>,
    defined_tags: Option<Value>,
    agent_config: Option<Value>,
}

/// UpdateInstance.
pub(super) fn update(emulator: &Emulator, call: &Call) -> Reply {
    let details: Details = call.json()?;
    let (instance, work) = emulator.store.write(|writer| {
        let mut instance = find(emulator, writer, call)?;
        call.check_if_match(&instance.etag)?;
        if instance.is_gone() || instance.state == "TERMINATING" {
            return Err(Error::incorrect_state("The instance is terminated."));
        }
        if let Some(size) = wanted_size(&instance, &details)? {
            resize(emulator, writer, call, &mut instance, size, details.update_operation_constraint.as_deref())?;
        }
        let others = [
            ("displayName", details.display_name.map(Value::from)),
            ("faultDomain", details.fault_domain.map(Value::from)),
            ("metadata", details.metadata),
            ("extendedMetadata", details.extended_metadata),
            ("freeformTags", details.freeform_tags),
            ("definedTags", details.defined_tags),
            ("agentConfig", details.agent_config),
        ];
        let given = others.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        instance.members.extend(given);
        let work = begin_work(emulator, writer, &mut instance, "UpdateInstance", call)?;
        save(emulator, writer, &mut instance)?;
        Ok((instance, work))
    })?;
    instance.reply().header("opc-work-request-id", &work)
}

/// The members that a resize sets; `None` when size and shape stay.
fn wanted_size(instance: &Instance, details: &Details) -> Result<Option<Map<String, Value>>, Error> {
    if details.shape.is_none() && details.shape_config.is_none() {
        return Ok(None);
    }
    let present = by_name(instance.shape())?;
    let shape = by_name(details.shape.as_deref().unwrap_or(instance.shape()))?;
    if !present.flexible {
        return Err(Error::invalid(format!("An instance of shape {} cannot be resized.", present.name)));
    }
    let config = shape.config(&details.shape_config.clone().unwrap_or_default())?;
    let same = instance.members.get("shapeConfig").and_then(Value::as_object) == Some(&config);
    let size = json!({ "shape": shape.name, "shapeConfig": config });
    Ok(size.as_object().cloned().filter(|_| !same || shape.name != present.name))
}

fn resize(
    emulator: &Emulator,
    writer: &Writer,
    call: &Call,
    instance: &mut Instance,
    size: Map<String, Value>,
    constraint: Option<&str>,
) -> Result<(), Error> {
    check_limit(emulator, writer, call, instance, &size)?;
    let may_stop = match constraint {
        None | Some("ALLOW_DOWNTIME") => true,
        Some("AVOID_DOWNTIME") => false,
        Some(other) => return Err(Error::invalid(format!("updateOperationConstraint cannot be {other}."))),
    };
    match instance.state.as_str() {
        "STOPPED" => {
            instance.members.extend(size);
            Ok(())
        }
        "RUNNING" if !may_stop && emulator.options.resize_without_reboot => {
            instance.members.extend(size);
            Ok(())
        }
        "RUNNING" if may_stop => {
            let (now, step) = (call.now.as_millisecond(), emulator.options.step_ms);
            instance.pass_through(&["STOPPING", "STARTING", "RUNNING"], now, step);
            // The new size is there once the instance starts again.
            if let Some(starting) = instance.steps.iter_mut().find(|step| step.state == "STARTING") {
                starting.members = size;
            } else {
                instance.members.extend(size);
            }
            Ok(())
        }
        "RUNNING" => Err(Error::incorrect_state("The update needs a reboot, which AVOID_DOWNTIME does not allow.")),
        state => Err(Error::incorrect_state(format!("An instance that is {state} cannot be resized."))),
    }
}

/// Growth must fit into the limit of the availability domain.
fn check_limit(
    emulator: &Emulator,
    writer: &Writer,
    call: &Call,
    instance: &Instance,
    size: &Map<String, Value>,
) -> Result<(), Error> {
    let shape = by_name(size.get("shape").and_then(Value::as_str).unwrap_or_default())?;
    let wanted = size.get("shapeConfig").and_then(|config| config["ocpus"].as_f64()).unwrap_or(0.0);
    let domain = instance.members.get("availabilityDomain").and_then(Value::as_str).unwrap_or_default();
    let used = cores_used(writer, shape.limit, domain, call.now.as_millisecond())?;
    let own = if by_name(instance.shape())?.limit == shape.limit { instance.ocpus() } else { 0.0 };
    limits::check(emulator, writer, "compute", shape.limit, domain, used - own + wanted)
}

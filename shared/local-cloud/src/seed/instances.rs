//! Instances: their form, and the state that a seed wants them in.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::format::{Instance, State};
use super::load::Load;
use super::objects::escaped;
use super::report::Outcome;
use crate::oci::target::{OCI, SendError};

const INSTANCES: &str = "/_causeway/oci/20160918/instances";
/// How often the state is looked at, and for how long: steps take fractions of a second unless the server's
/// clock stands still.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS: usize = 200;

/// Puts an instance there. One that has been changed since is put back.
pub(super) async fn load(load: &mut Load<'_>, seed: &Instance) -> Result<Outcome, SendError> {
    let present = find(load, seed).await?;
    let outcome = match &present {
        Some(present) if is_as_wanted(seed, present) => Outcome::Unchanged,
        Some(_) => Outcome::Changed,
        None => Outcome::New,
    };
    let mut shown = present.unwrap_or(Value::Null);
    if outcome != Outcome::Unchanged {
        let body = body(load, seed, shown["id"].as_str());
        shown = load.target.ask(Method::POST, "/_causeway/compute/instances", Some(&body)).await?.accepted()?.json();
        shown = bring_into(load, seed.lifecycle_state, shown).await?;
    }
    load.instances.insert(seed.display_name.clone(), shown);
    Ok(outcome)
}

/// The instance of this id or, without one, of this name.
async fn find(load: &Load<'_>, seed: &Instance) -> Result<Option<Value>, SendError> {
    match &seed.id {
        Some(id) => load.target.get(&format!("{INSTANCES}/{}", escaped(id))).await,
        None => by_name(load, &seed.display_name, seed.compartment_id.as_ref(), Some(seed.lifecycle_state)).await,
    }
}

/// The newest one of this name; one that is gone counts only where it shall be gone.
pub(super) async fn by_name(
    load: &Load<'_>,
    name: &str,
    compartment: Option<&String>,
    wanted: Option<State>,
) -> Result<Option<Value>, SendError> {
    let compartment = load.compartment_or(compartment);
    let path = format!("{INSTANCES}?compartmentId={}&displayName={}", escaped(&compartment), escaped(name));
    let found = load.target.ask(Method::GET, &path, None).await?.accepted()?.json();
    let is_there = |one: &&Value| one["lifecycleState"] != "TERMINATED" || wanted == Some(State::Terminated);
    Ok(found.as_array().and_then(|found| found.iter().find(is_there)).cloned())
}

fn is_as_wanted(seed: &Instance, present: &Value) -> bool {
    let config = seed.shape_config.as_ref();
    let number = |wanted: Option<f64>, name: &str| {
        wanted.is_none_or(|wanted| present["shapeConfig"][name].as_f64() == Some(wanted))
    };
    let text = |wanted: Option<&String>, name: &str| wanted.is_none_or(|wanted| present[name] == *wanted);
    present["displayName"] == seed.display_name
        && present["shape"] == seed.shape
        && present["lifecycleState"] == seed.lifecycle_state.name()
        && number(config.and_then(|config| config.ocpus), "ocpus")
        && number(config.and_then(|config| config.memory_in_gbs), "memoryInGBs")
        && text(seed.availability_domain.as_ref(), "availabilityDomain")
        && text(seed.fault_domain.as_ref(), "faultDomain")
        && text(seed.image_id.as_ref(), "imageId")
        && present["metadata"] == json!(seed.metadata)
        && present["freeformTags"] == json!(seed.freeform_tags)
        && present["definedTags"] == json!(seed.defined_tags)
}

fn body(load: &Load<'_>, seed: &Instance, id: Option<&str>) -> Value {
    let config = seed.shape_config.as_ref().map(|config| {
        let members = [
            ("ocpus", json!(config.ocpus)),
            ("memoryInGBs", json!(config.memory_in_gbs)),
            ("baselineOcpuUtilization", json!(config.baseline_ocpu_utilization)),
        ];
        let members = members.into_iter().filter(|(_, value)| !value.is_null());
        members.map(|(name, value)| (name.to_owned(), value)).collect::<serde_json::Map<_, _>>()
    });
    json!({
        "id": id.or(seed.id.as_deref()),
        "displayName": seed.display_name,
        "compartmentId": load.compartment_or(seed.compartment_id.as_ref()),
        "shape": seed.shape,
        "shapeConfig": config.unwrap_or_default(),
        "availabilityDomain": seed.availability_domain,
        "faultDomain": seed.fault_domain,
        "imageId": seed.image_id,
        "metadata": seed.metadata,
        "freeformTags": seed.freeform_tags,
        "definedTags": seed.defined_tags,
    })
}

/// A new instance runs; others states are reached as in OCI.
async fn bring_into(load: &Load<'_>, wanted: State, shown: Value) -> Result<Value, SendError> {
    let path = format!("{OCI}/20160918/instances/{}", escaped(shown["id"].as_str().unwrap_or_default()));
    match wanted {
        State::Running => return Ok(shown),
        State::Stopped => load.target.ask(Method::POST, &format!("{path}?action=STOP"), None).await?.accepted()?,
        State::Terminated => load.target.ask(Method::DELETE, &path, None).await?.accepted()?,
    };
    for _ in 0..LOOKS {
        let now = load.target.get(&path).await?.unwrap_or(Value::Null);
        if now["lifecycleState"] == wanted.name() {
            return Ok(now);
        }
        sleep(LOOK).await;
    }
    let wanted = wanted.name();
    Err(SendError::Broken(format!("the instance does not become {wanted}; does the server's clock stand still?")))
}

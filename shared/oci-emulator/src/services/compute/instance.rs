//! Instances: what is known of one, and the states it passes through.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::work;
use crate::Emulator;
use crate::call::Call;
use crate::documents;
use crate::error::Error;
use crate::reply::{self, Reply, ReplyExt};
use crate::store::{Read, StoreError, Writer};

pub(super) const KIND: &str = "instance";
const PAGE: (usize, usize) = (100, 1000);

/// A later change of state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Step {
    /// Milliseconds since 1970.
    pub(super) at_ms: i64,
    pub(super) state: String,
    /// Members that change with it, such as the shape.
    pub(super) members: Map<String, Value>,
}

/// An instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) compartment: String,
    pub(super) etag: String,
    pub(super) state: String,
    /// The other members of the API's shape.
    pub(super) members: Map<String, Value>,
    /// What is still to come, in order.
    pub(super) steps: Vec<Step>,
    /// Its unfinished work request.
    pub(super) work_request: Option<String>,
}

impl Instance {
    /// The instance as it is at this time.
    pub(super) fn at(mut self, now_ms: i64) -> Self {
        let due = self.steps.partition_point(|step| step.at_ms <= now_ms);
        for step in self.steps.drain(..due) {
            self.state = step.state;
            self.members.extend(step.members);
        }
        self
    }

    /// Plans the states that follow, one every `step_ms`; the first is there at once.
    pub(super) fn pass_through(&mut self, states: &[&str], now_ms: i64, step_ms: i64) {
        self.steps.clear();
        for (state, turn) in states.iter().zip(0..) {
            let step = Step { at_ms: now_ms + turn * step_ms, state: (*state).to_owned(), members: Map::new() };
            self.steps.push(step);
        }
        let started = std::mem::replace(self, Self::blank()).at(now_ms);
        *self = started;
    }

    fn blank() -> Self {
        Self {
            id: String::new(),
            compartment: String::new(),
            etag: String::new(),
            state: String::new(),
            members: Map::new(),
            steps: Vec::new(),
            work_request: None,
        }
    }

    pub(super) fn shape(&self) -> &str {
        self.members.get("shape").and_then(Value::as_str).unwrap_or_default()
    }

    /// OCPUs that it holds, running or not.
    pub(super) fn ocpus(&self) -> f64 {
        self.members.get("shapeConfig").and_then(|config| config["ocpus"].as_f64()).unwrap_or(0.0)
    }

    pub(super) fn is_gone(&self) -> bool {
        self.state == "TERMINATED"
    }

    pub(super) fn show(&self) -> Value {
        let mut shown = self.members.clone();
        shown.insert("id".to_owned(), self.id.clone().into());
        shown.insert("compartmentId".to_owned(), self.compartment.clone().into());
        shown.insert("lifecycleState".to_owned(), self.state.clone().into());
        shown.into()
    }

    pub(super) fn reply(&self) -> Reply {
        reply::json(&self.show()).header("etag", &self.etag)
    }
}

/// The instance of the path, as it is now, if the caller's tenancy has it.
pub(super) fn find(emulator: &Emulator, reader: &impl Read, call: &Call) -> Result<Instance, Error> {
    let instance: Instance = documents::get(reader, KIND, call.param("id"))?;
    emulator.check_compartment(&call.principal, &instance.compartment)?;
    Ok(instance.at(call.now.as_millisecond()))
}

/// Stores an instance under a new etag.
pub(super) fn save(emulator: &Emulator, writer: &Writer, instance: &mut Instance) -> Result<(), StoreError> {
    instance.etag = emulator.ids.etag();
    documents::put(writer, KIND, &instance.id, instance)
}

/// Starts a work request that ends with the last planned step.
pub(super) fn begin_work(
    emulator: &Emulator,
    writer: &Writer,
    instance: &mut Instance,
    operation: &str,
    call: &Call,
) -> Result<String, Error> {
    let now = call.now.as_millisecond();
    let end = instance.steps.last().map_or(now, |step| step.at_ms);
    let id = work::start(emulator, writer, operation, instance, now, end)?;
    instance.work_request = Some(id.clone());
    Ok(id)
}

/// GetInstance.
pub(super) fn get(emulator: &Emulator, call: &Call) -> Reply {
    find(emulator, &emulator.store.read()?, call)?.reply()
}

/// ListInstances.
pub(super) fn list(emulator: &Emulator, call: &Call) -> Reply {
    let compartment = emulator.compartment_of(call)?;
    let now = call.now.as_millisecond();
    let same = |name: &str, value: Option<&Value>| {
        call.query(name).is_none_or(|wanted| value.and_then(Value::as_str) == Some(wanted))
    };
    let keep = |instance: &Instance| {
        let state = json!(instance.clone().at(now).state);
        instance.compartment == compartment
            && same("availabilityDomain", instance.members.get("availabilityDomain"))
            && same("displayName", instance.members.get("displayName"))
            && same("lifecycleState", Some(&state))
    };
    let mut found: Vec<Value> = documents::all(&emulator.store.read()?, KIND, keep)?
        .into_iter()
        .map(|instance: Instance| instance.at(now).show())
        .collect();
    sort(&mut found, call)?;
    crate::page::of_list(found, call, PAGE)?.reply(Clone::clone)
}

/// By time, the newest first, or by name, unless the request says otherwise.
fn sort(found: &mut [Value], call: &Call) -> Result<(), Error> {
    let (member, descending) = match call.query("sortBy") {
        None | Some("TIMECREATED") => ("timeCreated", true),
        Some("DISPLAYNAME") => ("displayName", false),
        Some(other) => return Err(Error::invalid(format!("sortBy cannot be {other}."))),
    };
    let descending = match call.query("sortOrder") {
        None => descending,
        Some("ASC") => false,
        Some("DESC") => true,
        Some(other) => return Err(Error::invalid(format!("sortOrder cannot be {other}."))),
    };
    found.sort_by(|a, b| {
        let order = a[member].as_str().cmp(&b[member].as_str());
        if descending { order.reverse() } else { order }
    });
    Ok(())
}

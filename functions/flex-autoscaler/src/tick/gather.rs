//! Everything that a decision depends on, read from the services.

use std::collections::{BTreeMap, BTreeSet};

use causeway_cloud::fleet::{MachineState, Shape, Work};
use causeway_cloud::{Fleet, Metrics};
use causeway_runtime::Error;
use futures_util::future::try_join;
use jiff::Timestamp;

use super::machines::{Found, Reads};
use super::patience::Patience;
use super::readings::{Read, Readings, Span};
use crate::Config;
use crate::input::{Inputs, Instance, WorkRequest};
use crate::policy::Policy;
use crate::request::{Scope, Target};
use crate::state::StateRead;

/// Reads for one tick.
pub(crate) struct Gather<'a> {
    pub(crate) fleet: &'a dyn Fleet,
    pub(crate) metrics: &'a dyn Metrics,
    pub(crate) patience: &'a Patience<'a>,
    pub(crate) config: &'a Config,
    pub(crate) target: &'a Target,
}

/// What was read, beside the state.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) instances: Vec<Instance>,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) missing: Vec<String>,
    /// What is not known and why. It is not in the instances either, so that no rule takes it for zero.
    pub(crate) warnings: Vec<String>,
    /// Which minutes were asked for, by compartment.
    pub(crate) asked: BTreeMap<String, Span>,
}

impl Gather<'_> {
    pub(crate) fn reads(&self) -> Reads<'_> {
        Reads { fleet: self.fleet, patience: self.patience, concurrency: self.config.concurrency }
    }

    /// Machines, shapes and points.
    ///
    /// # Errors
    /// When the machines cannot be had. Measurements that cannot be had are a warning: floors of windows hold without
    /// them, and one metric can be enough to grow.
    pub(crate) async fn all(&self, policy: &Policy, now: Timestamp) -> Result<Gathered, Error> {
        let (found, shapes) = try_join(self.find(), self.shapes()).await?;
        let is_named = matches!(self.target, Target::Ids(_));
        let ended = found.ended.iter().filter(|_| is_named).map(|machine| machine.id.clone());
        let missing = found.missing.iter().cloned().chain(ended).chain(found.strangers.iter().cloned()).collect();
        let mut gathered = Gathered { shapes, missing, warnings: found.unknown.clone(), ..Gathered::default() };
        let span = |(compartment, machines)| (compartment, Span::first(machines, policy, now));
        gathered.asked = found.census.into_iter().map(span).collect();
        let Read { mut cpu, mut memory, failures: unmeasured } = self.readings().of(&gathered.asked).await;
        for (id, machine) in found.machines {
            let unmeasured = unmeasured.get(&machine.compartment).cloned();
            let mut instance = Instance { unmeasured, ..Instance::from(machine) };
            instance.cpu = cpu.remove(&id).unwrap_or_default();
            instance.memory = memory.remove(&id).unwrap_or_default();
            gathered.instances.push(instance);
        }
        let told = |(compartment, why): (_, &_)| format!("measurements of {compartment} are not known: {why}");
        gathered.warnings.extend(unmeasured.iter().map(told));
        gathered.instances.extend(found.missing.iter().map(|id| gone(id)));
        let ended = found.ended.into_iter().map(Instance::from);
        gathered.instances.extend(ended.map(|instance| Instance { gone: is_named, ..instance }));
        Ok(gathered)
    }

    async fn find(&self) -> Result<Found, Error> {
        Ok(self.reads().find(self.target, &self.config.scope).await?)
    }

    async fn shapes(&self) -> Result<Vec<Shape>, Error> {
        let compartment = match self.target {
            Target::Scope(Scope { compartment_id, .. }) => compartment_id.as_deref(),
            Target::Ids(_) => self.config.scope.compartment_id.as_deref(),
        };
        Ok(self.reads().shapes(compartment).await?)
    }

    fn readings(&self) -> Readings<'_> {
        Readings { metrics: self.metrics, patience: self.patience, config: self.config }
    }

    /// What was gathered, with the minutes that the state does not remember.
    pub(crate) async fn look_back(&self, gathered: &mut Gathered, state: &StateRead) {
        let failures = self.readings().rest(&gathered.asked, state, &mut gathered.instances).await;
        let told = |(compartment, why)| format!("earlier measurements of {compartment} are not known: {why}");
        gathered.warnings.extend(failures.into_iter().map(told));
    }

    /// How far the changes are that earlier ticks asked for.
    pub(crate) async fn works(&self, inputs: &Inputs) -> Works {
        let StateRead::Present(state) = &inputs.state else { return Works::default() };
        let known = |instance: &Instance| {
            let commanded = state.instances.get(&instance.id)?.commanded.as_ref()?;
            Some((instance.id.clone(), commanded.work.clone()?))
        };
        let of_machine: BTreeMap<String, String> = inputs.instances.iter().filter_map(known).collect();
        let ids: BTreeSet<String> = of_machine.values().cloned().collect();
        Works { states: self.reads().works(ids.into_iter().collect()).await, of_machine }
    }
}

/// Work that earlier ticks asked for.
#[derive(Debug, Default)]
pub(crate) struct Works {
    of_machine: BTreeMap<String, String>,
    states: BTreeMap<String, Work>,
}

impl Works {
    /// Tells the machines of it.
    pub(crate) fn put_into(&self, inputs: &mut Inputs) {
        for instance in &mut inputs.instances {
            let Some(id) = self.of_machine.get(&instance.id) else { continue };
            instance.work_requests.extend(self.states.get(id).map(|work| WorkRequest::new(id, work)));
        }
    }
}

/// A machine that was named and is not found, which does not say that it has ended.
fn gone(id: &str) -> Instance {
    Instance { gone: true, ..Instance::unknown(id, MachineState::Other("NOT_FOUND".to_owned()), "") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

    use causeway_cloud::fleet::Machine;
    use serde_json::json;

    use super::*;

    /// What a tick reads must reach the rules, or a machine that the cloud may take away counts as any other.
    #[test]
    fn what_a_machine_runs_on_reaches_the_rules() {
        for (on_dedicated_host, preemptible) in [(Some(true), Some(false)), (Some(false), Some(true)), (None, None)] {
            let machine: Machine = serde_json::from_value(json!({
                "id": "ocid1.instance.oc1.iad.a", "compartment": "c", "state": "RUNNING", "shape": "s",
                "availability_domain": "ad", "created": "2026-03-11T12:00:00Z", "tags": {}, "defined_tags": {},
                "on_dedicated_host": on_dedicated_host, "preemptible": preemptible,
            }))
            .unwrap();
            let instance = Instance::from(machine);
            assert_eq!((instance.on_dedicated_host, instance.preemptible), (on_dedicated_host, preemptible));
        }
    }
}

//! Everything that a decision depends on, read from the services.

use std::collections::{BTreeMap, BTreeSet};

use causeway_cloud::fleet::{MachineState, Shape, Work};
use causeway_cloud::{Fleet, Metrics};
use causeway_resilience::ServiceFailure;
use causeway_runtime::Error;
use futures_util::future::{join, try_join};
use jiff::Timestamp;

use super::at_once::at_once;
use super::machines::{Found, Reads};
use super::patience::Patience;
use super::points::{AT_ONCE, Asked, ByMachine, minute_of};
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
        let (cpu, memory) = join(
            self.points(&found, &self.config.cpu_metric, policy, now),
            self.points(&found, &self.config.memory_metric, policy, now),
        )
        .await;
        let mut unmeasured = BTreeMap::new();
        let (mut cpu, mut memory) = (cpu.known(&mut unmeasured), memory.known(&mut unmeasured));
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

    /// The points of one metric in every compartment that has machines.
    async fn points(&self, found: &Found, metric: &str, policy: &Policy, now: Timestamp) -> Points {
        let asked = found.census.iter().map(|(compartment, machines)| Asked {
            metrics: self.metrics,
            patience: self.patience,
            namespace: &self.config.agent_namespace,
            compartment: Some(compartment),
            minutes: minutes_of(policy),
            until: minute_of(now),
            machines,
        });
        let asked: Vec<Asked<'_>> = asked.collect();
        let mut points = Points::default();
        let answers = at_once(asked.iter().map(|asked| asked.points(metric)).collect(), AT_ONCE).await;
        for (asked, of_compartment) in asked.iter().zip(answers) {
            match of_compartment {
                Ok(some) => points.found.extend(some.into_iter().filter(|(id, _)| found.machines.contains_key(id))),
                Err(failure) => {
                    let compartment = asked.compartment.unwrap_or_default();
                    tracing::error!(%failure, compartment, metric, "measurements are not known");
                    points.failures.insert(compartment.to_owned(), failure);
                }
            }
        }
        points
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

/// The longest look back of the policy and of its overrides, at most the seven days that minutes are kept.
fn minutes_of(policy: &Policy) -> usize {
    const KEPT: u64 = 7 * 24 * 60 - 5;
    let own = u64::from(policy.down.window_minutes.max(policy.up.window_minutes));
    let of_override = |change: &crate::policy::Override| {
        let window = change.policy.get("down")?.get("window_minutes")?.as_u64();
        window.filter(|minutes| *minutes > own)
    };
    let longest = policy.overrides.iter().filter_map(of_override).fold(own, u64::max);
    usize::try_from(longest.min(KEPT)).unwrap_or(usize::MAX)
}

/// The points of one metric.
#[derive(Debug, Default)]
struct Points {
    found: ByMachine,
    /// Why points of a compartment are not known.
    failures: BTreeMap<String, ServiceFailure>,
}

impl Points {
    /// What is known, and by compartment why the rest is not.
    fn known(self, unmeasured: &mut BTreeMap<String, String>) -> ByMachine {
        for (compartment, failure) in self.failures {
            unmeasured.entry(compartment).or_insert_with(|| failure.to_string());
        }
        self.found
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
